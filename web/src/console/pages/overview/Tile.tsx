// One number of the overview, with what it is to be measured against.
import { Anchor, Paper, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface Props {
  title: string;
  value: ReactNode;
  to?: string;
  search?: Record<string, string>;
  children?: ReactNode;
}

export function Tile({ title, value, to, search, children }: Props) {
  return (
    <Paper withBorder p={{ base: "sm", sm: "md" }} component="section" aria-label={title}>
      <Stack gap={4}>
        <Text size="sm" c="dimmed" component="h2" fw={500}>
          {to ? (
            <Anchor component={Link} to={to as "/"} search={(search ?? {}) as never} c="inherit" size="sm">
              {title}
            </Anchor>
          ) : (
            title
          )}
        </Text>
        <Text fz={{ base: 22, sm: 28 }} fw={700} lh={1.15} component="p" m={0}>
          <bdi>{value}</bdi>
        </Text>
        {children}
      </Stack>
    </Paper>
  );
}
