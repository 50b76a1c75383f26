// What happened, in order of time.
import { useFormats } from "@kit/formats";
import { Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Text, Timeline } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { readableFacts } from "../station/now/facts";
import { Section } from "../station/Section";
import { timelineQuery } from "./queries";

export function Story({ id, zone }: { id: string; zone?: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const story = useQuery(timelineQuery(id));
  return (
    <Section title={t("sessions.story")}>
      {story.error && <Problem error={story.error} retry={() => story.refetch()} />}
      {story.isPending && <Lines count={4} />}
      {story.data && (
        <Timeline bulletSize={12} lineWidth={2} active={story.data.items.length}>
          {story.data.items.map((moment, at) => (
            <Timeline.Item
              // biome-ignore lint/suspicious/noArrayIndexKey: the story only grows, and moments can be alike
              key={at}
              title={
                <Text size="sm" fw={600}>
                  {t(`story.${moment.kind}`, {
                    ...readableFacts(moment.facts as Record<string, unknown>, formats, zone),
                    defaultValue: moment.text,
                  })}
                </Text>
              }
            >
              <Text size="xs" c="dimmed">
                <Time at={moment.at} mode="dateTime" seconds zone={zone} />
              </Text>
              {moment.text && (
                <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                  {moment.text}
                </Text>
              )}
            </Timeline.Item>
          ))}
        </Timeline>
      )}
    </Section>
  );
}
