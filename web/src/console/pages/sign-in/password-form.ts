// The form in which a password is chosen.
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { LENGTH_MIN } from "./strength";

export function usePasswordForm<Extra extends object>(extra: Extra) {
  const { t } = useTranslation();
  return useForm<{ password: string; again: string } & Extra>({
    initialValues: { password: "", again: "", ...extra },
    validate: (values) => ({
      password: values.password.length < LENGTH_MIN ? t("sign_in.too_short", { count: LENGTH_MIN }) : null,
      again: values.again !== values.password ? t("sign_in.not_alike") : null,
    }),
  });
}
