// A one-time password, shown this once, to be told to whom it is for.
import { Time } from "@kit/ui/Time";
import { Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ShownOnce } from "../keys/ShownOnce";
import { type NewPerson, nameOf } from "./people";

export function OneTimePassword({ made, onClose }: { made: NewPerson | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={made !== undefined}
      onClose={onClose}
      withCloseButton={false}
      title={t("people.password_title")}
      size="lg"
    >
      {made && (
        <Stack>
          <Text>{t("people.password_text", { name: nameOf(made.person), login: made.person.login })}</Text>
          <ShownOnce secret={made.one_time_password} label={t("set_up.one_time_password")} onDone={onClose}>
            <Text size="sm" c="dimmed">
              {t("people.password_until")} <Time at={made.expires_at} mode="dateTime" />
            </Text>
          </ShownOnce>
        </Stack>
      )}
    </Modal>
  );
}
