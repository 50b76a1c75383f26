// To stop, after a question; or to take back the wish to start.
import { IconPlayerStopFilled } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { noteSession, tell } from "../app/api";
import type { DriverSession } from "../app/types";
import { Dialog } from "../ui/Dialog";
import { Button, Problem } from "../ui/parts";

export function StopHere({ session }: { session: DriverSession }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const begun = Boolean(session.started_at);
  const stop = useMutation({
    mutationFn: () => tell<DriverSession>("POST", `/sessions/${encodeURIComponent(session.id)}/stop`),
    onSuccess: noteSession,
    onSettled: () => setAsking(false),
  });
  return (
    <>
      {stop.error && <Problem error={stop.error} />}
      <div className="reach">
        <Button
          kind={begun ? "danger" : "usual"}
          size="huge"
          disabled={!session.can_stop}
          busy={stop.isPending}
          onClick={() => (begun ? setAsking(true) : stop.mutate())}
        >
          <IconPlayerStopFilled size={26} aria-hidden /> {t(begun ? "charging.stop" : "app.cancel")}
        </Button>
      </div>
      <Dialog
        open={asking}
        title={t("charging.stop_title")}
        action={t("charging.stop_yes")}
        danger
        busy={stop.isPending}
        onYes={() => stop.mutate()}
        onNo={() => setAsking(false)}
      >
        <p>{t("charging.stop_text")}</p>
      </Dialog>
    </>
  );
}
