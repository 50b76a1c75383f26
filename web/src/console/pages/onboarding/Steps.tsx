// Every step of a charger's way in: waited for, done, or failed with what to do.
import { Time } from "@kit/ui/Time";
import { Box, Group, Loader, Stack, Text, ThemeIcon, VisuallyHidden } from "@mantine/core";
import { IconCheck, IconCircleDashed, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { problemWords } from "./problems";
import type { Attempt, Step } from "./types";

export function Steps({ steps, attempts }: { steps: readonly Step[]; attempts: readonly Attempt[] }) {
  const { t } = useTranslation();
  const next = steps.findIndex((step) => step.state !== "done");
  return (
    <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: "none" }} aria-live="polite">
      {steps.map((step, at) => {
        const failed = step.state === "failed";
        const attempt = failed ? attempts.find((each) => each.problem === step.facts?.problem) : undefined;
        return (
          <Group
            component="li"
            key={step.code}
            align="flex-start"
            wrap="nowrap"
            gap="sm"
            data-step={step.code}
            data-state={step.state}
          >
            <Sign state={step.state} next={at === next} />
            <Box style={{ minWidth: 0 }}>
              <Text
                fw={step.state === "waiting" ? 400 : 600}
                c={step.state === "waiting" && at !== next ? "dimmed" : undefined}
              >
                {t(`onboarding.step.${step.code}`)}
                <VisuallyHidden> ({t(`onboarding.state_${step.state}`)})</VisuallyHidden>
              </Text>
              {step.state === "done" && step.at && (
                <Text size="xs" c="dimmed">
                  <Time at={step.at} mode="time" seconds />
                </Text>
              )}
              {at === next && step.state === "waiting" && (
                <Text size="sm" c="dimmed">
                  {t(`onboarding.hint.${step.code}`)}
                </Text>
              )}
              {attempt && <Text size="sm">{problemWords(t, attempt)}</Text>}
            </Box>
          </Group>
        );
      })}
    </Stack>
  );
}

function Sign({ state, next }: { state: Step["state"]; next: boolean }) {
  if (state === "done")
    return (
      <ThemeIcon size={24} radius="xl" color="green.9" aria-hidden>
        <IconCheck size={16} />
      </ThemeIcon>
    );
  if (state === "failed")
    return (
      <ThemeIcon size={24} radius="xl" color="red.8" aria-hidden>
        <IconX size={16} />
      </ThemeIcon>
    );
  return next ? (
    <Loader size={24} aria-hidden />
  ) : (
    <IconCircleDashed size={24} opacity={0.5} aria-hidden style={{ flexShrink: 0 }} />
  );
}
