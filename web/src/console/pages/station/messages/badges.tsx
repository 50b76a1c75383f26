// Which way a message went, and what came of it.
import { useStateColour } from "@kit/ui/states";
import { Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconArrowDownLeft, IconArrowUpRight, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

export function Direction({ direction }: { direction: string }) {
  const { t } = useTranslation();
  const Shape = direction === "in" ? IconArrowDownLeft : IconArrowUpRight;
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex">
      <Shape size={14} aria-hidden />
      <Text span size="sm">
        {t(direction === "in" ? "station.direction_in" : "station.direction_out")}
      </Text>
    </Group>
  );
}

export function MessageOutcome({ outcome }: { outcome: string }) {
  const { t } = useTranslation();
  const colour = useStateColour();
  const [kind, code] = outcome.split(":") as [string, string?];
  const well = kind === "answered" || kind === "send";
  const Shape = well ? IconCheck : IconAlertTriangle;
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex" c={colour(well ? "available" : "faulted")}>
      <Shape size={14} aria-hidden />
      <Text span size="sm" c="inherit">
        {t(`message_outcome.${kind}`)}
        {code && (
          <>
            {" "}
            <bdi dir="ltr">{code}</bdi>
          </>
        )}
      </Text>
    </Group>
  );
}
