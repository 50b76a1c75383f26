// What stands beside a place on the map: its stations by state, and the ways on.
import { useFormats } from "@kit/formats";
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { PlaceStates } from "../../network/PlaceStates";
import type { FleetPlace } from "../../network/places";
import type { Sums } from "../../network/rows";

export function PlaceBalloon({ place, sums }: { place: FleetPlace; sums: Sums }) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <Stack gap={6} maw={260}>
      <Anchor component={Link} to={`/locations/${place.id}` as "/"} fw={700}>
        <bdi>{place.name}</bdi>
      </Anchor>
      <Text size="sm">
        <bdi>{[place.address, place.city].filter(Boolean).join(", ")}</bdi>
      </Text>
      <PlaceStates states={sums.states} words />
      {sums.power_w > 0 && (
        <Text size="sm">
          <bdi dir="ltr">{formats.power(sums.power_w)}</bdi>
        </Text>
      )}
      <Group>
        <Anchor component={Link} to={"/stations" as "/"} search={{ location: place.id } as never} size="sm">
          {t("map_page.stations", { count: sums.stations })}
        </Anchor>
      </Group>
    </Stack>
  );
}
