// One note: read, corrected, pinned, taken away.
import { api, data } from "@kit/api/client";
import { Problem, tellProblem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { IconPinned } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useMe } from "../../../session";
import { whoWords } from "../../../vocabulary";
import type { Schemas } from "../queries";

type Note = Schemas["Note"];

export const TEXT_MAX = 4000;

interface Props {
  note: Note;
  zone?: string;
  onChanged: () => void;
  onRemove: () => void;
}

export function NoteCard({ note, zone, onChanged, onRemove }: Props) {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  const [editing, setEditing] = useState(false);
  const pinning = useMutation({
    mutationFn: () => change(note, { pinned: !note.pinned }),
    onSuccess: onChanged,
    onError: tellProblem,
  });
  const writes = may("notes:write");
  // One's own, and as an owner everybody's.
  const owns = writes && (note.by === `person:${me?.login}` || may("organisation:write"));
  const begins = note.text.slice(0, 40);
  const button = (words: string, onClick: () => void) => (
    <Button
      size="compact-sm"
      variant="subtle"
      aria-label={t("station.about_note", { what: words, note: begins })}
      onClick={onClick}
    >
      {words}
    </Button>
  );
  return (
    <Paper withBorder p="sm" component="article">
      {editing ? (
        <Editing
          note={note}
          onDone={(changed) => {
            setEditing(false);
            if (changed) onChanged();
          }}
        />
      ) : (
        <>
          <Text dir="auto" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {note.text}
          </Text>
          <Group justify="space-between" mt={4}>
            <Text size="sm" c="dimmed" component="div">
              {note.pinned && <IconPinned size={14} aria-label={t("station.pinned")} />}{" "}
              <bdi>{whoWords(t, note.by)}</bdi> · <Time at={note.at} mode="dateTime" zone={zone} />
              {note.edited_at && (
                <>
                  {" · "}
                  {t("station.note_edited")} <Time at={note.edited_at} />
                </>
              )}
            </Text>
            <Group gap={4}>
              {writes &&
                button(t(note.pinned ? "station.unpin_note" : "station.pin_note"), () => pinning.mutate())}
              {owns && button(t("station.edit_note"), () => setEditing(true))}
              {owns && button(t("station.remove"), onRemove)}
            </Group>
          </Group>
        </>
      )}
    </Paper>
  );
}

function Editing({ note, onDone }: { note: Note; onDone: (changed: boolean) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(note.text);
  const saving = useMutation({
    mutationFn: () => change(note, { text: text.trim() }),
    onSuccess: () => onDone(true),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === note.text) onDone(false);
        else saving.mutate();
      }}
    >
      <Stack gap="xs">
        <Textarea
          label={t("station.note_text")}
          dir="auto"
          autosize
          autoFocus
          minRows={2}
          maxLength={TEXT_MAX}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") onDone(false);
          }}
        />
        {saving.error && <Problem error={saving.error} />}
        <Group>
          <Button type="submit" disabled={text.trim() === ""} loading={saving.isPending}>
            {t("station.save")}
          </Button>
          <Button variant="default" onClick={() => onDone(false)}>
            {t("ask.cancel")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const change = (note: Note, body: Schemas["NoteChange"]) =>
  data(api.PATCH("/api/v1/notes/{note}", { params: { path: { note: note.id } }, body }));
