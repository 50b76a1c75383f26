// Which second factor it shall be: shown on the first run, and to who is required to have one.
import { Button, Group, Stack, Text, ThemeIcon, UnstyledButton } from "@mantine/core";
import { IconChevronRight, IconDeviceMobile, IconFingerprint, type TablerIcon } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntrance } from "../sign-in/entrance-query";
import classes from "./FactorChoice.module.css";
import { factorsChanged } from "./factors";
import { PasskeySetUp } from "./PasskeySetUp";
import { RecoveryCodes } from "./RecoveryCodes";
import { TotpSetUp } from "./TotpSetUp";

function Way({
  icon: Shape,
  title,
  text,
  onClick,
}: {
  icon: TablerIcon;
  title: string;
  text: string;
  onClick: () => void;
}) {
  return (
    <UnstyledButton className={classes.way} onClick={onClick}>
      <ThemeIcon size={44} radius="xl" variant="default" aria-hidden>
        <Shape size={24} />
      </ThemeIcon>
      <span className={classes.words}>
        <Text span fw={600} display="block">
          {title}
        </Text>
        <Text span size="sm" c="dimmed" display="block">
          {text}
        </Text>
      </span>
      <IconChevronRight className={classes.onwards} size={20} aria-hidden />
    </UnstyledButton>
  );
}

export function FactorChoice({ onDone, onSkip }: { onDone: () => void; onSkip?: () => void }) {
  const { t } = useTranslation();
  const { data: entrance } = useEntrance();
  const [way, setWay] = useState<"totp" | "passkey">();
  const [codes, setCodes] = useState<string[]>();
  const done = async () => {
    await factorsChanged();
    onDone();
  };
  const made = (given: string[]) => (given.length > 0 ? setCodes(given) : done());
  if (codes) return <RecoveryCodes codes={codes} onDone={done} />;
  if (way === "totp") return <TotpSetUp onDone={made} onCancel={() => setWay(undefined)} />;
  if (way === "passkey") return <PasskeySetUp onDone={made} onCancel={() => setWay(undefined)} />;
  return (
    <Stack>
      {entrance?.passkeys !== false && "PublicKeyCredential" in window && (
        <Way
          icon={IconFingerprint}
          title={t("factors.passkey")}
          text={t("factors.passkey_text")}
          onClick={() => setWay("passkey")}
        />
      )}
      <Way
        icon={IconDeviceMobile}
        title={t("factors.totp")}
        text={t("factors.totp_text")}
        onClick={() => setWay("totp")}
      />
      {onSkip && (
        <Group justify="flex-end">
          <Button variant="default" onClick={onSkip}>
            {t("factors.skip")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
