// A station as a card, for phones.
import { useFormats } from "@kit/formats";
import { StateBadge } from "@kit/ui/states";
import { Group, Stack, Text } from "@mantine/core";
import type { Station } from "../../network/rows";
import { Connectors } from "./Connectors";
import { StationLink } from "./columns";

export function StationCard({ row, place }: { row: Station; place: string }) {
  const formats = useFormats();
  return (
    <Stack gap={2}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text truncate component="div">
          <StationLink row={row} />
        </Text>
        <StateBadge state={row.state} />
      </Group>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" truncate>
          <bdi>{[row.name, place].filter(Boolean).join(" · ")}</bdi>
        </Text>
        {row.power_w > 0 && (
          <Text size="sm">
            <bdi dir="ltr">{formats.power(row.power_w)}</bdi>
          </Text>
        )}
      </Group>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="xs" c="dimmed" truncate>
          <bdi>{[row.vendor, row.model].filter(Boolean).join(" ")}</bdi>
        </Text>
        <Connectors connectors={row.connectors} />
      </Group>
    </Stack>
  );
}
