// The filters of the list, kept in the address: they survive a reload, a way back, and being sent to somebody.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type Filters, filtersOf, searchOf } from "../../network/filters";

export function useFilters(): [Filters, (change: Partial<Filters>, quietly?: boolean) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const filters = useMemo(() => filtersOf(search), [search]);
  const change = useCallback(
    (wanted: Partial<Filters>, quietly = false) =>
      navigate({
        to: ".",
        search: ((before: Record<string, unknown>) => searchOf({ ...filtersOf(before), ...wanted })) as never,
        replace: quietly,
        resetScroll: false,
      }),
    [navigate],
  );
  return [filters, change];
}
