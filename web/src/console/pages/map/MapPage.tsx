// The network on a map, live, and beside it the same as a list.
import { BY_URGENCY, WORRYING, worstOf } from "@kit/map/clusters";
import { MapView } from "@kit/map/MapView";
import { Empty, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Button, Text } from "@mantine/core";
import { IconMapPinOff } from "@tabler/icons-react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { NOBODY, useMapPlaces } from "../../network/mapping";
import { usePlaces } from "../../network/places";
import type { Sums } from "../../network/rows";
import classes from "./map.module.css";
import { PlaceBalloon } from "./PlaceBalloon";
import { PlaceList } from "./PlaceList";

const urgencyOf = (sums: Sums): number => {
  const worst = worstOf(sums.states);
  return worst ? WORRYING.indexOf(worst) : BY_URGENCY.length;
};

export default function MapPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { place?: string; q?: string };
  const { places, error, refetch, isPending } = usePlaces();
  const { onMap, sums } = useMapPlaces(places);
  const [bounds, setBounds] = useState<[number, number, number, number] | null>(null);
  const selected = search.place ? String(search.place) : null;
  const words = String(search.q ?? "");
  const set = useCallback(
    (change: { place?: string; q?: string }) =>
      navigate({
        to: ".",
        search: ((before: Record<string, unknown>) =>
          Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value))) as never,
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const select = useCallback((id: string | null) => set({ place: id ?? "" }), [set]);
  const listed = useMemo(() => {
    const small = words.toLowerCase();
    const seen = (place: (typeof places)[number]) =>
      bounds === null ||
      (place.longitude !== null &&
        place.latitude !== null &&
        place.longitude >= bounds[0] &&
        place.longitude <= bounds[2] &&
        place.latitude >= bounds[1] &&
        place.latitude <= bounds[3]);
    return places
      .filter((place) =>
        small
          ? `${place.name} ${place.city} ${place.address}`.toLowerCase().includes(small)
          : seen(place) || place.id === selected,
      )
      .map((place) => ({ place, sums: sums.get(place.id) ?? NOBODY }))
      .sort(
        (one, other) =>
          urgencyOf(one.sums) - urgencyOf(other.sums) || one.place.name.localeCompare(other.place.name),
      );
  }, [places, sums, bounds, words, selected]);
  const byId = useMemo(() => new Map(places.map((place) => [place.id, place])), [places]);
  return (
    <Page
      title={t("map_page.title")}
      badge={
        places.length > onMap.length && (
          <Text size="sm" c="dimmed">
            {t("map_page.without", { count: places.length - onMap.length })}
          </Text>
        )
      }
    >
      {error && <Problem error={error} retry={() => refetch()} />}
      {!isPending && !error && onMap.length === 0 ? (
        <Empty
          title={t("map_page.none")}
          icon={IconMapPinOff}
          action={
            <Button component={Link} to={"/locations" as "/"}>
              {t("map_page.to_locations")}
            </Button>
          }
        >
          {t("map_page.none_text")}
        </Empty>
      ) : (
        <div className={classes.both}>
          <MapView
            label={t("map_page.title")}
            places={onMap}
            selected={selected}
            onSelect={select}
            onMoved={setBounds}
            height="100%"
            popover={(place) => {
              const found = byId.get(place.id);
              return found && <PlaceBalloon place={found} sums={sums.get(place.id) ?? NOBODY} />;
            }}
          />
          <PlaceList
            rows={listed}
            words={words}
            onWords={(q) => set({ q })}
            selected={selected}
            onSelect={select}
          />
        </div>
      )}
    </Page>
  );
}
