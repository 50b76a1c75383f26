// One's second factors: the authenticator app, passkeys, and codes for the day they are lost.
import { Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Alert, Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import {
  IconDeviceMobile,
  IconFingerprint,
  IconShieldCheck,
  IconShieldExclamation,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntrance } from "../sign-in/entrance-query";
import { newRecoveryCodes, removeTotp } from "./changes";
import { factorsChanged, factorsQuery } from "./factors";
import { PasskeyLine } from "./PasskeyLine";
import { PasskeySetUp } from "./PasskeySetUp";
import { RecoveryCodes } from "./RecoveryCodes";
import { Section } from "./Section";
import { TotpSetUp } from "./TotpSetUp";

export function SecondFactors() {
  const { t } = useTranslation();
  const factors = useQuery(factorsQuery);
  const { data: entrance } = useEntrance();
  const [doing, setDoing] = useState<"totp" | "passkey">();
  const [codes, setCodes] = useState<string[]>();
  const have = factors.data;
  const some = Boolean(have?.totp || have?.passkeys.length);
  const made = async (given: string[]) => {
    setDoing(undefined);
    if (given.length > 0) setCodes(given);
    await factorsChanged();
  };
  const passkeysWork = entrance?.passkeys !== false && "PublicKeyCredential" in window;
  return (
    <Section title={t("factors.title")} text={t("factors.text")}>
      {factors.isPending && <Lines count={3} height={44} />}
      {factors.error && <Problem error={factors.error} retry={() => factors.refetch()} />}
      {have && (
        <Stack gap="lg">
          <Alert
            variant="outline"
            color={some ? "green" : "orange"}
            icon={some ? <IconShieldCheck /> : <IconShieldExclamation />}
          >
            {some ? t("factors.on") : t("factors.off")}
          </Alert>
          <Stack gap="xs">
            <Title order={3} fz="h5">
              {t("factors.totp")}
            </Title>
            {have.totp ? (
              <Group justify="space-between">
                <Text size="sm">
                  {t("factors.since")} <Time at={have.totp.confirmed_at} mode="date" />
                </Text>
                <Button size="xs" variant="default" onClick={() => removeTotp()}>
                  {t("factors.remove")}
                </Button>
              </Group>
            ) : (
              <Group>
                <Button
                  variant="default"
                  leftSection={<IconDeviceMobile size={18} />}
                  onClick={() => setDoing("totp")}
                >
                  {t("factors.add_totp")}
                </Button>
              </Group>
            )}
          </Stack>
          <Stack gap="xs">
            <Title order={3} fz="h5">
              {t("factors.passkeys")}
            </Title>
            {have.passkeys.map((passkey) => (
              <PasskeyLine key={passkey.id} passkey={passkey} />
            ))}
            {passkeysWork ? (
              <Group>
                <Button
                  variant="default"
                  leftSection={<IconFingerprint size={18} />}
                  onClick={() => setDoing("passkey")}
                >
                  {t("factors.add_passkey")}
                </Button>
              </Group>
            ) : (
              <Text size="sm" c="dimmed">
                {t("factors.no_passkeys_here")}
              </Text>
            )}
          </Stack>
          {some && (
            <Stack gap="xs">
              <Title order={3} fz="h5">
                {t("recovery.codes")}
              </Title>
              <Group justify="space-between">
                <Text size="sm">{t("factors.codes_left", { count: have.recovery_codes_left })}</Text>
                <Button size="xs" variant="default" onClick={() => newRecoveryCodes(setCodes)}>
                  {t("factors.new_codes")}
                </Button>
              </Group>
            </Stack>
          )}
        </Stack>
      )}
      <Modal
        opened={doing !== undefined}
        onClose={() => setDoing(undefined)}
        title={doing === "passkey" ? t("factors.add_passkey") : t("factors.add_totp")}
        size="lg"
      >
        {doing === "totp" && <TotpSetUp onDone={made} onCancel={() => setDoing(undefined)} />}
        {doing === "passkey" && <PasskeySetUp onDone={made} onCancel={() => setDoing(undefined)} />}
      </Modal>
      <Modal
        opened={codes !== undefined}
        onClose={() => undefined}
        withCloseButton={false}
        title={t("recovery.codes")}
        size="lg"
      >
        {codes && <RecoveryCodes codes={codes} onDone={() => setCodes(undefined)} />}
      </Modal>
    </Section>
  );
}
