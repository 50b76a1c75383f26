// A link to sign in with, sent by mail. What is answered is the same for every address.
import { IconMailCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { tell } from "../app/api";
import { Button, Field, Note, Problem } from "../ui/parts";

const THEN = "currant.driver.then";
export const keepThen = (then: string) => sessionStorage.setItem(THEN, then);
export function takeThen(): string {
  const then = sessionStorage.getItem(THEN) ?? "";
  sessionStorage.removeItem(THEN);
  return then.startsWith("/") && !then.startsWith("//") ? then : "/";
}

export function MailForm() {
  const { t, i18n } = useTranslation();
  const [email, setEmail] = useState("");
  const [wrong, setWrong] = useState("");
  const send = useMutation({
    mutationFn: () => tell<void>("POST", "/sign-in/mail", { email: email.trim(), language: i18n.language }),
  });
  if (send.isSuccess)
    return (
      <Note icon={IconMailCheck} role="status">
        <p>{t("sign_in.sent", { email: email.trim() })}</p>
        <div>
          <Button onClick={() => send.reset()}>{t("sign_in.other_address")}</Button>
        </div>
      </Note>
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (/^\S+@\S+$/.test(email.trim())) send.mutate();
    else setWrong(t("sign_in.no_address"));
  };
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <Field
        label={t("sign_in.email")}
        type="email"
        autoComplete="email"
        inputMode="email"
        dir="ltr"
        value={email}
        wrong={wrong}
        onChange={(event) => {
          setEmail(event.target.value);
          setWrong("");
        }}
      />
      {send.error && <Problem error={send.error} />}
      <Button type="submit" kind="main" size="wide" busy={send.isPending}>
        {t("sign_in.send")}
      </Button>
    </form>
  );
}
