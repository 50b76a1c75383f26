// The day so far, beside the same weekday a week ago.
import { useFormats } from "@kit/formats";
import { Curve } from "@kit/ui/Curve";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "../station/Section";
import type { Glance } from "./glance";

// When the day began whose steps these are, in seconds since 1970.
export function dayStart(at: string, zone: string): number {
  const now = new Date(at);
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    })
      .formatToParts(now)
      .map((part) => [part.type, Number(part.value)]),
  );
  return Math.floor(now.getTime() / 1000) - (parts.hour! * 3600 + parts.minute! * 60 + parts.second!);
}

export function DayCurve({ glance, zone }: { glance: Glance; zone: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { step_s, today, before } = glance.curve;
  const start = dayStart(glance.at, zone);
  const times = useMemo(
    () => Array.from({ length: Math.max(before.length, today.length) }, (_, at) => start + at * step_s),
    [start, step_s, before.length, today.length],
  );
  const series = useMemo(
    () => [
      { name: t("overview.today"), values: times.map((_, at) => today[at] ?? null), filled: true },
      { name: t("overview.week_ago"), values: times.map((_, at) => before[at] ?? null), dashed: true },
    ],
    [t, times, today, before],
  );
  return (
    <Section title={t("overview.curve")}>
      <Curve
        label={t("overview.curve")}
        times={times}
        series={series}
        format={formats.power}
        height={260}
        zone={zone}
      />
    </Section>
  );
}
