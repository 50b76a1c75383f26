// Somebody was invited by mail: who they are here, and a password of their own.
import { api, data } from "@kit/api/client";
import { Lines, Problem } from "@kit/ui/feedback";
import { Alert, Anchor, Button, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Form } from "../me/Form";
import { Entrance } from "./Entrance";
import type { Answer } from "./entering";
import { NewPasswordFields } from "./NewPasswordFields";
import { usePasswordForm } from "./password-form";
import { SecondStep } from "./SecondStep";
import { useToken, useWelcome } from "./use-welcome";

export default function Invitation() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const token = useToken();
  const form = usePasswordForm({ name: "" });
  const { ticket, enter, answered } = useWelcome();
  const look = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => data(api.POST("/api/v1/login/invitation/look", { body: { token } })),
    enabled: token !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
  const accept = useMutation({
    mutationFn: (values: { name: string; password: string }) =>
      data(
        api.POST("/api/v1/login/invitation", {
          body: { token, name: values.name.trim(), password: values.password },
        }),
      ) as Promise<Answer>,
    onSuccess: answered,
  });
  const name = look.data?.name;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name is filled in once, when it is known
  useEffect(() => {
    if (name) form.setFieldValue("name", name);
  }, [name]);
  if (ticket)
    return (
      <Entrance title={t("sign_in.second_title")}>
        <SecondStep ticket={ticket} onDone={enter} onBack={() => navigate({ to: "/sign-in" as "/" })} />
      </Entrance>
    );
  return (
    <Entrance title={t("invitation.title")}>
      {look.isLoading && <Lines count={4} />}
      {look.error && <Problem error={look.error} />}
      {(token === "" || look.error) && (
        <Alert color="red" variant="outline" role="alert">
          {t("invitation.no_token")}
        </Alert>
      )}
      {look.data && (
        <Form onSubmit={form.onSubmit(({ name: own, password }) => accept.mutate({ name: own, password }))}>
          {accept.error && <Problem error={accept.error} />}
          <Text>
            {t("invitation.text", {
              organisation: look.data.organisation,
              role: t(`roles.${look.data.role}`),
            })}
          </Text>
          <TextInput
            label={t("sign_in.login")}
            value={look.data.login}
            readOnly
            size="md"
            autoComplete="username"
            variant="filled"
          />
          <TextInput label={t("me.name")} size="md" autoComplete="name" {...form.getInputProps("name")} />
          <NewPasswordFields form={form} label={t("sign_in.password")} />
          <Button type="submit" size="md" loading={accept.isPending}>
            {t("invitation.accept")}
          </Button>
        </Form>
      )}
      <Anchor component={Link} to={"/sign-in" as "/"} size="sm" py={4} style={{ alignSelf: "center" }}>
        {t("sign_in.back")}
      </Anchor>
    </Entrance>
  );
}
