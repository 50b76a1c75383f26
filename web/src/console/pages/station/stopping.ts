// Ending a session from afar, asked first.
import { ask, tellDone, tellProblem } from "@kit/ui/feedback";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { CommandRecord } from "../../commands";
import { post } from "../../commands/give";
import { wentWell } from "../../commands/Outcome";
import type { Schemas } from "./queries";

type Session = Pick<Schemas["SessionView"], "id" | "number" | "token_uid">;

export function useStop(): (session: Session) => void {
  const { t } = useTranslation();
  const client = useQueryClient();
  const stopping = useMutation({
    mutationFn: ({ id }: Session) => post<CommandRecord>(`/sessions/${id}/stop`),
    onError: tellProblem,
    onSuccess: (record, session) => {
      client.invalidateQueries({ queryKey: ["station"] });
      client.invalidateQueries({ queryKey: ["session"] });
      if (wentWell(record.status)) tellDone(t("station.stopped", { number: session.number }));
      else
        tellProblem(new Error(`${t(`commands.status_help.${record.status}`)} ${record.reason ?? ""}`.trim()));
    },
  });
  return (session) =>
    ask({
      title: t("station.stop_ask", { number: session.number }),
      text: t("station.stop_text"),
      action: t("station.stop"),
      danger: true,
      onYes: () => stopping.mutate(session),
    });
}
