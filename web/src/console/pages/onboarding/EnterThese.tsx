// What to enter at the charger: address, identity, password; to copy, or to scan with a phone.
import { Anchor, Button, Code, CopyButton, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy, IconQrcode } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Onboarding } from "./types";

interface Props {
  identity: string;
  secrets: Onboarding | undefined;
  renewing: boolean;
  onRenew: () => void;
}

export function EnterThese({ identity, secrets, renewing, onRenew }: Props) {
  const { t } = useTranslation();
  const [chosen, choose] = useState(0);
  const url = secrets?.urls[chosen];
  const codeOf = (text: string) => secrets?.qr.find((code) => code.text === text)?.svg;
  return (
    <Stack>
      {secrets && secrets.urls.length > 1 && (
        <SegmentedControl
          aria-label={t("onboarding.address_of_server")}
          value={String(chosen)}
          onChange={(value) => choose(Number(value))}
          data={secrets.urls.map((each, at) => ({
            value: String(at),
            label: t(`onboarding.form.${each.note_code}`),
          }))}
        />
      )}
      {url && (
        <Line
          label={t("onboarding.address_of_server")}
          value={url.url}
          svg={codeOf(url.url)}
          help={t(`onboarding.note.${url.note_code}`, { defaultValue: url.note })}
        />
      )}
      {url?.url.startsWith("wss:") && (
        <Text size="sm">
          {t("onboarding.root_help")}{" "}
          <Anchor href="/pki/root.pem" download="currant-root.pem" underline="always" inherit>
            {t("onboarding.root")}
          </Anchor>
        </Text>
      )}
      <Line label={t("onboarding.identity")} value={identity} svg={codeOf(identity)} />
      {secrets?.password ? (
        <Line
          label={t("onboarding.password")}
          value={secrets.password}
          svg={codeOf(secrets.password)}
          help={t("onboarding.password_once")}
        />
      ) : (
        <div>
          <Text size="sm" fw={500}>
            {t("onboarding.password")}
          </Text>
          <Text size="sm" c="dimmed" mb={4}>
            {t("onboarding.password_gone")}
          </Text>
          <Button size="xs" variant="default" loading={renewing} onClick={onRenew}>
            {t("onboarding.renew")}
          </Button>
        </div>
      )}
    </Stack>
  );
}

function Line({ label, value, svg, help }: { label: string; value: string; svg?: string; help?: string }) {
  const { t } = useTranslation();
  const [scanned, scan] = useState(false);
  return (
    <div>
      <Text size="sm" fw={500}>
        {label}
      </Text>
      {help && (
        <Text size="xs" c="dimmed">
          {help}
        </Text>
      )}
      <Group gap="xs" wrap="nowrap" mt={4}>
        <Code block dir="ltr" flex={1} style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
          {value}
        </Code>
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="xs"
              onClick={copy}
              aria-label={t("onboarding.copy", { what: label })}
              px="xs"
            >
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </Button>
          )}
        </CopyButton>
        {svg && (
          <Button
            variant="default"
            size="xs"
            px="xs"
            aria-expanded={scanned}
            onClick={() => scan(!scanned)}
            aria-label={t("onboarding.show_qr", { what: label })}
          >
            <IconQrcode size={16} />
          </Button>
        )}
      </Group>
      {scanned && svg && (
        <img
          src={`data:image/svg+xml;utf8,${encodeURIComponent(svg)}`}
          alt={t("onboarding.qr_of", { what: label })}
          width={180}
          height={180}
          style={{ marginBlockStart: 8, background: "white" }}
        />
      )}
    </div>
  );
}
