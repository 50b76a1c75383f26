// The stations of a group, for filtering by it.
import { api, data } from "@kit/api/client";
import { useQuery } from "@tanstack/react-query";

const PAGES_MAX = 50;

export function useGroupMembers(group: string | undefined): ReadonlySet<string> | undefined {
  return useQuery({
    queryKey: ["station-groups", group, "members"],
    enabled: Boolean(group),
    staleTime: 30_000,
    queryFn: async ({ signal }) => {
      const found = new Set<string>();
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const part = await data(
          api.GET("/api/v1/station-groups/{group}/stations", {
            params: { path: { group: group! }, query: { limit: 500, cursor } },
            signal,
          }),
        );
        for (const member of part.items) found.add(member.station_id);
        if (!part.next_cursor) break;
        cursor = part.next_cursor;
      }
      return found;
    },
  }).data;
}
