// The places of the network as a map draws them: where they are, and in which states their stations.
import type { Place } from "@kit/map/MapView";
import { useMemo } from "react";
import { useFleet } from "./fleet";
import type { FleetPlace } from "./places";
import type { Sums } from "./rows";

export const NOBODY: Sums = { stations: 0, connected: 0, states: {}, power_w: 0, sessions: 0 };

export function useMapPlaces(places: readonly FleetPlace[]): {
  onMap: Place[];
  sums: ReadonlyMap<string, Sums>;
  loaded: boolean;
} {
  const { rows, version, loaded } = useFleet();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is what the rows are
  const sums = useMemo(() => rows.byPlace(), [rows, version]);
  const onMap = useMemo(
    () =>
      places.flatMap((place) =>
        place.latitude === null || place.longitude === null
          ? []
          : [
              {
                id: place.id,
                name: place.name,
                latitude: place.latitude,
                longitude: place.longitude,
                states: sums.get(place.id)?.states ?? {},
              },
            ],
      ),
    [places, sums],
  );
  return { onMap, sums, loaded };
}
