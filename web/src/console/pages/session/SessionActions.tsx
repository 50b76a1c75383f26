// Stop it from afar; or, when the station will never say how it ended, close it in the books.
import { api, data } from "@kit/api/client";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { IconPlayerStop } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../session";
import type { Session } from "../sessions/rows";
import { useStop } from "../station/stopping";

export function SessionActions({ session }: { session: Session }) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const stop = useStop();
  const [closing, setClosing] = useState(false);
  const [reason, setReason] = useState("");
  const close = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/sessions/{session}/close", {
          params: { path: { session: session.id } },
          body: { reason },
        }),
      ),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["session"] });
      tellDone(t("sessions.closed"));
      setClosing(false);
    },
  });
  if (session.phase !== "active" || !may("sessions:write")) return null;
  return (
    <>
      <Button leftSection={<IconPlayerStop size={18} aria-hidden />} onClick={() => stop(session)}>
        {t("station.stop")}
      </Button>
      <Button variant="default" onClick={() => setClosing(true)}>
        {t("sessions.close")}
      </Button>
      {closing && (
        <Modal opened onClose={() => setClosing(false)} title={t("sessions.close")}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              close.mutate();
            }}
          >
            <Stack>
              <Text size="sm">{t("sessions.close_text")}</Text>
              <Textarea
                label={t("sessions.close_reason")}
                required
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
              {close.error && <Problem error={close.error} />}
              <Group justify="flex-end">
                <Button type="submit" color="red.8" loading={close.isPending} disabled={reason.trim() === ""}>
                  {t("sessions.close")}
                </Button>
              </Group>
            </Stack>
          </form>
        </Modal>
      )}
    </>
  );
}
