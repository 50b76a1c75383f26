// A part of a page of settings: what it is about, then the thing itself.
import { Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

export function Section({ title, text, children }: { title: string; text?: ReactNode; children: ReactNode }) {
  return (
    <Paper withBorder p={{ base: "md", sm: "lg" }} component="section" aria-label={title}>
      <Stack>
        <div>
          <Title order={2} fz="h4">
            {title}
          </Title>
          {text && (
            <Text c="dimmed" size="sm" component="div">
              {text}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </Paper>
  );
}
