// Every place, as maps and lists show it.
import { problemOf, queries, Unreachable } from "@kit/api/client";
import { useTopic } from "@kit/live/feed";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

export interface FleetPlace {
  id: string;
  name: string;
  city: string;
  country: string;
  address: string;
  latitude: number | null;
  longitude: number | null;
  time_zone: string;
}

export const placesQuery = queryOptions({
  queryKey: ["fleet", "locations"],
  queryFn: async ({ signal }) => {
    const answer = await fetch("/api/v1/fleet/locations", { signal, credentials: "same-origin" }).catch(
      (error) => {
        if (signal.aborted) throw error;
        throw new Unreachable(String(error));
      },
    );
    if (!answer.ok) throw await problemOf(answer);
    return ((await answer.json()) as { items: FleetPlace[] }).items;
  },
  staleTime: 60_000,
});

export const anew = () => queries.invalidateQueries({ queryKey: ["fleet", "locations"] });

// All places, and their names by id. Places that are made or changed elsewhere appear.
export function usePlaces() {
  const query = useQuery(placesQuery);
  useTopic("locations", { changes: anew, reload: anew });
  const names = useMemo(
    () => new Map((query.data ?? []).map((place) => [place.id, place.name] as const)),
    [query.data],
  );
  return { ...query, places: query.data ?? NONE, names };
}
const NONE: FleetPlace[] = [];
