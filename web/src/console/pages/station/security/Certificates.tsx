// The station's own certificates, and the roots it trusts.
import { api, asked } from "@kit/api/client";
import { ask, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Group, Paper, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { post } from "../../../commands/give";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import { Section } from "../Section";

export function Certificates() {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const { station, zone } = useStationPage();
  const own = useQuery(
    asked(["station", station.id, "certificates"], (signal) =>
      api.GET("/api/v1/certificates", { params: { query: { station: station.id, limit: 50 } }, signal }),
    ),
  );
  const roots = useQuery(
    asked(["station", station.id, "certificates", "installed"], (signal) =>
      api.GET("/api/v1/stations/{station}/certificates/installed", {
        params: { path: { station: station.id } },
        signal,
      }),
    ),
  );
  const doing = useMutation({
    mutationFn: ({ path, body }: { path: string; body?: unknown }) => post(path, body),
    onError: tellProblem,
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["station", station.id] });
      tellDone(t("station.done"));
    },
  });
  const base = `/stations/${station.id}/certificates`;
  return (
    <Section
      title={t("station.certificates")}
      tools={
        may("commands:give") && (
          <>
            <Button
              size="sm"
              variant="default"
              loading={doing.isPending}
              onClick={() => doing.mutate({ path: `${base}/renew`, body: { use: "station" } })}
            >
              {t("station.renew")}
            </Button>
            <Button
              size="sm"
              variant="default"
              loading={doing.isPending}
              onClick={() => doing.mutate({ path: `${base}/installed/read` })}
            >
              {t("station.read_again")}
            </Button>
          </>
        )
      }
    >
      {own.error && <Problem error={own.error} retry={() => own.refetch()} />}
      {own.data?.items.length === 0 && <Text c="dimmed">{t("station.no_certificates")}</Text>}
      {own.data?.items.map((certificate) => (
        <Paper key={certificate.id} withBorder p="sm" component="article">
          <Group justify="space-between" gap="xs">
            <div>
              <Text fw={600} style={{ overflowWrap: "anywhere" }}>
                <bdi dir="ltr">{certificate.subject}</bdi>
              </Text>
              <Text size="sm" c="dimmed">
                {t(`certificate_status.${certificate.status}`)} · {t("station.valid_until")}{" "}
                <Time at={certificate.valid_until} mode="date" zone={zone} /> ·{" "}
                <bdi dir="ltr">{certificate.serial_number}</bdi>
              </Text>
              {certificate.reason && <Text size="sm">{certificate.reason}</Text>}
            </div>
            {may("stations:admit") && !["revoked", "refused"].includes(certificate.status) && (
              <Button
                size="xs"
                variant="default"
                onClick={() =>
                  ask({
                    title: t("station.revoke"),
                    text: t("station.revoke_text"),
                    action: t("station.revoke"),
                    danger: true,
                    onYes: () => doing.mutate({ path: `/certificates/${certificate.id}/revoke` }),
                  })
                }
              >
                {t("station.revoke")}
              </Button>
            )}
          </Group>
        </Paper>
      ))}
      <Text fw={600} size="sm">
        {t("station.roots")}
      </Text>
      {roots.data && (roots.data.items ?? []).length === 0 && (
        <Text size="sm" c="dimmed">
          {t(roots.data.asked_at ? "station.no_roots" : "station.roots_unread")}
        </Text>
      )}
      {roots.data?.items?.map((root) => (
        <Text key={`${root.use} ${root.hash.serial_number}`} size="sm">
          <bdi dir="ltr">{root.name || root.hash.serial_number}</bdi> · {root.use}
          {root.valid_until && (
            <>
              {" · "}
              {t("station.valid_until")} <Time at={root.valid_until} mode="date" zone={zone} />
            </>
          )}
        </Text>
      ))}
    </Section>
  );
}
