// Logs: ask for one, and read or keep those that came.
import { api, asked } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { Empty, Lines, Problem, tellDone } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Group, Modal, Select, Stack, Table, Text } from "@mantine/core";
import { IconDownload, IconEye, IconFileText } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { TimeInput } from "../../../commands/fields/TimeInput";
import { post } from "../../../commands/give";
import { cleaned } from "../../../commands/schema";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import type { Schemas } from "../queries";
import { Section } from "../Section";
import { Preview } from "./Preview";

const DAY_MS = 86_400_000;

export function LogsPart() {
  const { t } = useTranslation();
  const may = useMay();
  const formats = useFormats();
  const { station, zone } = useStationPage();
  const [asking, setAsking] = useState(false);
  const [seen, setSeen] = useState<Schemas["StoredFile"] | null>(null);
  const files = useQuery(
    asked(["station", station.id, "files"], (signal) =>
      api.GET("/api/v1/stations/{station}/files", {
        params: { path: { station: station.id }, query: { limit: 100 } },
        signal,
      }),
    ),
  );
  return (
    <Section
      title={t("station.logs")}
      tools={
        may("commands:give") && (
          <Button size="sm" onClick={() => setAsking(true)}>
            {t("station.ask_log")}
          </Button>
        )
      }
    >
      {files.error && <Problem error={files.error} retry={() => files.refetch()} />}
      {files.isPending && <Lines count={2} />}
      {files.data?.items.length === 0 && (
        <Empty icon={IconFileText} title={t("station.no_files")}>
          {t("station.no_files_text")}
        </Empty>
      )}
      {(files.data?.items.length ?? 0) > 0 && (
        <Table.ScrollContainer minWidth={0}>
          <Table aria-label={t("station.logs")}>
            <Table.Tbody>
              {files.data?.items.map((file) => (
                <Table.Tr key={file.id}>
                  <Table.Td>
                    <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
                      <bdi dir="ltr">{file.name}</bdi>
                    </Text>
                    <Text size="xs" c="dimmed">
                      {t(`transfer.kind.${file.kind}`)} · {formats.bytes(file.size)} ·{" "}
                      <Time at={file.created_at} mode="dateTime" zone={zone} />
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Group gap="xs" justify="flex-end">
                      <Button
                        size="xs"
                        variant="default"
                        leftSection={<IconEye size={14} aria-hidden />}
                        onClick={() => setSeen(file)}
                      >
                        {t("station.preview")}
                      </Button>
                      <Button
                        size="xs"
                        variant="default"
                        component="a"
                        href={`/api/v1/files/${file.id}/content`}
                        download={file.name}
                        leftSection={<IconDownload size={14} aria-hidden />}
                      >
                        {t("station.download")}
                      </Button>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {asking && <AskLog onClose={() => setAsking(false)} />}
      {seen && <Preview file={seen} onClose={() => setSeen(null)} />}
    </Section>
  );
}

function AskLog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { station } = useStationPage();
  const [draft, setDraft] = useState({
    kind: "diagnostics",
    oldest: new Date(Date.now() - DAY_MS).toISOString(),
    latest: "",
  });
  const asking = useMutation({
    mutationFn: () => {
      const until = new Date(Date.now() + DAY_MS).toISOString();
      const query = station.connected ? "" : `?queue_until=${encodeURIComponent(until)}`;
      return post(`/stations/${station.id}/logs${query}`, cleaned(draft));
    },
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["station", station.id] });
      tellDone(t("station.log_asked"));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t("station.ask_log")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          asking.mutate();
        }}
      >
        <Stack>
          <Text size="sm">{t("station.ask_log_text")}</Text>
          <Select
            label={t("commands.field.kind")}
            data={["diagnostics", "security"].map((each) => ({
              value: each,
              label: t(`transfer.kind.${each}`),
            }))}
            value={draft.kind}
            onChange={(kind) => setDraft({ ...draft, kind: kind ?? "diagnostics" })}
          />
          <TimeInput
            label={t("commands.field.oldest")}
            value={draft.oldest}
            onChange={(oldest) => setDraft({ ...draft, oldest: oldest ?? "" })}
          />
          <TimeInput
            label={t("commands.field.latest")}
            value={draft.latest}
            onChange={(latest) => setDraft({ ...draft, latest: latest ?? "" })}
          />
          {asking.error && <Problem error={asking.error} />}
          <Button type="submit" loading={asking.isPending}>
            {t("station.ask_log")}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
