// One's name, as the operator may call one by.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { signedIn, tell, useMe } from "../app/api";
import type { Me } from "../app/types";
import { Button, Field, Note, Problem, Title } from "../ui/parts";
import { Mine } from "./Mine";

export default function Profile() {
  const { t } = useTranslation();
  return (
    <>
      <Title up="/account">{t("account.profile")}</Title>
      <Mine>{(me) => <Form me={me} />}</Mine>
    </>
  );
}

function Form({ me }: { me: Me }) {
  const { t } = useTranslation();
  const { refetch } = useMe();
  const [name, setName] = useState(me.name);
  const save = useMutation({
    mutationFn: () => tell<Me>("PATCH", "/me", { name: name.trim() }),
    onSuccess: (who) => {
      signedIn(who);
      refetch();
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Field
        label={t("profile.name")}
        hint={t("profile.name_hint")}
        autoComplete="name"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Field label={t("sign_in.email")} value={me.email} readOnly dir="ltr" hint={t("profile.email_hint")} />
      {save.error && <Problem error={save.error} />}
      {save.isSuccess && (
        <Note role="status">
          <p>{t("app.saved")}</p>
        </Note>
      )}
      <Button type="submit" kind="main" size="wide" busy={save.isPending}>
        {t("app.save")}
      </Button>
    </form>
  );
}
