// The connectors of a station, a shape each.
import { StateMark } from "@kit/ui/states";
import { Group, Text } from "@mantine/core";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { ConnectorNow } from "../../network/rows";
import { lookOfStatus, statusWords } from "../../network/words";

const SHOWN = 6;

export const Connectors = memo(function Connectors({ connectors }: { connectors: ConnectorNow[] }) {
  const { t } = useTranslation();
  const real = connectors.filter(([, connector]) => connector > 0);
  return (
    <Group gap={4} wrap="nowrap">
      {real.slice(0, SHOWN).map(([evse, connector, status, error]) => (
        <StateMark
          key={`${evse}/${connector}`}
          state={lookOfStatus(status)}
          words={`${t("stations.connector", { evse, connector })}: ${statusWords(t, status)}${error ? ` (${error})` : ""}`}
        />
      ))}
      {real.length > SHOWN && (
        <Text span size="xs">
          +{real.length - SHOWN}
        </Text>
      )}
    </Group>
  );
});
