// What the station works out that it will allow, asked of it and drawn.
import { useFormats } from "@kit/formats";
import { Curve } from "@kit/ui/Curve";
import { Problem } from "@kit/ui/feedback";
import { Button, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Outcome } from "../../../commands/Outcome";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import { Section } from "../Section";
import { compositeQuery } from "./queries";
import { type Step, stairs } from "./steps";

export function Composite() {
  const { t } = useTranslation();
  const may = useMay();
  const formats = useFormats();
  const { station, zone } = useStationPage();
  const [evse, setEvse] = useState(station.evses[0]?.number ?? 0);
  const answer = useQuery({ ...compositeQuery(station.id, evse, 86_400), enabled: false });
  const schedule = answer.data?.schedule;
  const drawn = useMemo(
    () =>
      schedule
        ? stairs(schedule.starts_at, schedule.duration_s, schedule.periods as unknown as Step[])
        : null,
    [schedule],
  );
  const series = useMemo(
    () => (drawn ? [{ name: t("commands.field.limit"), values: drawn.values, filled: true }] : []),
    [drawn, t],
  );
  const ampere = useMemo(() => (value: number) => `${formats.number(value)} A`, [formats]);
  if (!may("commands:give")) return null;
  return (
    <Section
      title={t("station.composite")}
      tools={
        <>
          <Select
            aria-label={t("commands.field.evse")}
            w={170}
            data={[0, ...station.evses.map(({ number }) => number)].map((number) => ({
              value: String(number),
              label: number === 0 ? t("station.whole") : t("commands.evse", { number }),
            }))}
            value={String(evse)}
            onChange={(chosen) => setEvse(Number(chosen ?? 0))}
          />
          <Button
            variant="default"
            loading={answer.isFetching}
            disabled={!station.connected}
            onClick={() => answer.refetch()}
          >
            {t("station.ask_station")}
          </Button>
        </>
      }
    >
      <Text size="sm" c="dimmed">
        {t("station.composite_text")}
      </Text>
      {answer.error && <Problem error={answer.error} />}
      {answer.data && !schedule && <Outcome status={answer.data.status} reason={answer.data.reason} />}
      {drawn && schedule && (
        <Curve
          label={t("station.composite")}
          times={drawn.times}
          series={series}
          format={schedule.unit === "A" ? ampere : formats.power}
          zone={zone}
          height={200}
        />
      )}
    </Section>
  );
}
