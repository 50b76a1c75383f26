// The registers that count, and signed readings to check them by.

import { useFormats } from "@kit/formats";
import { Facts } from "@kit/ui/Facts";
import { Time } from "@kit/ui/Time";
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Pretty } from "../../commands/Pretty";
import type { Session } from "../sessions/rows";
import { Section } from "../station/Section";
import { readingsQuery } from "./queries";

export function MeterValues({ session, zone }: { session: Session; zone?: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const readings = useQuery(readingsQuery(session.id));
  const signed = (readings.data?.items ?? []).filter((reading) => (reading.signed?.length ?? 0) > 0);
  const wh = (value: number | null | undefined) => (value == null ? "" : `${formats.number(value)}\u202fWh`);
  return (
    <Section title={t("sessions.meter")}>
      <Facts
        facts={[
          [t("sessions.meter_start"), wh(session.meter_start_wh)],
          [t("sessions.meter_stop"), wh(session.meter_stop_wh)],
          [t("sessions.meter_last"), session.phase === "active" ? wh(session.meter_last_wh) : ""],
          [
            t("sessions.first_energy"),
            session.first_energy_at && (
              <Time key="f" at={session.first_energy_at} mode="dateTime" zone={zone} />
            ),
          ],
          [
            t("sessions.last_energy"),
            session.last_energy_at && (
              <Time key="l" at={session.last_energy_at} mode="dateTime" zone={zone} />
            ),
          ],
        ]}
      />
      <Text size="sm" fw={600}>
        {t("sessions.signed")}
      </Text>
      {signed.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("sessions.no_signed")}
        </Text>
      )}
      {signed.map((reading) => (
        <details key={reading.at}>
          <summary style={{ cursor: "pointer", fontSize: 14 }}>
            <Time at={reading.at} mode="dateTime" seconds zone={zone} /> ·{" "}
            <bdi dir="ltr">{reading.context}</bdi>
          </summary>
          <Pretty value={reading.signed} label={t("sessions.signed")} />
        </details>
      ))}
    </Section>
  );
}
