// What can be done with the stations that are selected.
import { Button, Group, Text } from "@mantine/core";
import { IconSend, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Station } from "../../network/rows";
import { useMay } from "../../session";
import { accept, refuse } from "./admission";
import classes from "./stations.module.css";

interface Props {
  stations: Station[];
  // How many the list shows at present; when fewer are selected, all of them are offered.
  shown: number;
  onAll: () => void;
  onClear: () => void;
  onCommand: () => void;
}

export function SelectionBar({ stations, shown, onAll, onClear, onCommand }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  if (stations.length === 0) return null;
  const pending = stations.filter((row) => row.admission === "pending");
  const connected = stations.filter((row) => row.connected).length;
  const commanded = stations.some((row) => row.admission === "accepted");
  return (
    <div className={classes.bar} role="region" aria-label={t("stations.selection")}>
      <Group justify="space-between" gap="sm">
        <Group gap="xs">
          <Text fw={600} aria-live="polite">
            {t("stations.selected", { count: stations.length })}
          </Text>
          <Text size="sm">{t("stations.of_them_connected", { count: connected })}</Text>
          {stations.length < shown && (
            <Button variant="subtle" size="compact-sm" onClick={onAll}>
              {t("stations.select_all", { count: shown })}
            </Button>
          )}
        </Group>
        <Group gap="xs">
          {may("commands:give") && commanded && (
            <Button size="sm" leftSection={<IconSend size={16} aria-hidden />} onClick={onCommand}>
              {t("stations.give_command")}
            </Button>
          )}
          {may("stations:admit") && pending.length > 0 && (
            <>
              <Button size="sm" variant="default" onClick={() => accept(pending, t)}>
                {t("stations.accept", { count: pending.length })}
              </Button>
              <Button size="sm" variant="default" onClick={() => refuse(pending, t)}>
                {t("stations.refuse")}
              </Button>
            </>
          )}
          <Button size="sm" variant="subtle" leftSection={<IconX size={16} aria-hidden />} onClick={onClear}>
            {t("stations.clear_selection")}
          </Button>
        </Group>
      </Group>
    </div>
  );
}
