// What a list is narrowed to, kept in the address, so that it can be sent to somebody and survives going back.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export function useFilters<Name extends string>(): [
  filters: Partial<Record<Name, string>>,
  set: (some: Partial<Record<Name, string | undefined>>) => void,
] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const filters = Object.fromEntries(
    Object.entries(search).map(([name, value]) => [name, String(value)]),
  ) as Partial<Record<Name, string>>;
  const set = useCallback(
    (some: Partial<Record<Name, string | undefined>>) => {
      navigate({
        to: ".",
        replace: true,
        search: ((before: Record<string, unknown>) =>
          Object.fromEntries(
            Object.entries({ ...before, ...some }).filter(([, value]) => value !== undefined && value !== ""),
          )) as never,
      });
    },
    [navigate],
  );
  return [filters, set];
}
