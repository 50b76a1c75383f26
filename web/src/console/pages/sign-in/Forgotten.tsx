// Who has forgotten the password has a link mailed, if there is mail; else an owner helps.
import { api, data } from "@kit/api/client";
import { Problem } from "@kit/ui/feedback";
import { Alert, Anchor, Button, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconMailCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Form } from "../me/Form";
import { Entrance } from "./Entrance";
import { useEntrance } from "./entrance-query";

export default function Forgotten() {
  const { t } = useTranslation();
  const { data: entrance } = useEntrance();
  const form = useForm({
    initialValues: { login: "" },
    validate: { login: (value) => (value.trim() ? null : t("sign_in.login_missing")) },
  });
  const send = useMutation({
    mutationFn: (login: string) => data(api.POST("/api/v1/login/forgotten", { body: { login } })),
  });
  return (
    <Entrance title={t("forgotten.title")}>
      {send.isSuccess ? (
        <Alert
          icon={<IconMailCheck />}
          color="green"
          variant="outline"
          role="status"
          title={t("forgotten.sent")}
        >
          {t("forgotten.sent_text", { login: form.values.login })}
        </Alert>
      ) : (
        <Form onSubmit={form.onSubmit(({ login }) => send.mutate(login.trim()))}>
          {send.error && <Problem error={send.error} />}
          <Text>{entrance?.mail === false ? t("forgotten.no_mail") : t("forgotten.text")}</Text>
          {entrance?.mail !== false && (
            <>
              <TextInput
                label={t("sign_in.login")}
                size="md"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                autoFocus
                {...form.getInputProps("login")}
              />
              <Button type="submit" size="md" loading={send.isPending}>
                {t("forgotten.send")}
              </Button>
            </>
          )}
        </Form>
      )}
      <Anchor component={Link} to={"/sign-in" as "/"} size="sm" py={4} style={{ alignSelf: "center" }}>
        {t("sign_in.back")}
      </Anchor>
    </Entrance>
  );
}
