// What the station gave to vehicles since midnight of the site.
import { useFormats } from "@kit/formats";
import { Curve } from "@kit/ui/Curve";
import { Lines, Problem } from "@kit/ui/feedback";
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useStationPage } from "../context";
import { curveQuery } from "../queries";
import { Section } from "../Section";
import { midnight } from "./midnight";

export function PowerToday() {
  const { t } = useTranslation();
  const formats = useFormats();
  const { station, zone } = useStationPage();
  const since = useMemo(() => midnight(new Date(), zone).toISOString(), [zone]);
  const curve = useQuery({ ...curveQuery(station.id, since), refetchInterval: 60_000 });
  const drawn = useMemo(() => {
    const found = curve.data;
    if (!found?.power_w.some((watts) => watts !== null && watts > 0)) return null;
    const from = new Date(found.from).getTime() / 1000;
    return {
      times: found.power_w.map((_, at) => from + at * found.step_s),
      series: [
        {
          name: t("station.power"), // Where nothing is known nobody charged.
          values: found.power_w.map((watts) => watts ?? 0),
          filled: true,
        },
      ],
    };
  }, [curve.data, t]);
  return (
    <Section title={t("station.power_today")}>
      {curve.error && <Problem error={curve.error} retry={() => curve.refetch()} />}
      {!curve.data && !curve.error && <Lines count={3} height={60} />}
      {curve.data && (
        <Text size="sm" c="dimmed">
          {drawn || curve.data.energy_wh > 0
            ? t("station.given_today", { energy: formats.energy(curve.data.energy_wh) })
            : t("station.nothing_given")}
        </Text>
      )}
      {drawn && (
        <Curve
          label={t("station.power_today")}
          times={drawn.times}
          series={drawn.series}
          format={formats.power}
          zone={zone}
          height={200}
        />
      )}
    </Section>
  );
}
