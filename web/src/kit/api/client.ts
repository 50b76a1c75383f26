// The one way to the server: a client typed by its OpenAPI document, with the CSRF token and problems as errors.
import { uuid } from "@kit/uuid";
import { QueryClient, queryOptions } from "@tanstack/react-query";
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";
import { ApiProblem, currentCsrfToken, problemOf, Unreachable } from "./send";

export { ApiProblem, currentCsrfToken, problemOf, send, setCsrfToken, Unreachable } from "./send";

const careful: Middleware = {
  onRequest({ request }) {
    if (!["GET", "HEAD"].includes(request.method)) {
      const token = currentCsrfToken();
      if (token) request.headers.set("X-CSRF-Token", token);
      if (!request.headers.has("Idempotency-Key")) request.headers.set("Idempotency-Key", uuid());
    }
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
    return response;
  },
  onError({ error }) {
    return new Unreachable(String(error));
  },
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(careful);

// The data of an answer; a problem is thrown before.
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

// A query: the key is what is asked, so that the same question is asked once.
export function asked<T>(key: readonly unknown[], ask: (signal: AbortSignal) => Promise<{ data?: T }>) {
  return queryOptions({ queryKey: key, queryFn: ({ signal }) => data(ask(signal)) });
}

const worthRepeating = (error: Error) =>
  error instanceof Unreachable ||
  (error instanceof ApiProblem && [429, 502, 503, 504].includes(error.status));

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 5 * 60_000,
      retry: (count, error) => worthRepeating(error) && count < 3,
      retryDelay: (count, error) =>
        error instanceof ApiProblem && error.retryAfterS > 0
          ? error.retryAfterS * 1000
          : Math.min(1000 * 2 ** count, 15_000),
      refetchOnWindowFocus: false,
    },
    mutations: { retry: false },
  },
});
