// Who one is: by a link in a letter or a passkey. Nobody needs a password.
import { IconFingerprint } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { signedIn, tell, useMe, useSite } from "../app/api";
import { go, Link, useSearch } from "../app/router";
import type { Me } from "../app/types";
import { Bones, Button, Note, Problem, Title } from "../ui/parts";
import { keepThen, MailForm, takeThen } from "./MailForm";
import { canPasskey, signInWithPasskey, wasCancelled } from "./passkeys";

export default function SignIn() {
  const search = useSearch();
  const token = search.get("token");
  const then = search.get("then");
  useEffect(() => {
    if (then) keepThen(then);
  }, [then]);
  return token ? <ByLink token={token} /> : <Ways />;
}

function ByLink({ token }: { token: string }) {
  const { t } = useTranslation();
  const begun = useRef(false);
  const open = useMutation({
    mutationFn: () => tell<Me>("POST", "/sign-in/link", { token }),
    onSuccess: (me) => {
      signedIn(me);
      go(takeThen(), { replace: true });
    },
  });
  const { mutate } = open;
  useEffect(() => {
    // A link opens once: not twice because React looks twice.
    if (begun.current) return;
    begun.current = true;
    mutate();
  }, [mutate]);
  return (
    <>
      <Title>{t("sign_in.title")}</Title>
      {open.error ? (
        <>
          <Problem error={open.error} />
          <Link to="/sign-in" className="button main">
            {t("sign_in.again")}
          </Link>
        </>
      ) : (
        <Bones count={1} />
      )}
    </>
  );
}

function Ways() {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const { data: site } = useSite();
  const passkey = useMutation({
    mutationFn: signInWithPasskey,
    onSuccess: (who) => {
      signedIn(who);
      go(takeThen(), { replace: true });
    },
  });
  if (me && !me.guest)
    return (
      <>
        <Title up="/account">{t("sign_in.title")}</Title>
        <Note>
          <p>{t("sign_in.already", { email: me.email || me.name })}</p>
          <Link to="/account">{t("nav.account")}</Link>
        </Note>
      </>
    );
  return (
    <>
      <Title up="/account">{t("sign_in.title")}</Title>
      <p>
        {t(
          site?.mail !== false
            ? "sign_in.why"
            : site.guests
              ? "sign_in.no_mail"
              : "sign_in.no_mail_no_guests",
        )}
      </p>
      {site?.mail !== false && <MailForm />}
      {canPasskey() && (
        <>
          <Button size="wide" busy={passkey.isPending} onClick={() => passkey.mutate()}>
            <IconFingerprint size={24} aria-hidden /> {t("sign_in.passkey")}
          </Button>
          {passkey.error && !wasCancelled(passkey.error) && <Problem error={passkey.error} />}
        </>
      )}
    </>
  );
}
