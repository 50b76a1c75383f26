// The station's firmware, and another one for it.
import { api, asked } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { Facts } from "@kit/ui/Facts";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Alert, Button, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { TimeInput } from "../../../commands/fields/TimeInput";
import { post } from "../../../commands/give";
import { cleaned } from "../../../commands/schema";
import { useMay } from "../../../session";
import { useStationPage } from "../context";
import { transfersQuery } from "../queries";
import { Section } from "../Section";
import { TransferBadge } from "./TransferBadge";

export function FirmwarePart() {
  const { t } = useTranslation();
  const may = useMay();
  const { station } = useStationPage();
  const [updating, setUpdating] = useState(false);
  const transfers = useQuery(transfersQuery(station.id));
  const current = transfers.data?.items.find(({ kind, ended_at }) => kind === "firmware" && !ended_at);
  return (
    <Section
      title={t("station.firmware")}
      tools={
        may("commands:give") && (
          <Button size="sm" variant="default" onClick={() => setUpdating(true)}>
            {t("station.update_firmware")}
          </Button>
        )
      }
    >
      <Facts
        facts={[
          [
            t("station.version_now"),
            <bdi key="v" dir="ltr">
              {station.firmware_version || "–"}
            </bdi>,
          ],
          [t("station.model_name"), [station.vendor, station.model].filter(Boolean).join(" ")],
          [t("station.under_way"), current && <TransferBadge transfer={current} />],
        ]}
      />
      {updating && <Update onClose={() => setUpdating(false)} />}
    </Section>
  );
}

function Update({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const formats = useFormats();
  const { station } = useStationPage();
  const [draft, setDraft] = useState({ firmware_id: "", retrieve_at: "", install_at: "" });
  const images = useQuery(
    asked(["firmware", station.vendor], (signal) =>
      api.GET("/api/v1/firmware", {
        params: { query: { vendor: station.vendor || undefined, limit: 100 } },
        signal,
      }),
    ),
  );
  const fitting = (images.data?.items ?? []).filter(
    ({ models }) => !models?.length || models.includes(station.model ?? ""),
  );
  const updating = useMutation({
    mutationFn: () => {
      const until = new Date(Date.now() + 7 * 86_400_000).toISOString();
      const query = station.connected ? "" : `?queue_until=${encodeURIComponent(until)}`;
      return post(`/stations/${station.id}/firmware${query}`, cleaned(draft));
    },
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["station", station.id] });
      tellDone(t("station.update_asked"));
      onClose();
    },
  });
  const image = fitting.find(({ id }) => id === draft.firmware_id);
  return (
    <Modal opened onClose={onClose} title={t("station.update_firmware")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          updating.mutate();
        }}
      >
        <Stack>
          {images.data && fitting.length === 0 && (
            <Alert variant="outline" color="gray" title={t("station.no_images")}>
              {t("station.no_images_text")}
            </Alert>
          )}
          <Select
            label={t("station.image")}
            required
            data={fitting.map(({ id, version, name, size }) => ({
              value: id,
              label: `${version} · ${name} (${formats.bytes(size)})`,
            }))}
            value={draft.firmware_id || null}
            onChange={(chosen) => setDraft({ ...draft, firmware_id: chosen ?? "" })}
          />
          {image?.release_notes && <Text size="sm">{image.release_notes}</Text>}
          <TimeInput
            label={t("commands.field.retrieve_at")}
            value={draft.retrieve_at}
            onChange={(at) => setDraft({ ...draft, retrieve_at: at ?? "" })}
          />
          <TimeInput
            label={t("commands.field.install_at")}
            value={draft.install_at}
            onChange={(at) => setDraft({ ...draft, install_at: at ?? "" })}
          />
          <Text size="sm" c="dimmed">
            {t("station.update_text")}
          </Text>
          {updating.error && <Problem error={updating.error} />}
          <Button type="submit" disabled={!draft.firmware_id} loading={updating.isPending}>
            {t("station.update_firmware")}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
