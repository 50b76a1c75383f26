// Codes for the day the phone is lost: shown this once, to be copied, kept as a file or printed.
import { Alert, Button, Checkbox, CopyButton, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconCopy, IconDownload, IconPrinter } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../session";
import classes from "./RecoveryCodes.module.css";

export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const [kept, setKept] = useState(false);
  const text = `${t("recovery.file_title", { login: me?.login ?? "", host: window.location.host })}\n\n${codes.join("\n")}\n`;
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = "currant-recovery-codes.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <Stack>
      <Alert icon={<IconAlertTriangle />} color="orange" variant="outline" title={t("recovery.title")}>
        {t("recovery.text")}
      </Alert>
      <div className={classes.printed}>
        <Text className={classes.onPaper}>
          {t("recovery.file_title", { login: me?.login ?? "", host: window.location.host })}
        </Text>
        <SimpleGrid
          component="ol"
          cols={{ base: 1, xs: 2 }}
          spacing={4}
          className={classes.codes}
          aria-label={t("recovery.codes")}
        >
          {codes.map((code) => (
            <Text component="li" key={code} ff="monospace" fz="lg" dir="ltr">
              {code}
            </Text>
          ))}
        </SimpleGrid>
      </div>
      <Group gap="xs">
        <CopyButton value={codes.join("\n")}>
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
        <Button variant="default" onClick={save} leftSection={<IconDownload size={18} />}>
          {t("recovery.download")}
        </Button>
        <Button variant="default" onClick={() => window.print()} leftSection={<IconPrinter size={18} />}>
          {t("recovery.print")}
        </Button>
      </Group>
      <Checkbox
        label={t("recovery.kept")}
        checked={kept}
        onChange={(event) => setKept(event.currentTarget.checked)}
      />
      <Button disabled={!kept} onClick={onDone}>
        {t("recovery.done")}
      </Button>
    </Stack>
  );
}
