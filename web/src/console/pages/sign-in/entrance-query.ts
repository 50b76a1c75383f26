// What is known before anybody has signed in.
import { api, asked } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { useQuery } from "@tanstack/react-query";

export type EntranceFacts = components["schemas"]["SignInPage"];

export const entranceQuery = asked(["sign-in"], (signal) => api.GET("/api/v1/sign-in", { signal }));

export function useEntrance() {
  return useQuery({ ...entranceQuery, staleTime: 60_000 });
}
