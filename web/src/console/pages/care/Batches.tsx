// Commands given to many stations at once: how far each has come; held, let go on, called off.
import { api, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { useFormats } from "@kit/formats";
import { ask, tellDone, tellProblem } from "@kit/ui/feedback";
import { Mark } from "@kit/ui/Mark";
import { Time } from "@kit/ui/Time";
import { Anchor, Button, Group, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { usePaged } from "../../lists/paged";
import { useMay } from "../../session";
import { whoWords } from "../../vocabulary";

// The command itself is one of 54 shapes: here its name is enough.
type Batch = Omit<components["schemas"]["BatchProgress"], "batch"> & {
  batch: Omit<components["schemas"]["CommandBatch"], "command"> & { command: { command: string } };
};

export default function Batches() {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const list = usePaged<Batch>(["batches"], (cursor, signal) =>
    data(api.GET("/api/v1/command-batches", { params: { query: { cursor, limit: 50 } }, signal })),
  );
  const act = useMutation({
    mutationFn: ({ id, deed }: { id: string; deed: "pause" | "resume" | "cancel" }) => {
      const params = { params: { path: { batch_id: id } } };
      if (deed === "pause") return data(api.POST("/api/v1/command-batches/{batch_id}/pause", params));
      if (deed === "resume") return data(api.POST("/api/v1/command-batches/{batch_id}/resume", params));
      return data(api.POST("/api/v1/command-batches/{batch_id}/cancel", params));
    },
    onSuccess: (_, { deed }) => {
      tellDone(t(`care.${deed}_done`));
      void queries.invalidateQueries({ queryKey: ["batches"] });
    },
    onError: tellProblem,
  });
  const state = ({ batch, done }: Batch) =>
    batch.cancelled_at ? (
      <Mark tone="quiet">{t("care.batch_cancelled")}</Mark>
    ) : done ? (
      <Mark tone="good">{t("care.batch_done")}</Mark>
    ) : batch.paused ? (
      <Mark tone="warn">{t("care.batch_paused")}</Mark>
    ) : (
      <Mark tone="busy">{t("care.batch_running")}</Mark>
    );
  const outcome = (each: Batch) =>
    Object.entries(each.by_status)
      .map(
        ([status, count]) =>
          `${formats.number(count)} ${t(`care.status.${status}`, { defaultValue: status })}`,
      )
      .join(" · ");
  const name = ({ batch }: Batch) => batch.command.command;
  const deeds = ({ batch, done }: Batch) =>
    !done && !batch.cancelled_at && may("commands:give") ? (
      <Group gap={4} wrap="nowrap">
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => act.mutate({ id: batch.id, deed: batch.paused ? "resume" : "pause" })}
        >
          {batch.paused ? t("care.resume") : t("care.pause")}
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          onClick={() =>
            ask({
              title: t("care.cancel_title"),
              text: t("care.cancel_text"),
              action: t("care.cancel"),
              danger: true,
              onYes: () => act.mutate({ id: batch.id, deed: "cancel" }),
            })
          }
        >
          {t("care.cancel")}
        </Button>
      </Group>
    ) : (
      "–"
    );
  return (
    <ListPage<Batch>
      name="batches"
      title={t("care.batches")}
      subtitle={t("care.batches_text")}
      list={list}
      keyOf={(each) => each.batch.id}
      nameOf={name}
      empty={{
        title: t("care.no_batches"),
        text: (
          <>
            {t("care.no_batches_text")}{" "}
            <Anchor component={Link} to="/stations" underline="always">
              {t("access.stations")}
            </Anchor>
          </>
        ),
        icon: IconSend,
      }}
      columns={[
        { key: "command", title: t("care.command"), render: name, fixed: true },
        { key: "at", title: t("care.given"), render: (each) => <Time at={each.batch.asked_at} /> },
        { key: "by", title: t("care.by"), render: (each) => <bdi>{whoWords(t, each.batch.asked_by)}</bdi> },
        { key: "state", title: t("care.state"), render: state },
        {
          key: "stations",
          title: t("access.stations"),
          render: (each) => formats.number(each.batch.stations),
        },
        { key: "outcome", title: t("care.outcome"), render: outcome, width: "minmax(12rem, 2fr)" },
        { key: "deeds", title: t("lists.deeds"), render: deeds, fixed: true, width: "minmax(10rem, 1fr)" },
      ]}
      card={(each) => (
        <div>
          <Group justify="space-between">
            <Text size="sm" fw={600}>
              {name(each)}
            </Text>
            {state(each)}
          </Group>
          <Text size="xs" c="dimmed">
            {outcome(each)}
          </Text>
          {deeds(each) !== "–" && deeds(each)}
        </div>
      )}
      cardHeight={88}
    />
  );
}
