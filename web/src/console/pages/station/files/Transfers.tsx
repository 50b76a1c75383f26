// Every transfer with its steps.
import { Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Group, Paper, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { whoWords } from "../../../vocabulary";
import { useStationPage } from "../context";
import { transfersQuery } from "../queries";
import { Section } from "../Section";
import { TransferBadge } from "./TransferBadge";

export function Transfers() {
  const { t } = useTranslation();
  const { station, zone } = useStationPage();
  const transfers = useQuery(transfersQuery(station.id));
  return (
    <Section title={t("station.transfers")}>
      {transfers.error && <Problem error={transfers.error} retry={() => transfers.refetch()} />}
      {transfers.isPending && <Lines count={2} />}
      {transfers.data?.items.length === 0 && <Text c="dimmed">{t("station.no_transfers")}</Text>}
      {transfers.data?.items.map((transfer) => (
        <Paper key={transfer.id} withBorder p="sm" component="article">
          <Group justify="space-between">
            <Text fw={600}>
              {t(`transfer.kind.${transfer.kind}`)}{" "}
              {transfer.version && <bdi dir="ltr">{transfer.version}</bdi>}
            </Text>
            <TransferBadge transfer={transfer} />
          </Group>
          <Text size="sm" c="dimmed">
            <Time at={transfer.asked_at} mode="dateTime" zone={zone} /> ·{" "}
            <bdi>{whoWords(t, transfer.asked_by)}</bdi>
          </Text>
          {transfer.reason && <Text size="sm">{transfer.reason}</Text>}
          {(transfer.steps?.length ?? 0) > 0 && (
            <details>
              <summary style={{ cursor: "pointer", fontSize: 14 }}>{t("station.steps")}</summary>
              {transfer.steps?.map((step) => (
                <Text key={`${step.at} ${step.status}`} size="sm">
                  <Time at={step.at} mode="dateTime" seconds zone={zone} /> ·{" "}
                  {t(`transfer.status.${step.status}`)}
                  {(step.said || step.note) && ` · ${[step.said, step.note].filter(Boolean).join(" · ")}`}
                </Text>
              ))}
            </details>
          )}
        </Paper>
      ))}
    </Section>
  );
}
