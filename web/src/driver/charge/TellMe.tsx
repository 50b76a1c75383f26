// "Tell me when it ends": asked here, where one knows what it is for, and only when one taps.
import { IconBell, IconBellCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSite } from "../app/api";
import { Button, Note } from "../ui/parts";
import { canPush, isSubscribed, subscribe } from "./push";

export function TellMe() {
  const { t } = useTranslation();
  const { data: site } = useSite();
  const [on, setOn] = useState<boolean | null>(null);
  useEffect(() => {
    isSubscribed().then(setOn);
  }, []);
  const key = site?.vapid_public_key;
  const begin = useMutation({ mutationFn: () => subscribe(key ?? ""), onSuccess: () => setOn(true) });
  if (!key || !canPush() || on === null) return null;
  if (on)
    return (
      <p className="row dim">
        <IconBellCheck size={22} aria-hidden /> {t("push.on")}
      </p>
    );
  return (
    <>
      <Button size="wide" busy={begin.isPending} onClick={() => begin.mutate()}>
        <IconBell size={22} aria-hidden /> {t("push.tell_me")}
      </Button>
      {begin.error && (
        <Note kind="warns" role="alert">
          <p>{t(Notification.permission === "denied" ? "push.refused" : "push.failed")}</p>
        </Note>
      )}
    </>
  );
}
