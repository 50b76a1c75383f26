// Power over time with the battery's state of charge beside it; energy on demand.
import { useFormats } from "@kit/formats";
import { Curve } from "@kit/ui/Curve";
import { Lines, Problem } from "@kit/ui/feedback";
import { SegmentedControl, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useAddress } from "../station/address";
import { Section } from "../station/Section";
import { sessionCurveQuery } from "./queries";

export function EnergyCurve({ id, zone }: { id: string; zone?: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const address = useAddress();
  const shown = address.get("curve") === "energy" ? "energy" : "power";
  const curve = useQuery(sessionCurveQuery(id));
  const percent = useCallback((value: number) => formats.percent(value / 100), [formats]);
  const drawn = useMemo(() => {
    const points = curve.data?.points ?? [];
    if (points.length < 2) return null;
    const soc = points.map((point) => point.soc ?? null);
    const hasSoc = soc.some((value) => value !== null);
    return {
      times: points.map(({ at }) => Date.parse(at) / 1000),
      hasSoc,
      series: [
        shown === "power"
          ? { name: t("sessions.power"), values: points.map((point) => point.power_w ?? null), filled: true }
          : { name: t("sessions.energy"), values: points.map((point) => point.energy_wh), filled: true },
        ...(hasSoc ? [{ name: t("sessions.soc"), values: soc, right: true, dashed: true }] : []),
      ],
    };
  }, [curve.data, shown, t]);
  return (
    <Section
      title={t("sessions.curve")}
      tools={
        <SegmentedControl
          size="sm"
          aria-label={t("sessions.curve")}
          value={shown}
          data={["power", "energy"].map((value) => ({ value, label: t(`sessions.${value}`) }))}
          onChange={(which) => address.set({ curve: which === "power" ? "" : which })}
        />
      }
    >
      {curve.error && <Problem error={curve.error} retry={() => curve.refetch()} />}
      {curve.isPending && <Lines count={3} height={60} />}
      {curve.data && !drawn && <Text c="dimmed">{t("sessions.no_curve")}</Text>}
      {drawn && (
        <Curve
          label={t("sessions.curve")}
          times={drawn.times}
          series={drawn.series}
          format={shown === "power" ? formats.power : formats.energy}
          formatRight={drawn.hasSoc ? percent : undefined}
          zone={zone}
          height={260}
        />
      )}
    </Section>
  );
}
