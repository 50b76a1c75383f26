// A passkey is made on this device; a name tells it from the others later.
import { ApiProblem } from "@kit/api/client";
import { Problem } from "@kit/ui/feedback";
import { Button, Group, PasswordInput, Text, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isGivenUp } from "../sign-in/entering";
import { Form } from "./Form";
import { addPasskey, deviceName } from "./factors";

interface Props {
  onDone: (codes: string[]) => void;
  onCancel: () => void;
}

export function PasskeySetUp({ onDone, onCancel }: Props) {
  const { t } = useTranslation();
  const [name, setName] = useState(() => deviceName() || t("passkey.this_device"));
  const [password, setPassword] = useState("");
  const add = useMutation({
    mutationFn: () => addPasskey(name.trim(), password),
    onSuccess: onDone,
  });
  // Who signed in a while ago proves once more who they are.
  const [askPassword, setAskPassword] = useState(false);
  const needed = add.error instanceof ApiProblem && add.error.code === "password_needed";
  if (needed && !askPassword) setAskPassword(true);
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Text>{t("passkey.text")}</Text>
      {add.error && !isGivenUp(add.error) && !needed && <Problem error={add.error} />}
      {add.error && isGivenUp(add.error) && (
        <Text role="status" c="dimmed">
          {t("passkey.given_up")}
        </Text>
      )}
      <TextInput
        label={t("passkey.name")}
        description={t("passkey.name_hint")}
        value={name}
        maxLength={120}
        required
        withAsterisk={false}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {askPassword && (
        <PasswordInput
          label={t("me.current_password")}
          description={t("me.password_once_more")}
          data-autofocus
          autoFocus
          autoComplete="current-password"
          value={password}
          visibilityToggleButtonProps={{ "aria-label": t("sign_in.show_password") }}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
      )}
      <Group>
        <Button type="submit" loading={add.isPending} leftSection={<IconFingerprint size={18} />}>
          {t("passkey.make")}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("ask.cancel")}
        </Button>
      </Group>
    </Form>
  );
}
