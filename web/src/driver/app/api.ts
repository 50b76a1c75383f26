// The way to the driver's API, and what of its answers is shared by the pages.
import { ApiProblem, currentCsrfToken, send, setCsrfToken, Unreachable } from "@kit/api/send";
import { QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import i18next from "i18next";
import { useSyncExternalStore } from "react";
import { forget, forgetPerson, type Kind, keep, lastKnown } from "./kept";
import type { DriverSession, Me, Page, Site } from "./types";

const BASE = "/driver/v1";

// Whether the last question reached the server.
let reached = navigator.onLine;
const watchers = new Set<() => void>();
export function note(now: boolean): void {
  if (now === reached) return;
  reached = now;
  for (const watcher of watchers) watcher();
}
export function useReached(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => reached,
  );
}
window.addEventListener("offline", () => note(false));
window.addEventListener("online", () => queries.invalidateQueries());

export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  try {
    const headers = new Headers(init.headers);
    headers.set("Accept-Language", i18next.language);
    if (!headers.has("Accept")) headers.set("Accept", "application/json");
    const answer = await send(BASE + path, { ...init, headers });
    note(true);
    return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
  } catch (error) {
    if (error instanceof Unreachable) note(false);
    else if (error instanceof ApiProblem) {
      note(true);
      if (error.status === 401 && maybe) signedOut();
    }
    throw error;
  }
}

export async function tell<T>(method: string, path: string, body?: unknown): Promise<T> {
  // After a reload the token comes with the first answer about oneself.
  if (maybe && !currentCsrfToken()) await queries.refetchQueries({ queryKey: ["me"] });
  return ask<T>(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 10 * 60_000,
      // A phone says "offline" and "online" as it likes: asking tells.
      networkMode: "always",
      retry: (count, error) => error instanceof Unreachable && count < 1,
      retryDelay: 1000,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

// A question whose last answer is kept in the phone, and shown until there is a new one.
export function keptQuery<T>(
  kind: Kind,
  key: readonly unknown[],
  fetch: (signal: AbortSignal) => Promise<T>,
  of = JSON.stringify(key),
) {
  const known = lastKnown<T>(kind, of);
  return queryOptions({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const found = await fetch(signal);
      keep(kind, found, of);
      return found;
    },
    initialData: known?.data,
    initialDataUpdatedAt: known?.at,
  });
}

// Who is signed in

const SIGNED_IN = "currant.driver";
let maybe = localStorage.getItem(SIGNED_IN) !== null;

export function signedIn(me: Me): void {
  maybe = true;
  localStorage.setItem(SIGNED_IN, "1");
  setCsrfToken(me.csrf_token);
  keep("me", publicPart(me));
  queries.setQueryData(["me"], me);
  queries.invalidateQueries({ queryKey: ["sessions"] });
  queries.invalidateQueries({ queryKey: ["evse"] });
}

export function signedOut(): void {
  maybe = false;
  localStorage.removeItem(SIGNED_IN);
  forgetPerson();
  queries.setQueryData(["me"], null);
  for (const key of ["sessions", "session", "receipt", "reservations", "evse"])
    queries.removeQueries({ queryKey: [key] });
}

// No token of a request stays in the phone.
const publicPart = (me: Me): Me => ({ ...me, csrf_token: "" });

export function useMe() {
  const known = maybe ? lastKnown<Me>("me") : undefined;
  return useQuery<Me | null>({
    queryKey: ["me"],
    queryFn: async () => {
      if (!maybe) return null;
      try {
        const me = await ask<Me>("/me");
        setCsrfToken(me.csrf_token);
        localStorage.setItem(SIGNED_IN, "1");
        keep("me", publicPart(me));
        return me;
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 5 * 60_000,
    initialData: known?.data,
    initialDataUpdatedAt: 0,
  });
}

export function useSite() {
  return useQuery({
    ...keptQuery("site", ["site"], (signal) => ask<Site>("/site", { signal })),
    staleTime: 60 * 60_000,
  });
}

// The session that is under way

export const isUnderWay = (session: DriverSession) => !["ended", "failed"].includes(session.state);

export function noteSession(session: DriverSession): void {
  queries.setQueryData(["session", session.id], session);
  if (isUnderWay(session)) keep("session", session, session.id);
  else if (lastKnown("session", session.id)) forget("session");
  queries.setQueryData<DriverSession | null>(["running"], (before) => {
    if (isUnderWay(session)) return session;
    return before?.id === session.id ? null : before;
  });
}

export function useRunning() {
  const { data: me } = useMe();
  const known = lastKnown<DriverSession>("session");
  return useQuery<DriverSession | null>({
    queryKey: ["running"],
    queryFn: async ({ signal }) => {
      const found = await ask<Page<DriverSession>>("/sessions?limit=5", { signal });
      const running = found.items.find(isUnderWay) ?? null;
      if (running) keep("session", running, running.id);
      else forget("session");
      return running;
    },
    enabled: Boolean(me),
    initialData: known?.data,
    initialDataUpdatedAt: known?.at,
    staleTime: 20_000,
    refetchInterval: (query) => (query.state.data ? 30_000 : false),
  });
}

// What went wrong, in words.
export function wordsOf(error: unknown): string {
  if (error instanceof Unreachable) return i18next.t("problem.unreachable");
  if (error instanceof ApiProblem) {
    const key = `problem.${error.code}`;
    if (error.code && i18next.exists(key)) return i18next.t(key);
    return error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
