// Signing in.

import { api, data } from "@kit/api/client";
import { Problem } from "@kit/ui/feedback";
import { Button, Center, Paper, PasswordInput, Stack, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

export default function SignIn() {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { login: "", password: "" } });
  const enter = useMutation({
    mutationFn: (body: { login: string; password: string }) => data(api.POST("/api/v1/login", { body })),
    onSuccess: () => window.location.assign("/console/"),
  });
  return (
    <Center mih="100dvh" component="main">
      <Paper
        withBorder
        p="xl"
        w={380}
        component="form"
        onSubmit={form.onSubmit((values) => enter.mutate(values))}
      >
        <Stack>
          <Title order={1} fz="h3">
            {t("sign_in.title")}
          </Title>
          {enter.error && <Problem error={enter.error} />}
          <TextInput label={t("sign_in.login")} autoComplete="username" {...form.getInputProps("login")} />
          <PasswordInput
            label={t("sign_in.password")}
            autoComplete="current-password"
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={enter.isPending}>
            {t("sign_in.enter")}
          </Button>
        </Stack>
      </Paper>
    </Center>
  );
}
