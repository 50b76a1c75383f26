// Everything that is said between the station and Currant, followed as it happens.
import { api } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { type Column, DataTable } from "@kit/ui/DataTable";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Group, Select, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconDownload, IconFlag, IconPlayerPause, IconPlayerPlay, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../session";
import { useAddress } from "../address";
import { useStationPage } from "../context";
import { findingsQuery } from "../findings/query";
import { usePages } from "../pages";
import { Section } from "../Section";
import { Direction, MessageOutcome } from "./badges";
import { download } from "./download";
import { found, keyOf, type Message, useFollowingMessages, withNew } from "./following";
import { MessageDrawer } from "./MessageDrawer";

const OUTCOMES = ["answered", "error:", "unanswered", "send", "ignored", "malformed"];

export default function Messages() {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const address = useAddress();
  const { station, zone } = useStationPage();
  const [paused, setPaused] = useState(false);
  const [opened, setOpened] = useState<Message | null>(null);
  const [action, direction, outcome, text] = ["action", "direction", "outcome", "text"].map(address.get) as [
    string,
    string,
    string,
    string,
  ];
  const filters = {
    ...(action ? { action } : {}),
    ...(direction ? { direction } : {}),
    ...(outcome ? { outcome } : {}),
  };
  const log = usePages(["station", station.id, "messages", filters], (cursor, signal) =>
    api.GET("/api/v1/stations/{station}/messages", {
      params: { path: { station: station.id }, query: { ...filters, cursor, limit: 100 } },
      signal,
    }),
  );
  const followed = useFollowingMessages(
    String(new URLSearchParams({ station: station.id, ...filters })),
    paused,
  );
  const findings = useQuery({ ...findingsQuery(station.id), enabled: may("findings:read") });
  const flagged = useMemo(
    () => new Set((findings.data?.items ?? []).map((each) => each.action)),
    [findings.data],
  );
  const all = useMemo(() => withNew(log.items, followed.fresh), [log.items, followed.fresh]);
  // Held still, nothing newer comes in, whatever is asked for again; older ones may.
  const newest = useRef("");
  if (!paused) newest.current = all[0]?.at ?? "";
  const held = newest.current;
  const shown = useMemo(
    () => found(paused ? all.filter(({ at }) => at <= held) : all, text),
    [all, text, paused, held],
  );
  const actions = useMemo(
    () => [...new Set([...all.map((each) => each.action), action].filter(Boolean))].sort(),
    [all, action],
  );
  const name = (each: Message) => (
    <Group gap={6} wrap="nowrap">
      <UnstyledButton fz="sm" td="underline" onClick={() => setOpened(each)}>
        <bdi dir="ltr">{each.action || t("station.no_action")}</bdi>
      </UnstyledButton>
      {flagged.has(each.action) && <IconFlag size={14} aria-label={t("station.flagged")} />}
    </Group>
  );
  const columns: Column<Message>[] = [
    {
      key: "at",
      title: t("station.when"),
      width: "13rem",
      fixed: true,
      render: (each) => <Time at={each.at} mode="dateTime" seconds zone={zone} />,
    },
    {
      key: "direction",
      title: t("station.direction"),
      width: "9rem",
      render: (each) => <Direction direction={each.direction} />,
    },
    { key: "action", title: t("station.message"), width: "minmax(12rem, 1.2fr)", fixed: true, render: name },
    {
      key: "outcome",
      title: t("station.outcome"),
      width: "minmax(9rem, 1fr)",
      render: (each) => <MessageOutcome outcome={each.outcome} />,
    },
    {
      key: "latency",
      title: t("station.latency"),
      width: "6rem",
      end: true,
      render: (each) =>
        each.latency_us == null
          ? "–"
          : `${formats.number(each.latency_us / 1000, each.latency_us < 10_000 ? 1 : 0)}\u202fms`,
    },
    {
      key: "size",
      title: t("station.size"),
      width: "6rem",
      end: true,
      hidden: true,
      render: (each) => formats.bytes((each.request_bytes ?? 0) + (each.response_bytes ?? 0)),
    },
    {
      key: "request",
      title: t("station.call"),
      width: "minmax(14rem, 2fr)",
      render: (each) => <bdi dir="ltr">{each.request.slice(0, 200)}</bdi>,
    },
  ];
  return (
    <Section
      title={t("station.tab.messages")}
      tools={
        <>
          <Text size="sm" role="status" data-following={followed.standing}>
            {t(`station.following_${followed.standing}`, { count: followed.waiting })}
          </Text>
          <Button
            size="sm"
            variant="default"
            leftSection={
              paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />
            }
            onClick={() => setPaused((before) => !before)}
          >
            {t(paused ? "station.go_on" : "station.pause")}
          </Button>
          <Button
            size="sm"
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() =>
              download(
                `${station.identity}-messages.jsonl`,
                shown.map((each) => JSON.stringify(each)).join("\n"),
              )
            }
          >
            {t("station.export")}
          </Button>
        </>
      }
    >
      {log.error && <Problem error={log.error} retry={() => log.refetch()} />}
      {log.isPending && <Lines />}
      {log.data && (
        <DataTable
          name="messages"
          label={station.identity}
          rows={shown}
          columns={columns}
          keyOf={keyOf}
          onOpen={setOpened}
          onEnd={log.more}
          rowHeight={40}
          cardHeight={92}
          card={(each) => (
            <Stack gap={2}>
              <Group justify="space-between" wrap="nowrap">
                {name(each)}
                <Text size="xs" c="dimmed">
                  <Time at={each.at} mode="time" seconds zone={zone} />
                </Text>
              </Group>
              <Group gap="sm">
                <Direction direction={each.direction} />
                <MessageOutcome outcome={each.outcome} />
              </Group>
              <Text size="xs" c="dimmed" truncate dir="ltr">
                {each.request}
              </Text>
            </Stack>
          )}
          tools={
            <>
              <TextInput
                leftSection={<IconSearch size={16} aria-hidden />}
                aria-label={t("station.find_text")}
                placeholder={t("station.find_text")}
                value={text}
                onChange={(event) => address.set({ text: event.currentTarget.value })}
              />
              <Select
                aria-label={t("station.message")}
                placeholder={t("station.message")}
                data={actions}
                searchable
                clearable
                w={180}
                value={action || null}
                onChange={(chosen) => address.set({ action: chosen ?? "" })}
              />
              <Select
                aria-label={t("station.direction")}
                placeholder={t("station.direction")}
                clearable
                w={160}
                data={["in", "out"].map((each) => ({ value: each, label: t(`station.direction_${each}`) }))}
                value={direction || null}
                onChange={(chosen) => address.set({ direction: chosen ?? "" })}
              />
              <Select
                aria-label={t("station.outcome")}
                placeholder={t("station.outcome")}
                clearable
                w={160}
                data={OUTCOMES.map((each) => ({
                  value: each,
                  label: t(`message_outcome.${each.replace(":", "")}`),
                }))}
                value={outcome || null}
                onChange={(chosen) => address.set({ outcome: chosen ?? "" })}
              />
            </>
          }
          empty={<Empty title={t("station.no_messages")}>{t("station.no_messages_text")}</Empty>}
        />
      )}
      {opened && (
        <MessageDrawer
          message={opened}
          flagged={flagged.has(opened.action)}
          onClose={() => setOpened(null)}
        />
      )}
    </Section>
  );
}
