// One EVSE.
import { useFormats } from "@kit/formats";
import { StateBadge } from "@kit/ui/states";
import { Time } from "@kit/ui/Time";
import { ActionIcon, Button, Group, Menu, Paper, Stack, Text, Title } from "@mantine/core";
import { IconDots, IconPlayerStop } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../session";
import { errorWords } from "../../../vocabulary";
import { useStationPage } from "../context";
import type { Schemas } from "../queries";
import { useStop } from "../stopping";
import { stateOfConnector } from "./connectorState";

interface Props {
  number: number;
  evse?: Schemas["Evse"];
  connectors: Schemas["ConnectorState"][];
  session?: Schemas["SessionView"];
  saying?: string;
  onSettings: () => void;
}

export function EvseCard({ number, evse, connectors, session, saying }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const stop = useStop();
  const formats = useFormats();
  const { zone, command } = useStationPage();
  const plugs = new Map((evse?.connectors ?? []).map((each) => [each.number, each]));
  return (
    <Paper
      withBorder
      p="sm"
      data-evse={number}
      component="article"
      aria-label={t("commands.evse", { number })}
    >
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Title order={3} fz="md">
            {t("commands.evse", { number })}
            {evse?.reference && (
              <Text span size="sm" c="dimmed">
                {" "}
                <bdi dir="ltr">{evse.reference}</bdi>
              </Text>
            )}
          </Title>
          {saying && <Text size="sm">{saying}</Text>}
        </div>
        {may("commands:give") && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon
                variant="default"
                size="lg"
                aria-label={t("station.evse_actions", { evse: number })}
              >
                <IconDots size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => command({ command: "StartCharging", evse: number })}>
                {t("station.start")}
              </Menu.Item>
              <Menu.Item onClick={() => command({ command: "Unlock", evse: number, connector: 1 })}>
                {t("commands.name.Unlock")}
              </Menu.Item>
              <Menu.Item
                onClick={() => command({ command: "SetAvailability", operative: false, evse: number })}
              >
                {t("station.take_out")}
              </Menu.Item>
              <Menu.Item
                onClick={() => command({ command: "SetAvailability", operative: true, evse: number })}
              >
                {t("station.put_back")}
              </Menu.Item>
              <Menu.Item onClick={() => command({ command: "Trigger", message: "status", evse: number })}>
                {t("insight.todo.trigger_status")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      <Stack gap={4} mt={6}>
        {connectors.map((connector) => {
          const plug = plugs.get(connector.connector);
          return (
            <Group key={connector.connector} gap="xs" data-connector={connector.connector}>
              <StateBadge
                state={stateOfConnector(connector.status)}
                words={t(`connector_status.${connector.status}`)}
              />
              <Text size="sm" c="dimmed">
                {plug
                  ? t(`plug.${plug.standard ?? "other"}`, { defaultValue: plug.standard })
                  : t("station.connector", { number: connector.connector })}
                {plug?.max_power_w ? ` · ${formats.power(plug.max_power_w)}` : ""}
                {connector.since && (
                  <>
                    {" · "}
                    <Time at={connector.since} />
                  </>
                )}
                {connector.error && ` · ${errorWords(t, connector.error)}`}
              </Text>
            </Group>
          );
        })}
      </Stack>
      {session && (
        <Group justify="space-between" mt="sm" gap="xs" align="flex-end">
          <div>
            <Text
              component={Link}
              to={`/sessions/${session.number}` as "/"}
              size="sm"
              fw={600}
              td="underline"
              c="inherit"
            >
              {t("station.session", { number: session.number })}
            </Text>
            <Text size="sm" c="dimmed">
              <bdi dir="ltr">{session.token_uid}</bdi> ·{" "}
              <Time at={session.started_at} mode="time" zone={zone} />
            </Text>
          </div>
          <Group gap="md">
            <Figure name={t("station.power")} value={formats.power(session.power_w)} />
            <Figure name={t("station.energy")} value={formats.energy(session.energy_wh)} />
            {session.soc_percent != null && (
              <Figure name={t("station.soc")} value={formats.percent(session.soc_percent / 100)} />
            )}
            {may("sessions:write") && (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconPlayerStop size={14} aria-hidden />}
                onClick={() => stop(session)}
              >
                {t("station.stop")}
              </Button>
            )}
          </Group>
        </Group>
      )}
    </Paper>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text fw={700}>{value}</Text>
    </div>
  );
}
