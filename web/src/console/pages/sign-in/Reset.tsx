// A new password by a mailed link.
import { api, data } from "@kit/api/client";
import { Problem } from "@kit/ui/feedback";
import { Alert, Anchor, Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Form } from "../me/Form";
import { Entrance } from "./Entrance";
import type { Answer } from "./entering";
import { NewPasswordFields } from "./NewPasswordFields";
import { usePasswordForm } from "./password-form";
import { SecondStep } from "./SecondStep";
import { useToken, useWelcome } from "./use-welcome";

export default function Reset() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const token = useToken();
  const form = usePasswordForm({});
  const { ticket, enter, answered } = useWelcome();
  const set = useMutation({
    mutationFn: (new_password: string) =>
      data(api.POST("/api/v1/login/reset", { body: { token, new_password } })) as Promise<Answer>,
    onSuccess: answered,
  });
  if (ticket)
    return (
      <Entrance title={t("sign_in.second_title")}>
        <SecondStep ticket={ticket} onDone={enter} onBack={() => navigate({ to: "/sign-in" as "/" })} />
      </Entrance>
    );
  return (
    <Entrance title={t("reset.title")} subtitle={t("reset.text")}>
      {token ? (
        <Form onSubmit={form.onSubmit(({ password }) => set.mutate(password))}>
          {set.error && <Problem error={set.error} />}
          <NewPasswordFields form={form} />
          <Button type="submit" size="md" loading={set.isPending}>
            {t("reset.set")}
          </Button>
        </Form>
      ) : (
        <Alert color="red" variant="outline" role="alert">
          {t("reset.no_token")}
        </Alert>
      )}
      <Anchor component={Link} to={"/forgotten" as "/"} size="sm" py={4} style={{ alignSelf: "center" }}>
        {t("reset.another")}
      </Anchor>
    </Entrance>
  );
}
