// Every EVSE: its connectors, who charges there and how much, and what it waits for.
import { useFormats } from "@kit/formats";
import { Empty } from "@kit/ui/feedback";
import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useStationPage } from "../context";
import { insightQuery } from "../queries";
import { Section } from "../Section";
import { EvseCard } from "./EvseCard";
import { readableFacts } from "./facts";

export function Evses() {
  const { t } = useTranslation();
  const formats = useFormats();
  const { station, running, zone, go } = useStationPage();
  const insight = useQuery(insightQuery(station.id));
  const numbers = [
    ...new Set([
      ...station.evses.map(({ number }) => number),
      ...station.connectors.map(({ evse }) => evse).filter((evse) => evse > 0),
    ]),
  ].sort((a, b) => a - b);
  const sayings = new Map((insight.data?.evses ?? []).map(({ evse, doing }) => [evse, doing]));
  return (
    <Section title={t("station.evses")}>
      {numbers.length === 0 && <Empty title={t("station.no_evses")}>{t("station.no_evses_text")}</Empty>}
      <Stack gap="sm">
        {numbers.map((number) => {
          const doing = sayings.get(number);
          return (
            <EvseCard
              key={number}
              number={number}
              evse={station.evses.find((each) => each.number === number)}
              connectors={station.connectors.filter(({ evse }) => evse === number)}
              session={running.find(({ evse }) => evse === number)}
              saying={
                doing &&
                t(`insight.doing.${doing.code}`, {
                  ...readableFacts(doing.facts ?? {}, t, formats, zone),
                  defaultValue: "",
                })
              }
              onSettings={() => go("settings")}
            />
          );
        })}
      </Stack>
    </Section>
  );
}
