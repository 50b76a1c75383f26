// A titled part of a tab.
import { Group, Paper, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";

export function Section({
  title,
  tools,
  children,
}: {
  title: string;
  tools?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Paper withBorder p={{ base: "sm", sm: "md" }} component="section" aria-label={title}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Title order={2} fz="h4">
            {title}
          </Title>
          {tools && <Group gap="xs">{tools}</Group>}
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}
