// Lists that come in pages: more is asked for as the end comes near.
import { data } from "@kit/api/client";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

interface PageOf<T> {
  items: readonly T[];
  next_cursor?: string | null;
}

export function usePages<T>(
  key: readonly unknown[],
  ask: (cursor: string | undefined, signal: AbortSignal) => Promise<{ data?: PageOf<T> }>,
  options: { enabled?: boolean; refetchInterval?: number } = {},
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => data(ask(pageParam || undefined, signal)),
    initialPageParam: "",
    getNextPageParam: (last: PageOf<T>) => last.next_cursor || undefined,
    placeholderData: keepPreviousData,
    ...options,
  });
  const items = useMemo(() => query.data?.pages.flatMap((page) => [...page.items]) ?? [], [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { ...query, items, more };
}
