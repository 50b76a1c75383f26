// What the station was told, and what came of it.

import { api } from "@kit/api/client";
import { Empty, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Group, Paper, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { commandNames } from "../../../commands";
import { post } from "../../../commands/give";
import { OutcomeBadge } from "../../../commands/Outcome";
import { Pretty } from "../../../commands/Pretty";
import { useMay } from "../../../session";
import { whoWords } from "../../../vocabulary";
import { useAddress } from "../address";
import { useStationPage } from "../context";
import { usePages } from "../pages";
import type { Schemas } from "../queries";
import { Section } from "../Section";

type Status = Schemas["CommandStatus"];
const STATUSES: Status[] = [
  ...(["accepted", "scheduled", "refused", "unanswered", "offline", "unsupported"] as const),
  ...(["failed", "queued", "sent", "expired", "cancelled"] as const),
];

export default function Commands() {
  const { t } = useTranslation();
  const may = useMay();
  const { station, command } = useStationPage();
  const address = useAddress();
  const [kind, status] = [address.get("command"), address.get("outcome")];
  const told = usePages(["station", station.id, "commands", kind, status], (cursor, signal) =>
    api.GET("/api/v1/stations/{station}/commands", {
      params: {
        path: { station: station.id },
        query: { kind: kind || undefined, status: (status as Status) || undefined, cursor, limit: 50 },
      },
      signal,
    }),
  );
  return (
    <Section
      title={t("station.tab.commands")}
      tools={
        may("commands:give") && (
          <Button size="sm" onClick={() => command()}>
            {t("station.new_command")}
          </Button>
        )
      }
    >
      <Group gap="xs">
        <Select
          aria-label={t("commands.which")}
          placeholder={t("station.all_commands")}
          searchable
          clearable
          data={commandNames().map((name) => ({ value: name, label: t(`commands.name.${name}`) }))}
          value={kind || null}
          onChange={(name) => address.set({ command: name ?? "" })}
        />
        <Select
          aria-label={t("station.outcome")}
          placeholder={t("station.all_outcomes")}
          clearable
          data={STATUSES.map((name) => ({ value: name, label: t(`commands.status.${name}`) }))}
          value={status || null}
          onChange={(name) => address.set({ outcome: name ?? "" })}
        />
      </Group>
      {told.error && <Problem error={told.error} retry={() => told.refetch()} />}
      {told.isPending && <Lines />}
      {told.data && told.items.length === 0 && (
        <Empty title={t("station.no_commands")}>{t("station.no_commands_text")}</Empty>
      )}
      {told.items.map((record) => (
        <Told key={record.id} record={record as Schemas["CommandView"]} />
      ))}
      {told.hasNextPage && (
        <Button variant="default" onClick={told.more} loading={told.isFetchingNextPage}>
          {t("station.show_more")}
        </Button>
      )}
    </Section>
  );
}

function Told({ record }: { record: Schemas["CommandView"] }) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const { zone } = useStationPage();
  const cancelling = useMutation({
    mutationFn: () => post(`/commands/${record.id}/cancel`),
    onError: tellProblem,
    onSuccess: () => {
      tellDone(t("station.cancelled"));
      client.invalidateQueries({ queryKey: ["station"] });
    },
  });
  const { command, ...asked } = record.command as { command: string } & Record<string, unknown>;
  const said = Object.fromEntries(
    Object.entries(asked).filter(
      ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  );
  const detail = {
    ...(Object.keys(said).length > 0 ? { [t("station.asked")]: said } : {}),
    ...(record.answer ? { [t("station.answer")]: record.answer } : {}),
    ...(record.variables?.length ? { [t("station.values")]: record.variables } : {}),
  };
  return (
    <Paper withBorder p="sm" component="article" data-command={command}>
      <Group justify="space-between" gap="xs">
        <Stack gap={0}>
          <Text fw={600}>{t(`commands.name.${command}`)}</Text>
          <Text size="sm" c="dimmed">
            <Time at={record.asked_at} mode="dateTime" zone={zone} seconds /> ·{" "}
            <bdi>{whoWords(t, record.asked_by)}</bdi>
          </Text>
        </Stack>
        <Group gap="sm">
          <OutcomeBadge status={record.status} />
          {record.status === "queued" && may("commands:give") && (
            <Button
              size="xs"
              variant="default"
              loading={cancelling.isPending}
              onClick={() => cancelling.mutate()}
            >
              {t("station.cancel")}
            </Button>
          )}
        </Group>
      </Group>
      {record.reason && (
        <Text size="sm" mt={4}>
          <bdi>{record.reason}</bdi>
        </Text>
      )}
      {record.expires_at && record.status === "queued" && (
        <Text size="sm" c="dimmed">
          {t("station.kept_until")} <Time at={record.expires_at} mode="dateTime" zone={zone} />
        </Text>
      )}
      {Object.keys(detail).length > 0 && (
        <details>
          <summary style={{ cursor: "pointer", fontSize: 14 }}>{t("station.details")}</summary>
          {Object.entries(detail).map(([name, value]) => (
            <div key={name}>
              <Text size="xs" fw={600} mt={6}>
                {name}
              </Text>
              <Pretty value={value} label={name} />
            </div>
          ))}
        </details>
      )}
    </Paper>
  );
}
