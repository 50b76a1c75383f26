// What happened, in order of time.
import { useFormats } from "@kit/formats";
import { Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Text, Timeline } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Section } from "../station/Section";
import { timelineQuery } from "./queries";
import { type Moment, told } from "./telling";

export function Story({ id, zone }: { id: string; zone?: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const story = useQuery(timelineQuery(id));
  const moments = (story.data?.items ?? []) as Moment[];
  return (
    <Section title={t("sessions.story")}>
      {story.error && <Problem error={story.error} retry={() => story.refetch()} />}
      {story.isPending && <Lines count={4} />}
      {story.data && (
        <Timeline bulletSize={12} lineWidth={2} active={moments.length}>
          {moments.map((moment, at) => {
            const { title, more } = told(moment, t, formats);
            return (
              <Timeline.Item
                // biome-ignore lint/suspicious/noArrayIndexKey: the story only grows, and moments can be alike
                key={at}
                mt={at === 0 ? 0 : "xs"}
                data-moment={moment.kind}
                title={
                  <Text size="sm" fw={600} lh={1.2}>
                    {title}
                  </Text>
                }
              >
                <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }} component="div">
                  <Time at={moment.at} mode="time" seconds zone={zone} />
                  {more && (
                    <>
                      {" · "}
                      {more}
                    </>
                  )}
                </Text>
              </Timeline.Item>
            );
          })}
        </Timeline>
      )}
    </Section>
  );
}
