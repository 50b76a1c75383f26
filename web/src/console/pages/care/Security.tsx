// What matters for security, over all stations: events, and certificates that end.
import { api, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import type { Tone } from "@kit/branding";
import { Mark } from "@kit/ui/Mark";
import { Time } from "@kit/ui/Time";
import { Anchor, Group, SegmentedControl, Select, Text } from "@mantine/core";
import { IconCertificate, IconShield } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { securityKindWords } from "../../vocabulary";

type SecurityEvent = components["schemas"]["SecurityEvent"];
type Certificate = components["schemas"]["StationCertificate"];
const SEVERITIES: Record<SecurityEvent["severity"], Tone> = {
  critical: "bad",
  high: "bad",
  medium: "warn",
  low: "quiet",
} as Record<SecurityEvent["severity"], Tone>;

export default function Security() {
  const { t } = useTranslation();
  const [filters, set] = useFilters<"show" | "severity">();
  const show = filters.show ?? "events";
  const chooser = (
    <SegmentedControl
      aria-label={t("care.security")}
      value={show}
      onChange={(value) => set({ show: value === "events" ? undefined : value, severity: undefined })}
      data={(["events", "certificates"] as const).map((value) => ({ value, label: t(`care.show_${value}`) }))}
    />
  );
  if (show === "certificates") return <Certificates chooser={chooser} />;
  return (
    <Events
      chooser={chooser}
      severity={filters.severity as SecurityEvent["severity"] | undefined}
      onSeverity={(severity) => set({ severity })}
    />
  );
}

interface EventsProps {
  chooser: React.ReactNode;
  severity?: SecurityEvent["severity"];
  onSeverity: (severity: string | undefined) => void;
}

function Events({ chooser, severity, onSeverity }: EventsProps) {
  const { t } = useTranslation();
  const list = usePaged<SecurityEvent>(["security-events", severity], (cursor, signal) =>
    data(api.GET("/api/v1/security-events", { params: { query: { severity, cursor, limit: 100 } }, signal })),
  );
  const mark = (event: SecurityEvent) => (
    <Mark tone={SEVERITIES[event.severity] ?? "quiet"}>{t(`care.severity_${event.severity}`)}</Mark>
  );
  const station = (event: SecurityEvent) =>
    event.station_id ? (
      <Anchor component={Link} to={`/stations/${event.station_id}` as "/"} size="sm">
        <bdi>{event.identity}</bdi>
      </Anchor>
    ) : (
      <bdi>{event.identity || "–"}</bdi>
    );
  return (
    <ListPage<SecurityEvent>
      name="security-events"
      title={t("care.security")}
      subtitle={t("care.security_text")}
      list={list}
      keyOf={(event) => event.id}
      nameOf={(event) => event.kind}
      narrowed={Boolean(severity)}
      filters={
        <>
          {chooser}
          <Select
            aria-label={t("care.severity")}
            placeholder={t("care.severity")}
            clearable
            w={150}
            data={(Object.keys(SEVERITIES) as SecurityEvent["severity"][]).map((each) => ({
              value: each,
              label: t(`care.severity_${each}`),
            }))}
            value={severity ?? null}
            onChange={(value) => onSeverity(value ?? undefined)}
          />
        </>
      }
      empty={{ title: t("care.no_events"), text: t("care.no_events_text"), icon: IconShield }}
      columns={[
        {
          key: "at",
          title: t("care.when"),
          render: (event) => <Time at={event.at} mode="dateTime" />,
          fixed: true,
          width: "minmax(10rem, 1fr)",
        },
        { key: "severity", title: t("care.severity"), render: mark },
        { key: "station", title: t("access.station"), render: station },
        {
          key: "kind",
          title: t("care.what"),
          render: (event) => <bdi title={event.kind}>{securityKindWords(t, event.kind)}</bdi>,
          width: "minmax(10rem, 1.5fr)",
        },
        {
          key: "detail",
          title: t("care.detail"),
          render: (event) => <bdi>{event.detail || "–"}</bdi>,
          width: "minmax(10rem, 2fr)",
        },
        {
          key: "from",
          title: t("care.from_address"),
          render: (event) => <bdi dir="ltr">{event.remote_address || "–"}</bdi>,
          hidden: true,
        },
      ]}
      card={(event) => (
        <Group justify="space-between" wrap="nowrap" h="100%">
          <div style={{ minWidth: 0 }}>
            <Text size="sm" truncate>
              {event.kind}
            </Text>
            <Text size="xs" c="dimmed">
              {station(event)} · <Time at={event.at} />
            </Text>
          </div>
          {mark(event)}
        </Group>
      )}
      cardHeight={64}
    />
  );
}

function Certificates({ chooser }: { chooser: React.ReactNode }) {
  const { t } = useTranslation();
  const list = usePaged<Certificate>(["certificates"], (cursor, signal) =>
    data(api.GET("/api/v1/certificates", { params: { query: { cursor, limit: 100 } }, signal })),
  );
  const subject = (each: Certificate) => (
    <Anchor
      component={Link}
      to={`/stations/${each.station_id}` as "/"}
      search={{ tab: "security" } as never}
      size="sm"
    >
      <bdi>{each.subject}</bdi>
    </Anchor>
  );
  const ends = (each: Certificate) => <Time at={each.valid_until} mode="date" />;
  return (
    <ListPage<Certificate>
      name="certificates"
      title={t("care.security")}
      subtitle={t("care.certificates_text")}
      list={list}
      keyOf={(each) => each.id}
      filters={chooser}
      empty={{
        title: t("care.no_certificates"),
        text: t("care.no_certificates_text"),
        icon: IconCertificate,
      }}
      columns={[
        {
          key: "subject",
          title: t("access.station"),
          render: subject,
          fixed: true,
          width: "minmax(10rem, 2fr)",
        },
        {
          key: "use",
          title: t("care.use"),
          render: (each) => t(`care.use_${each.use}`, { defaultValue: each.use }),
        },
        {
          key: "status",
          title: t("care.state"),
          render: (each) => t(`care.certificate_${each.status}`, { defaultValue: each.status }),
        },
        { key: "ends", title: t("access.valid_until"), render: ends },
      ]}
      card={(each) => (
        <div>
          {subject(each)}
          <Text size="xs" c="dimmed">
            {ends(each)}
          </Text>
        </div>
      )}
      cardHeight={60}
    />
  );
}
