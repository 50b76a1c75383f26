// A secret that is shown this once: to be copied, and then gone.
import { Alert, Button, Code, CopyButton, Group, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy, IconEyeOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  secret: string;
  label: string;
  children?: ReactNode;
  onDone: () => void;
}

export function ShownOnce({ secret, label, children, onDone }: Props) {
  const { t } = useTranslation();
  return (
    <Stack>
      <Alert icon={<IconEyeOff />} color="orange" variant="outline">
        {t("keys.once")}
      </Alert>
      <div>
        <Text fw={600} size="sm" mb={4}>
          {label}
        </Text>
        <Code
          block
          dir="ltr"
          fz="md"
          style={{ whiteSpace: "normal", overflowWrap: "anywhere" }}
          data-testid="secret"
        >
          {secret}
        </Code>
      </div>
      {children}
      <Group justify="space-between">
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              onClick={copy}
              leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />}
            >
              {copied ? t("recovery.copied") : t("recovery.copy")}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onDone}>{t("recovery.done")}</Button>
      </Group>
    </Stack>
  );
}
