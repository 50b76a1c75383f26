// Messages to this phone: on or off.
import { IconBell, IconBellOff } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSite } from "../app/api";
import { canPush, isSubscribed, subscribe, unsubscribe } from "../charge/push";
import { Button, Note, Title } from "../ui/parts";
import { Mine } from "./Mine";

export default function Notices() {
  const { t } = useTranslation();
  return (
    <>
      <Title up="/account">{t("account.notices")}</Title>
      <p>{t("push.what")}</p>
      <Mine guests>{() => <Switch />}</Mine>
    </>
  );
}

function Switch() {
  const { t } = useTranslation();
  const { data: site } = useSite();
  const [on, setOn] = useState(false);
  useEffect(() => {
    isSubscribed().then(setOn);
  }, []);
  const change = useMutation({
    mutationFn: () => (on ? unsubscribe() : subscribe(site?.vapid_public_key ?? "")),
    onSuccess: () => setOn(!on),
  });
  if (!canPush() || site?.vapid_public_key === "")
    return (
      <Note icon={IconBellOff}>
        <p>{t("push.cannot")}</p>
      </Note>
    );
  return (
    <>
      <p role="status" className="strong">
        {t(on ? "push.on" : "push.off")}
      </p>
      <Button
        kind={on ? "usual" : "main"}
        size="wide"
        busy={change.isPending}
        onClick={() => change.mutate()}
      >
        {on ? <IconBellOff size={22} aria-hidden /> : <IconBell size={22} aria-hidden />}
        {t(on ? "push.turn_off" : "push.turn_on")}
      </Button>
      {change.error && (
        <Note kind="warns" role="alert">
          <p>{t(Notification.permission === "denied" ? "push.refused" : "push.failed")}</p>
        </Note>
      )}
    </>
  );
}
