// What came to the door and was turned away, latest first, each with what to do.
import { Time } from "@kit/ui/Time";
import { Accordion, Code, Group, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { problemWords } from "./problems";
import type { Attempt } from "./types";

export function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="attempts">
      <Title order={2} fz="h4" mb="xs" id="attempts">
        {t("onboarding.attempts")}
      </Title>
      <Accordion variant="separated" order={3}>
        {attempts.map((attempt) => (
          <Accordion.Item key={`${attempt.at}${attempt.problem}`} value={`${attempt.at}${attempt.problem}`}>
            <Accordion.Control>
              <Group gap="sm">
                <Text size="sm" c="dimmed">
                  <Time at={attempt.at} mode="time" seconds />
                </Text>
                <Text size="sm" fw={600}>
                  {t(`onboarding.trouble.${attempt.problem}`, { defaultValue: attempt.problem })}
                </Text>
                {Number(attempt.facts?.times ?? 1) > 1 && (
                  <Text size="sm" c="dimmed">
                    {t("onboarding.times", { count: Number(attempt.facts?.times) })}
                  </Text>
                )}
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Text size="sm" mb="xs">
                {problemWords(t, attempt)}
              </Text>
              <Group gap="xs">
                <Text size="xs" c="dimmed">
                  {t("onboarding.from")}
                </Text>
                <Code dir="ltr">{attempt.remote_address}</Code>
                {attempt.path && <Code dir="ltr">{attempt.path}</Code>}
              </Group>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </section>
  );
}
