// Choosing a password: twice, with what makes a good one said beforehand.
import { PasswordInput, Progress, Stack, Text } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { LENGTH_MIN, strengthOf } from "./strength";

interface Values {
  password: string;
  again: string;
}

export function NewPasswordFields<V extends Values>({
  form,
  label,
}: {
  form: UseFormReturnType<V>;
  label?: string;
}) {
  const { t } = useTranslation();
  const strength = strengthOf(form.values.password);
  const show = { "aria-label": t("sign_in.show_password"), size: 32 };
  return (
    <Stack gap="sm">
      <div>
        <PasswordInput
          label={label ?? t("sign_in.new_password")}
          description={t("sign_in.new_password_hint", { count: LENGTH_MIN })}
          size="md"
          autoComplete="new-password"
          visibilityToggleButtonProps={show}
          {...form.getInputProps("password")}
        />
        <Progress
          value={form.values.password ? (strength + 1) * 25 : 0}
          color={strength < 1 ? "red" : strength < 2 ? "yellow" : "green"}
          size="sm"
          mt={6}
          aria-hidden
        />
        <Text size="xs" c="dimmed" mt={2} aria-live="polite">
          {form.values.password ? t(`sign_in.strength_${strength}`) : "\u00a0"}
        </Text>
      </div>
      <PasswordInput
        label={t("sign_in.again")}
        size="md"
        autoComplete="new-password"
        visibilityToggleButtonProps={show}
        {...form.getInputProps("again")}
      />
    </Stack>
  );
}
