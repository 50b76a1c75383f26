// One command for many stations: what, when, for how long it is kept; and then how far it is.
import { api, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { ask, Problem } from "@kit/ui/feedback";
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconPlugOff } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { COMMANDS, type CommandDraft, CommandForm, cleaned, useMissing } from "../../../commands";
import type { Station } from "../../../network/rows";
import { BatchWatch } from "./BatchWatch";
import { NOW, type Terms, termsOf, WhenFields } from "./WhenFields";

const STATIONS_MAX = 10_000;

interface Props {
  stations: Station[];
  onClose: () => void;
}

export function BulkDialog({ stations, onClose }: Props) {
  const { t } = useTranslation();
  const phone = useMediaQuery("(max-width: 36em)");
  // Who is meant stands when the dialog opens, and is what is told.
  const [meant, setMeant] = useState(() => stations.filter((row) => row.admission === "accepted"));
  const [draft, setDraft] = useState<CommandDraft | null>(null);
  const [when, setWhen] = useState<Terms>(NOW);
  const [note, setNote] = useState("");
  const missing = useMissing(draft);
  const sending = useMutation({
    mutationFn: (command: CommandDraft) =>
      data(
        api.POST("/api/v1/command-batches", {
          body: {
            stations: meant.map((row) => row.id),
            command: cleaned(command),
            note,
            ...termsOf(when),
          } as unknown as components["schemas"]["ManyCommands"],
        }),
      ),
  });
  const now = new Map(stations.map((row) => [row.id, row]));
  const connected = meant.filter((row) => now.get(row.id)?.connected ?? row.connected).length;
  const offline = meant.length - connected;
  const left = stations.length - meant.length;
  const go = () => {
    if (!draft) return;
    if (!COMMANDS[draft.command].careful) {
      sending.mutate(draft);
      return;
    }
    ask({
      title: t("bulk.sure", { command: t(`commands.name.${draft.command}`), count: meant.length }),
      text: t(`commands.help.${draft.command}`),
      action: t(`commands.name.${draft.command}`),
      danger: true,
      onYes: () => sending.mutate(draft),
    });
  };
  const again = (ids: ReadonlySet<string>) => {
    setMeant((before) => before.filter((row) => ids.has(row.id)));
    sending.reset();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      fullScreen={phone}
      size="lg"
      title={sending.data ? t("bulk.progress") : t("bulk.title", { count: meant.length })}
    >
      {sending.data ? (
        <BatchWatch id={sending.data.id} onRetry={again} onClose={onClose} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            go();
          }}
        >
          <Stack>
            <CommandForm value={draft} onChange={setDraft} />
            {draft && (
              <>
                <WhenFields value={when} onChange={setWhen} />
                <TextInput
                  label={t("bulk.note")}
                  description={t("bulk.note_help")}
                  value={note}
                  maxLength={500}
                  onChange={(event) => setNote(event.currentTarget.value)}
                />
              </>
            )}
            <Alert variant="outline" color="gray" icon={offline > 0 ? <IconPlugOff /> : undefined}>
              <Text data-testid="bulk-preview">
                {t("bulk.connected", { count: connected })}{" "}
                {offline > 0 &&
                  t(when.kind === "connected" ? "bulk.offline_waits" : "bulk.offline_waits_too", {
                    count: offline,
                  })}
              </Text>
              {left > 0 && <Text size="sm">{t("bulk.not_accepted", { count: left })}</Text>}
              {meant.length > STATIONS_MAX && (
                <Text fw={600}>{t("bulk.beyond", { count: STATIONS_MAX })}</Text>
              )}
            </Alert>
            {sending.error && <Problem error={sending.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {t("commands.close")}
              </Button>
              <Button
                type="submit"
                loading={sending.isPending}
                disabled={
                  !draft ||
                  missing === undefined ||
                  missing.length > 0 ||
                  meant.length === 0 ||
                  meant.length > STATIONS_MAX ||
                  (when.kind === "later" && !when.at)
                }
              >
                {t("bulk.send", { count: meant.length })}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
