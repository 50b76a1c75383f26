// Names and values, as a list that screen readers understand too.
import { Grid, Text } from "@mantine/core";
import type { ReactNode } from "react";

export function Facts({ facts }: { facts: [name: string, value: ReactNode][] }) {
  return (
    <Grid component="dl" gap="xs" m={0}>
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== "")
        .map(([name, value]) => (
          <Grid.Col key={name} span={{ base: 12, xs: 6, md: 4 }}>
            <Text component="dt" size="xs" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} style={{ overflowWrap: "anywhere" }}>
              {value}
            </Text>
          </Grid.Col>
        ))}
    </Grid>
  );
}
