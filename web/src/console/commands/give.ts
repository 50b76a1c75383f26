// Giving commands, and what there is to know beforehand: the API's description of them.

import { send } from "@kit/api/client";
import { uuid } from "@kit/uuid";
import { queryOptions, useQuery } from "@tanstack/react-query";
import type { CommandDraft, CommandName, CommandRecord } from "./catalogue";
import { IMPORTANT } from "./important";
import { cleaned, missing, type Schema, type Schemas } from "./schema";

// Asked once: it changes with the server's version alone.
export const schemasQuery = queryOptions({
  queryKey: ["openapi"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async ({ signal }): Promise<Schemas> => {
    const answer = await send("/api/v1/openapi.json", { signal });
    return (await answer.json()).components.schemas;
  },
});

export interface When {
  queueUntil?: Date;
  notBefore?: Date;
}

export async function post<T>(path: string, body?: unknown): Promise<T> {
  const answer = await send(`/api/v1${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": uuid() },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answer.status === 204 ? (undefined as T) : answer.json();
}

export function give(station: string, command: CommandDraft, when: When = {}): Promise<CommandRecord> {
  const asked = new URLSearchParams();
  if (when.queueUntil) asked.set("queue_until", when.queueUntil.toISOString());
  if (when.notBefore) asked.set("not_before", when.notBefore.toISOString());
  const query = asked.size > 0 ? `?${asked}` : "";
  return post(`/stations/${encodeURIComponent(station)}/commands${query}`, cleaned(command));
}

// Names that several parts of the API use have the part before them.
export const schemaOf = (schemas: Schemas, name: string): Schema =>
  schemas[name] ??
  Object.entries(schemas).find(([key]) => key.includes(".commanding.") && key.endsWith(`.${name}`))?.[1] ??
  {};

// How the form of a command is made; undefined until that is known.
export function useSchema(name: CommandName | undefined): { schema: Schema; schemas: Schemas } | undefined {
  const known = name && IMPORTANT[name];
  const asked = useQuery({ ...schemasQuery, enabled: name !== undefined && !known });
  if (known) return { schema: known, schemas: {} };
  return name && asked.data ? { schema: schemaOf(asked.data, name), schemas: asked.data } : undefined;
}

// What is still missing of a command, by field; undefined until its form is known.
export function useMissing(draft: CommandDraft | null): string[] | undefined {
  const known = useSchema(draft?.command);
  return draft && known ? missing(known.schema, known.schemas, draft) : undefined;
}
