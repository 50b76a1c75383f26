// What people wrote down about something, the pinned first: a station, a session, a place.
import { api, asked, data } from "@kit/api/client";
import { Empty, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Button, Checkbox, Group, Stack, Textarea } from "@mantine/core";
import { IconNote } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../session";
import type { Schemas } from "../queries";
import { Section } from "../Section";
import { NoteCard, TEXT_MAX } from "./NoteCard";

export function Notes({ about, zone }: { about: string; zone?: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const [draft, setDraft] = useState({ text: "", pinned: false });
  const notes = useQuery(
    asked(["notes", about], (signal) => api.GET("/api/v1/notes", { params: { query: { about } }, signal })),
  );
  const refresh = () => client.invalidateQueries({ queryKey: ["notes", about] });
  const adding = useMutation({
    mutationFn: (body: { text: string; pinned: boolean }) =>
      data(api.POST("/api/v1/notes", { body: { about, ...body } })),
    onSuccess: () => {
      setDraft({ text: "", pinned: false });
      refresh();
    },
  });
  const removing = useMutation({
    mutationFn: (note: Schemas["Note"]) =>
      api.DELETE("/api/v1/notes/{note}", { params: { path: { note: note.id } } }),
    onError: tellProblem,
    onSuccess: (_, note) => {
      refresh();
      tellDone(t("station.note_removed"), () => adding.mutate({ text: note.text, pinned: note.pinned }));
    },
  });
  const sorted = [...(notes.data?.items ?? [])].sort(
    (a, b) => Number(b.pinned) - Number(a.pinned) || b.at.localeCompare(a.at),
  );
  return (
    <Section title={t("station.tab.notes")}>
      {may("notes:write") && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            adding.mutate(draft);
          }}
        >
          <Stack gap="xs">
            <Textarea
              label={t("station.note")}
              dir="auto"
              autosize
              minRows={2}
              maxLength={TEXT_MAX}
              value={draft.text}
              onChange={(event) => setDraft({ ...draft, text: event.currentTarget.value })}
            />
            {adding.error && <Problem error={adding.error} />}
            <Group>
              <Button type="submit" disabled={draft.text.trim() === ""} loading={adding.isPending}>
                {t("station.add_note")}
              </Button>
              <Checkbox
                label={t("station.pin")}
                checked={draft.pinned}
                onChange={(event) => setDraft({ ...draft, pinned: event.currentTarget.checked })}
              />
            </Group>
          </Stack>
        </form>
      )}
      {notes.error && <Problem error={notes.error} retry={() => notes.refetch()} />}
      {notes.isPending && <Lines count={2} />}
      {notes.data && sorted.length === 0 && (
        <Empty icon={IconNote} title={t("station.no_notes")}>
          {t("station.no_notes_text")}
        </Empty>
      )}
      {sorted.map((note) => (
        <NoteCard
          key={note.id}
          note={note}
          zone={zone}
          onChanged={refresh}
          onRemove={() => removing.mutate(note)}
        />
      ))}
    </Section>
  );
}
