// The stations of a location, live.
import { Empty, Lines } from "@kit/ui/feedback";
import { StateBadge } from "@kit/ui/states";
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { IconChargingPile } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { chosen, filtersOf } from "../../network/filters";
import { useFleet } from "../../network/fleet";
import { Section } from "../station/Section";
import { Connectors } from "../stations/Connectors";
import { StationLink } from "../stations/columns";

const SHOWN = 50;
const NAMES = new Map<string, string>();

export function LocationStations({ id }: { id: string }) {
  const { t } = useTranslation();
  const { rows, version, loaded } = useFleet();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is what the rows are
  const here = useMemo(
    () => chosen(rows, filtersOf({ location: id, sort: "state" }), { places: NAMES }).rows,
    [rows, version, id],
  );
  return (
    <Section
      title={t("stations.title")}
      tools={
        here.length > 0 && (
          <Anchor component={Link} to={"/stations" as "/"} search={{ location: id } as never} size="sm">
            {t("locations.in_list")}
          </Anchor>
        )
      }
    >
      {!loaded && <Lines count={3} />}
      {loaded && here.length === 0 && (
        <Empty
          title={t("locations.no_stations")}
          icon={IconChargingPile}
          action={
            <Anchor component={Link} to={"/onboarding" as "/"}>
              {t("stations.add")}
            </Anchor>
          }
        />
      )}
      <Stack gap={0} component="ul" p={0} m={0} style={{ listStyle: "none" }}>
        {here.slice(0, SHOWN).map((row) => (
          <Group key={row.id} component="li" justify="space-between" gap="xs" py={8} mih={44}>
            <Group gap="xs" miw={0}>
              <StationLink row={row} />
              <Text size="sm" c="dimmed" truncate>
                <bdi>{row.name}</bdi>
              </Text>
            </Group>
            <Group gap="sm">
              <Connectors connectors={row.connectors} />
              <StateBadge state={row.state} />
            </Group>
          </Group>
        ))}
      </Stack>
    </Section>
  );
}
