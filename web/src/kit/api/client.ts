// The one way to the server: a client typed by its OpenAPI document, with the CSRF token and problems as errors.
import { QueryClient, queryOptions } from "@tanstack/react-query";
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";

// What the server answers instead of a result (RFC 9457); `code` is stable, `detail` is for people.
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: { field: string; message: string }[];
  readonly retryAfterS: number;

  constructor(status: number, body: Record<string, unknown>, retryAfterS = 0) {
    super(String(body.detail ?? body.title ?? `HTTP ${status}`));
    this.status = status;
    this.code = String(body.code ?? "");
    this.errors = Array.isArray(body.errors) ? (body.errors as { field: string; message: string }[]) : [];
    this.retryAfterS = retryAfterS;
  }

  // What is wrong with one field of a form, in the server's words.
  of(field: string): string | undefined {
    return this.errors.find((each) => each.field === field)?.message;
  }
}

// The server could not be reached at all.
export class Unreachable extends Error {}

let csrfToken = "";
export function setCsrfToken(token: string): void {
  csrfToken = token;
}
export function currentCsrfToken(): string {
  return csrfToken;
}

export async function problemOf(response: Response): Promise<ApiProblem> {
  const body = await response
    .clone()
    .json()
    .catch(() => ({ title: response.statusText }));
  return new ApiProblem(response.status, body, Number(response.headers.get("Retry-After") ?? 0));
}

const careful: Middleware = {
  onRequest({ request }) {
    if (!["GET", "HEAD"].includes(request.method)) {
      if (csrfToken) request.headers.set("X-CSRF-Token", csrfToken);
      if (!request.headers.has("Idempotency-Key"))
        request.headers.set("Idempotency-Key", crypto.randomUUID());
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

// A request the OpenAPI document does not describe well (files, raw bodies).
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.method && init.method !== "GET") headers.set("X-CSRF-Token", csrfToken);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (!response.ok) throw await problemOf(response);
  return response;
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
