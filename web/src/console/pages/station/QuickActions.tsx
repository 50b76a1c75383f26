// What is done most: start, stop, and a menu of the rest.
import { Button, Menu } from "@mantine/core";
import {
  IconBolt,
  IconChevronDown,
  IconCommand,
  IconListDetails,
  IconLockOpen,
  IconPlayerStop,
  IconRefresh,
  IconTool,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../session";
import { useStationPage } from "./context";
import { useStop } from "./stopping";

export function QuickActions() {
  const { t } = useTranslation();
  const may = useMay();
  const { station, running, command } = useStationPage();
  const stop = useStop();
  if (!may("commands:give") || station.admission === "retired") return null;
  const first = station.evses[0]?.number ?? 1;
  const only = station.evses.length === 1 ? { evse: first } : {};
  const known = station.connectors.filter(({ evse }) => evse > 0);
  const isOpen = known.length === 0 || known.some(({ status }) => status !== "unavailable");
  return (
    <>
      <Button
        leftSection={<IconBolt size={18} aria-hidden />}
        onClick={() => command({ command: "StartCharging", ...only })}
      >
        {t("station.start")}
      </Button>
      {running.length === 1 && running[0] && (
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={18} aria-hidden />}
          onClick={() => running[0] && stop(running[0])}
        >
          {t("station.stop")}
        </Button>
      )}
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
            {t("station.actions")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {running.length > 1 &&
            running.map((session) => (
              <Menu.Item
                key={session.id}
                leftSection={<IconPlayerStop size={16} />}
                onClick={() => stop(session)}
              >
                {t("station.stop_number", { number: session.number, evse: session.evse ?? "–" })}
              </Menu.Item>
            ))}
          <Menu.Item
            leftSection={<IconLockOpen size={16} />}
            onClick={() => command({ command: "Unlock", evse: first, connector: 1 })}
          >
            {t("commands.name.Unlock")}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconRefresh size={16} />}
            onClick={() => command({ command: "Reset", kind: "on_idle" })}
          >
            {t("commands.name.Reset")}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconTool size={16} />}
            onClick={() => command({ command: "SetAvailability", operative: !isOpen })}
          >
            {t(isOpen ? "station.take_out" : "station.put_back")}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconListDetails size={16} />}
            onClick={() => command({ command: "Trigger", message: "status" })}
          >
            {t("commands.name.Trigger")}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconCommand size={16} />} onClick={() => command()}>
            {t("station.more_commands")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
