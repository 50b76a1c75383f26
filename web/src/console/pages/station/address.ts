// What is chosen on a page, kept in its address: it survives reload, back, and being sent to somebody.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export interface Address {
  get: (name: string) => string;
  set: (changed: Record<string, string>) => void;
}

export function useAddress(): Address {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const get = useCallback((name: string) => (search[name] == null ? "" : String(search[name])), [search]);
  const set = useCallback(
    (changed: Record<string, string>) => {
      navigate({
        to: ".",
        replace: true,
        resetScroll: false,
        search: ((before: Record<string, unknown>) => {
          const next: Record<string, unknown> = { ...before, ...changed };
          for (const [name, value] of Object.entries(next)) if (value === "") delete next[name];
          return next;
        }) as never,
      });
    },
    [navigate],
  );
  return { get, set };
}
