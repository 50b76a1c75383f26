// A station: what it is, what it does and why, and everything that can be done about it.
import { useFormats } from "@kit/formats";
import { Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Time } from "@kit/ui/Time";
import { SegmentedControl, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CommandDraft } from "../../commands";
import { CommandDialog } from "../../commands/CommandDialog";
import { useAddress } from "./address";
import { StationContext, type StationPage } from "./context";
import { useFollowing } from "./following";
import { QuickActions } from "./QuickActions";
import { insightQuery, locationQuery, runningQuery, stationQuery } from "./queries";
import { StateNow } from "./StateNow";
import { StationTabs } from "./StationTabs";

export default function Station() {
  const { t } = useTranslation();
  const { station: name } = useParams({ strict: false }) as { station: string };
  const formats = useFormats();
  const address = useAddress();
  const [dialog, setDialog] = useState<{ begin: CommandDraft | null } | null>(null);
  const found = useQuery(stationQuery(name));
  const station = found.data;
  useFollowing(station?.id);
  const running = useQuery({ ...runningQuery(name), enabled: Boolean(station) });
  const insight = useQuery({ ...insightQuery(name), enabled: Boolean(station), refetchInterval: 5_000 });
  const place = useQuery({
    ...locationQuery(station?.location_id ?? ""),
    enabled: Boolean(station?.location_id),
  });
  const sessions = running.data?.items;
  const { set } = address;
  // In the reader's time, as all lists are, unless the site's is asked for.
  const site = place.data?.time_zone;
  const now = new Date();
  const elsewhere = site && formats.dateTime(now, { zone: site }) !== formats.dateTime(now);
  const zone = site && address.get("zone") === "site" ? site : undefined;
  const page = useMemo<StationPage | null>(
    () =>
      station
        ? {
            station,
            running: [...(sessions ?? [])],
            zone,
            command: (draft) => setDialog({ begin: draft ?? null }),
            go: (tab, more = {}) => set({ tab, ...more }),
          }
        : null,
    [station, sessions, zone, set],
  );
  if (found.error)
    return (
      <Page title={name} crumbs={[{ title: t("station.stations"), to: "/stations" }]}>
        <Problem error={found.error} retry={() => found.refetch()} />
      </Page>
    );
  if (!page || !station)
    return (
      <Page title={name} crumbs={[{ title: t("station.stations"), to: "/stations" }]}>
        <Lines />
      </Page>
    );
  const title = station.name || station.identity;
  return (
    <StationContext.Provider value={page}>
      <Page
        title={title}
        crumbs={[{ title: t("station.stations"), to: "/stations" }]}
        badge={<StateNow station={station} insight={insight.data} />}
        actions={
          <>
            {elsewhere && (
              <SegmentedControl
                aria-label={t("sessions.zone")}
                data={[
                  { value: "mine", label: t("sessions.my_time") },
                  { value: "site", label: t("sessions.site_time") },
                ]}
                value={zone ? "site" : "mine"}
                onChange={(which) => set({ zone: which === "site" ? "site" : "" })}
              />
            )}
            <QuickActions />
          </>
        }
        subtitle={
          <Text size="sm" c="dimmed" component="div" mt={4}>
            <bdi dir="ltr">{station.identity}</bdi>
            {place.data && (
              <>
                {" · "}
                <Link to={`/locations/${place.data.id}` as "/"} style={{ color: "inherit" }}>
                  {[place.data.name, place.data.city].filter(Boolean).join(", ")}
                </Link>
              </>
            )}
            {(station.vendor || station.model) &&
              ` · ${[station.vendor, station.model].filter(Boolean).join(" ")}`}
            {station.firmware_version && (
              <>
                {" · "}
                {t("station.firmware")} <bdi dir="ltr">{station.firmware_version}</bdi>
              </>
            )}
            {station.connection.ocpp_version && ` · OCPP ${station.connection.ocpp_version}`}
            {" · "}
            {station.connected ? (
              <>
                {t("station.connected_since")} <Time at={station.connected_at} />
              </>
            ) : station.disconnected_at || station.last_seen_at ? (
              <>
                {t("station.offline_since")} <Time at={station.disconnected_at ?? station.last_seen_at} />
              </>
            ) : (
              t("station.never_seen")
            )}
          </Text>
        }
      >
        <StationTabs />
      </Page>
      {dialog && (
        <CommandDialog
          station={{
            id: station.id,
            identity: station.identity,
            connected: station.connected,
            evses: station.evses.map(({ number }) => number),
            sessions: page.running.map((session) => ({
              transaction: session.transaction_id,
              title: t("station.session_of", { number: session.number, evse: session.evse ?? "–" }),
            })),
          }}
          begin={dialog.begin}
          fixed={dialog.begin !== null}
          onClose={() => setDialog(null)}
        />
      )}
    </StationContext.Provider>
  );
}
