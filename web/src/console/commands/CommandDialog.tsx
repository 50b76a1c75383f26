// Telling one station something, and seeing what comes of it.

import { ask, Problem, tellDone } from "@kit/ui/feedback";
import { Alert, Button, Checkbox, Group, Modal, Stack } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CommandForm } from "./CommandForm";
import { COMMANDS, type CommandDraft } from "./catalogue";
import type { StationAtHand } from "./fields/known";
import { give, useMissing } from "./give";
import { Outcome, wentWell } from "./Outcome";
import { Pretty } from "./Pretty";

interface Props {
  station: StationAtHand & { identity: string; connected: boolean };
  // What the form begins with; `fixed` leaves the choice of another command out.
  begin: CommandDraft | null;
  fixed: boolean;
  onClose: () => void;
}

const TELLING = /^(Get|TransferData)/;
const DAY_MS = 86_400_000;

export function CommandDialog({ station, begin, fixed, onClose }: Props) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const phone = useMediaQuery("(max-width: 36em)");
  const [draft, setDraft] = useState<CommandDraft | null>(begin);
  const [keep, setKeep] = useState(!station.connected);
  const missing = useMissing(draft);
  const sending = useMutation({
    mutationFn: (command: CommandDraft) =>
      give(station.id, command, keep ? { queueUntil: new Date(Date.now() + DAY_MS) } : {}),
    onSuccess: (record) => {
      client.invalidateQueries({ queryKey: ["station", station.id] });
      // What was asked for is shown; what was done needs no more than a word.
      if (!wentWell(record.status) || TELLING.test(record.command.command)) return;
      tellDone(`${t(`commands.name.${record.command.command}`)}: ${t(`commands.status.${record.status}`)}`);
      onClose();
    },
  });
  const go = () => {
    if (!draft) return;
    const careful =
      COMMANDS[draft.command].careful && !(draft.command === "Reset" && draft.kind === "on_idle");
    if (!careful) sending.mutate(draft);
    else
      ask({
        title: t("commands.sure", {
          command: t(`commands.name.${draft.command}`),
          station: station.identity,
        }),
        text: t(`commands.help.${draft.command}`),
        action: t(`commands.name.${draft.command}`),
        danger: true,
        onYes: () => sending.mutate(draft),
      });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      fullScreen={phone}
      size="lg"
      title={
        fixed && draft
          ? `${t(`commands.name.${draft.command}`)} · ${station.identity}`
          : t("commands.title", { station: station.identity })
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <Stack>
          <CommandForm value={draft} onChange={setDraft} station={station} fixed={fixed} />
          {!station.connected && (
            <Alert variant="outline" color="gray" title={t("commands.offline_title")}>
              <Checkbox
                label={t("commands.keep")}
                checked={keep}
                onChange={(event) => setKeep(event.currentTarget.checked)}
              />
            </Alert>
          )}
          {sending.error && <Problem error={sending.error} />}
          {sending.data && <Outcome status={sending.data.status} reason={sending.data.reason} />}
          {sending.data?.answer && <Pretty value={sending.data.answer} label={t("station.answer")} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("commands.close")}
            </Button>
            <Button
              type="submit"
              loading={sending.isPending}
              disabled={!draft || missing === undefined || missing.length > 0}
            >
              {t("commands.send")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
