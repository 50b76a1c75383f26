// Who is signed in, and what they may do.
import { api, asked, queries, setCsrfToken } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { setReaderZone } from "@kit/formats";
import { useQuery } from "@tanstack/react-query";

export type Me = components["schemas"]["Me"];
export type Permission = components["schemas"]["Permission"];

export const meQuery = asked(["me"], async (signal) => {
  const answer = await api.GET("/api/v1/me", { signal });
  if (answer.data) took(answer.data);
  return answer;
});

function took(me: Me): void {
  setCsrfToken(me.csrf_token ?? "");
  setReaderZone((me as { time_zone?: string }).time_zone ?? "");
}

// Somebody has just signed in (or changed what they are).
export function signedInAs(me: Me): void {
  took(me);
  queries.setQueryData(meQuery.queryKey, me);
}

export function useMe(): Me | undefined {
  return useQuery(meQuery).data;
}

export function useMay(): (permission: Permission) => boolean {
  const me = useMe();
  return (permission) => me?.permissions.includes(permission) ?? false;
}
