// The frame of a page: where one is, what it is, what can be done here.
import { Anchor, Box, Breadcrumbs, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";

export interface Crumb {
  title: string;
  to: string;
}

interface Props {
  title: string;
  subtitle?: ReactNode;
  crumbs?: Crumb[];
  badge?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, subtitle, crumbs, badge, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Currant`;
  }, [title]);
  return (
    <Stack gap="md">
      <Box>
        {crumbs && (
          <Breadcrumbs mb={4} fz="sm">
            {crumbs.map((crumb) => (
              <Anchor key={crumb.to} component={Link} to={crumb.to} size="sm">
                {crumb.title}
              </Anchor>
            ))}
          </Breadcrumbs>
        )}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Group gap="sm" align="center">
            <Title order={1} fz={{ base: "h3", sm: "h2" }}>
              {title}
            </Title>
            {badge}
          </Group>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
        {subtitle && (
          <Text c="dimmed" component="div">
            {subtitle}
          </Text>
        )}
      </Box>
      {children}
    </Stack>
  );
}
