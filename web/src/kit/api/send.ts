// What every question to the server shares: problems as errors, and the CSRF token.

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
