// The network at a glance: asked once a minute, and its numbers of now kept live in between.
import { api, asked } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { useTopic } from "@kit/live/feed";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMe } from "../../session";

export type Glance = components["schemas"]["NetworkAtAGlance"];

export function useGlance() {
  const client = useQueryClient();
  const me = useMe() as { time_zone?: string } | undefined;
  const zone = me?.time_zone || Intl.DateTimeFormat().resolvedOptions().timeZone;
  const key = ["overview", zone];
  const query = useQuery({
    ...asked(key, (signal) =>
      api.GET("/api/v1/overview", { params: { query: { time_zone: zone } }, signal }),
    ),
    refetchInterval: 60_000,
  });
  const anew = () => client.invalidateQueries({ queryKey: key });
  useTopic("overview", {
    changes: ({ set }) => {
      const now = set.now as Now | undefined;
      if (now) client.setQueryData<Glance>(key, (before) => before && withNow(before, now));
    },
    reload: anew,
  });
  // Which problems there are is summed up by the server; ask again when one comes or goes.
  useTopic("problems", { changes: anew, reload: anew });
  return { ...query, zone };
}

// What the live topic tells: counts and power as they are now.
export interface Now {
  stations?: Partial<Glance["stations"]>;
  connectors?: Partial<Glance["connectors"]>;
  power_w?: number;
  capacity_w?: number;
  sessions_active?: number;
}

export function withNow(before: Glance, now: Now): Glance {
  return {
    ...before,
    stations: { ...before.stations, ...now.stations },
    connectors: { ...before.connectors, ...now.connectors },
    power_w: now.power_w ?? before.power_w,
    capacity_w: now.capacity_w ?? before.capacity_w,
    sessions: { ...before.sessions, active: now.sessions_active ?? before.sessions.active },
  };
}

// How much more or less than before, as a share; nothing where there is nothing to compare with.
export function change(now: number, before: number | null | undefined): number | undefined {
  if (!before || before <= 0) return undefined;
  return now / before - 1;
}
