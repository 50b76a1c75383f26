// Passkeys: made, named and forgotten.

import { useFormats } from "@kit/formats";
import { IconFingerprint } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { tell, useMe } from "../app/api";
import type { Me, Passkey } from "../app/types";
import { Dialog } from "../ui/Dialog";
import { About, Button, Note, Problem, Title } from "../ui/parts";
import { Mine } from "./Mine";
import { canPasskey, newPasskey, wasCancelled } from "./passkeys";

export default function Passkeys() {
  const { t } = useTranslation();
  return (
    <>
      <Title up="/account">{t("account.passkeys")}</Title>
      <Mine>{(me) => <List me={me} />}</Mine>
    </>
  );
}

// What a passkey is called when nobody says: the kind of machine it was made on.
function machine(): string {
  const found = /iPhone|iPad|Android|Windows|Macintosh|Linux/.exec(navigator.userAgent)?.[0] ?? "";
  return found === "Macintosh" ? "Mac" : found;
}

function List({ me }: { me: Me }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { refetch } = useMe();
  const [leaving, setLeaving] = useState<Passkey | null>(null);
  const make = useMutation({ mutationFn: () => newPasskey(machine()), onSuccess: () => refetch() });
  const remove = useMutation({
    mutationFn: (passkey: Passkey) => tell("DELETE", `/me/passkeys/${encodeURIComponent(passkey.id)}`),
    onSuccess: () => refetch(),
    onSettled: () => setLeaving(null),
  });
  const error = remove.error ?? (wasCancelled(make.error) ? null : make.error);
  return (
    <>
      <p>{t("passkeys.what")}</p>
      <ul className="stack">
        {me.passkeys.map((passkey) => (
          <li key={passkey.id} className="card row">
            <IconFingerprint size={26} aria-hidden />
            <span className="grow">
              <bdi className="strong">{passkey.name || t("passkeys.passkey")}</bdi>
              <br />
              <span className="dim small">{formats.date(passkey.created_at)}</span>
            </span>
            <Button kind="plain" onClick={() => setLeaving(passkey)}>
              {t("passkeys.forget")} <About name={passkey.name || t("passkeys.passkey")} />
            </Button>
          </li>
        ))}
      </ul>
      {error && <Problem error={error} />}
      {canPasskey() ? (
        <Button kind="main" size="wide" busy={make.isPending} onClick={() => make.mutate()}>
          <IconFingerprint size={24} aria-hidden /> {t("passkeys.make")}
        </Button>
      ) : (
        <Note>
          <p>{t("passkeys.cannot")}</p>
        </Note>
      )}
      <Dialog
        open={leaving !== null}
        title={t("passkeys.forget_title")}
        action={t("passkeys.forget")}
        danger
        busy={remove.isPending}
        onYes={() => leaving && remove.mutate(leaving)}
        onNo={() => setLeaving(null)}
      >
        <p>{t("passkeys.forget_text")}</p>
      </Dialog>
    </>
  );
}
