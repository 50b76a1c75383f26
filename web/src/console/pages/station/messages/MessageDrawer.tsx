// One exchange: the call and its answer, laid out to be read.

import { useFormats } from "@kit/formats";
import { Facts } from "@kit/ui/Facts";
import { Time } from "@kit/ui/Time";
import { Button, CopyButton, Drawer, Group, Stack, Text, Title } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Pretty } from "../../../commands/Pretty";
import { useStationPage } from "../context";
import { Direction, MessageOutcome } from "./badges";
import { type Message, pretty } from "./following";

export function MessageDrawer({
  message,
  flagged,
  onClose,
}: {
  message: Message;
  flagged: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { zone, go } = useStationPage();
  const part = (title: string, text: string) => (
    <Stack gap={4}>
      <Group justify="space-between">
        <Title order={3} fz="md">
          {title}
        </Title>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              size="xs"
              variant="default"
              onClick={copy}
              leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            >
              {t(copied ? "station.copied" : "station.copy")}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Pretty value={text} label={title} height="70dvh" />
    </Stack>
  );
  return (
    <Drawer opened onClose={onClose} position="right" size="xl" title={<bdi dir="ltr">{message.action}</bdi>}>
      <Stack>
        <Facts
          facts={[
            [t("station.when"), <Time key="at" at={message.at} mode="dateTime" seconds zone={zone} />],
            [t("station.direction"), <Direction key="d" direction={message.direction} />],
            [t("station.outcome"), <MessageOutcome key="o" outcome={message.outcome} />],
            [
              t("station.latency"),
              message.latency_us == null ? "" : `${formats.number(message.latency_us / 1000, 1)}\u202fms`,
            ],
            [
              t("station.message_id"),
              <bdi key="id" dir="ltr">
                {message.message_id}
              </bdi>,
            ],
          ]}
        />
        {flagged && (
          <Group gap="xs">
            <Text size="sm">{t("station.flagged")}</Text>
            <Button size="compact-sm" variant="default" onClick={() => go("findings")}>
              {t("station.show_tab", { tab: t("station.tab.findings") })}
            </Button>
          </Group>
        )}
        {part(t("station.call"), pretty(message.request))}
        {message.response ? (
          part(t("station.answer"), pretty(message.response))
        ) : (
          <Text c="dimmed">{t("station.no_answer")}</Text>
        )}
      </Stack>
    </Drawer>
  );
}
