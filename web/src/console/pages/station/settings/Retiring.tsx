// Taking the station out of the network for good, or back.
import { ask, tellDone, tellProblem } from "@kit/ui/feedback";
import { useStateColour } from "@kit/ui/states";
import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { post } from "../../../commands/give";
import { useStationPage } from "../context";
import { Section } from "../Section";

export function Retiring() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const colour = useStateColour();
  const { station } = useStationPage();
  const doing = useMutation({
    mutationFn: (deed: "retire" | "accept" | "refuse") => post(`/stations/${station.id}/${deed}`),
    onError: tellProblem,
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["station"] });
      tellDone(t("station.done"));
    },
  });
  const out = station.admission === "retired" || station.admission === "refused";
  return (
    <Section title={t("station.membership")}>
      <Text size="sm">{t(`station.admission_${station.admission ?? "pending"}`)}</Text>
      <Group gap="xs">
        {station.admission !== "accepted" && (
          <Button loading={doing.isPending} onClick={() => doing.mutate("accept")}>
            {t(out ? "station.take_back" : "station.accept")}
          </Button>
        )}
        {station.admission === "pending" && (
          <Button variant="default" loading={doing.isPending} onClick={() => doing.mutate("refuse")}>
            {t("station.refuse")}
          </Button>
        )}
        {station.admission === "accepted" && (
          <Button
            variant="default"
            c={colour("faulted")}
            loading={doing.isPending}
            onClick={() =>
              ask({
                title: t("station.retire_ask", { station: station.identity }),
                text: t("station.retire_text"),
                action: t("station.retire"),
                danger: true,
                onYes: () => doing.mutate("retire"),
              })
            }
          >
            {t("station.retire")}
          </Button>
        )}
      </Group>
    </Section>
  );
}
