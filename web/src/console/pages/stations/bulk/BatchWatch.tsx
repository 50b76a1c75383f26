// How far one command for many stations is, as it goes on; who did not do it, and once more for those.
import { api, asked, data } from "@kit/api/client";
import { STATE_COLOURS, type State } from "@kit/branding";
import { useFormats } from "@kit/formats";
import { useTopic } from "@kit/live/feed";
import { Lines, Problem, tellProblem } from "@kit/ui/feedback";
import { Button, Group, Progress, Stack, Table, Text, useComputedColorScheme } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { CommandRecord } from "../../../commands";
import { OutcomeBadge } from "../../../commands/Outcome";
import { useMay } from "../../../session";

type Status = CommandRecord["status"];
const ORDER: [Status, State][] = [
  ["accepted", "available"],
  ["scheduled", "reserved"],
  ["sent", "charging"],
  ["queued", "pending"],
  ["refused", "faulted"],
  ["failed", "faulted"],
  ["unsupported", "occupied"],
  ["unanswered", "occupied"],
  ["offline", "offline"],
  ["expired", "unavailable"],
  ["cancelled", "unavailable"],
];
const FAILED: Status[] = ["refused", "failed", "unsupported", "unanswered", "offline", "expired"];
const SHOWN = 200;

interface Props {
  id: string;
  // Ask the same stations again that did not do it.
  onRetry: (stations: ReadonlySet<string>) => void;
  onClose: () => void;
}

export function BatchWatch({ id, onRetry, onClose }: Props) {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const client = useQueryClient();
  const scheme = useComputedColorScheme("light");
  const key = ["batch", id];
  const progress = useQuery({
    ...asked(key, (signal) =>
      api.GET("/api/v1/command-batches/{batch_id}", { params: { path: { batch_id: id } }, signal }),
    ),
    refetchInterval: (query) => (query.state.data?.done ? false : 3_000),
  });
  const anew = () => {
    if (!progress.data?.done) client.invalidateQueries({ queryKey: key });
  };
  useTopic("commands", { changes: anew, reload: anew });
  const counts = (progress.data?.by_status ?? {}) as Partial<Record<Status, number>>;
  const failing = FAILED.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  const failed = useQuery({
    queryKey: ["batch", id, "failed", failing],
    enabled: failing > 0,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const pages = await Promise.all(
        FAILED.filter((status) => counts[status]).map((status) =>
          data(
            api.GET("/api/v1/commands", { params: { query: { batch: id, status, limit: SHOWN } }, signal }),
          ),
        ),
      );
      return pages.flatMap((page) => page.items);
    },
  });
  const cancel = useMutation({
    mutationFn: () =>
      data(api.POST("/api/v1/command-batches/{batch_id}/cancel", { params: { path: { batch_id: id } } })),
    onSuccess: (now) => client.setQueryData(key, now),
    onError: tellProblem,
  });
  if (progress.error) return <Problem error={progress.error} retry={() => progress.refetch()} />;
  if (!progress.data) return <Lines count={3} />;
  const { batch, done } = progress.data;
  const all = Math.max(1, batch.stations);
  const waiting = counts.queued ?? 0;
  return (
    <Stack>
      <Text fw={600}>{t(`commands.name.${batch.command.command}`)}</Text>
      <Progress.Root size="lg" aria-hidden>
        {ORDER.map(([status, state]) => (
          <Progress.Section
            key={status}
            value={((counts[status] ?? 0) / all) * 100}
            color={STATE_COLOURS[state][scheme]}
            withAria={false}
          />
        ))}
      </Progress.Root>
      <Group gap="md" role="status" aria-live="polite">
        {ORDER.filter(([status]) => counts[status]).map(([status]) => (
          <Group key={status} gap={4} data-count={counts[status]}>
            <Text span fw={700}>
              {formats.number(counts[status] ?? 0)}
            </Text>
            <OutcomeBadge status={status} />
          </Group>
        ))}
      </Group>
      <Text size="sm">{done ? t("bulk.done") : t("bulk.going_on")}</Text>
      {failing > 0 && (
        <>
          <Text fw={600}>{t("bulk.failed", { count: failing })}</Text>
          <Table.ScrollContainer minWidth={320} maxHeight={260}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("stations.identity")}</Table.Th>
                  <Table.Th>{t("bulk.outcome")}</Table.Th>
                  <Table.Th>{t("bulk.reason")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {(failed.data ?? []).slice(0, SHOWN).map((record) => (
                  <Table.Tr key={record.id}>
                    <Table.Td>
                      <bdi dir="ltr">{record.station_identity}</bdi>
                    </Table.Td>
                    <Table.Td>
                      <OutcomeBadge status={record.status} />
                    </Table.Td>
                    <Table.Td>{record.reason}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </>
      )}
      <Group justify="flex-end">
        {waiting > 0 && may("commands:give") && (
          <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            {t("bulk.take_back", { count: waiting })}
          </Button>
        )}
        {done && failing > 0 && may("commands:give") && (
          <Button
            variant="default"
            onClick={() => onRetry(new Set((failed.data ?? []).map((record) => record.station_id)))}
          >
            {t("bulk.retry")}
          </Button>
        )}
        <Button onClick={onClose}>{t("commands.close")}</Button>
      </Group>
    </Stack>
  );
}
