// What was not as reported, what was made of it, and whether the bill can be trusted.
import { Alert, List, Text } from "@mantine/core";
import { IconTool } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Session } from "../sessions/rows";

export function Repairs({ session }: { session: Session }) {
  const { t } = useTranslation();
  const repairs = session.repairs ?? [];
  if (repairs.length === 0) return null;
  return (
    <Alert
      variant="outline"
      color="gray"
      icon={<IconTool />}
      title={t(session.certain ? "sessions.repaired_title" : "sessions.uncertain_title")}
    >
      <Text size="sm">{t(session.certain ? "sessions.repaired_text" : "sessions.uncertain_text")}</Text>
      <List size="sm" mt="xs">
        {repairs.map((repair) => (
          <List.Item key={`${repair.code} ${repair.at}`}>
            {t(`repair.${repair.code}`, { defaultValue: repair.explanation })}
            <Text size="xs" c="dimmed">
              {repair.explanation}
            </Text>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
