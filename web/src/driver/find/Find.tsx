// Places to charge at: near me or by name, as a list or on a map.

import { useFormats } from "@kit/formats";
import { IconList, IconMap2, IconMapOff } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { ask, useReached } from "../app/api";
import { keep, lastKnown } from "../app/kept";
import { part } from "../app/part";
import { setSearch, useSearch } from "../app/router";
import type { Page, Place } from "../app/types";
import { Bones, Button, Note, Problem, useTitle } from "../ui/parts";
import { FilterBar } from "./FilterBar";
import { type Filters, filtersOf, type Position, questionOf } from "./filters";
import { PlaceCard } from "./PlaceCard";
import { usePosition } from "./position";

const MapPage = part<{ filters: Filters; here: Position | null }>(() => import("../map/MapPage"));
// While it is looked at; who comes back to it is shown the newest at once.
const REFRESH_MS = 20_000;

export function Find() {
  const { t } = useTranslation();
  const filters = filtersOf(useSearch());
  useTitle(t("find.title"));
  const { here, standing, look } = usePosition(filters.near);
  const question = questionOf(filters, here);
  const near = () => {
    if (filters.near && standing !== "refused" && standing !== "failed") {
      setSearch({ near: undefined });
      return;
    }
    setSearch({ near: "1" });
    if (!here) look();
  };
  const Shape = filters.map ? IconList : IconMap2;
  return (
    <>
      <div className="row between">
        <h1>{t("find.title")}</h1>
        <button
          type="button"
          className="chip"
          onClick={() => setSearch({ view: filters.map ? undefined : "map" })}
        >
          <Shape size={20} aria-hidden /> {filters.map ? t("find.as_list") : t("find.as_map")}
        </button>
      </div>
      <FilterBar filters={filters} locating={standing === "asking"} onNear={near} />
      {filters.near && (standing === "refused" || standing === "failed") && (
        <Note icon={IconMapOff} role="status">
          <p>{t(standing === "refused" ? "find.location_refused" : "find.location_failed")}</p>
        </Note>
      )}
      {filters.map ? (
        <Suspense fallback={<Bones count={1} height={18} />}>
          <MapPage filters={filters} here={filters.near ? here : null} />
        </Suspense>
      ) : (
        <List
          question={question}
          filtered={filters.free || filters.standard !== "" || filters.power !== ""}
          named={filters.q.trim() !== ""}
        />
      )}
    </>
  );
}

function List({ question, filtered, named }: { question: string; filtered: boolean; named: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const reached = useReached();
  const known = lastKnown<Page<Place>>("places");
  const same = known?.of === question ? known : undefined;
  const places = useInfiniteQuery({
    queryKey: ["places", question],
    queryFn: async ({ pageParam, signal }) => {
      const more = pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : "";
      const page = await ask<Page<Place>>(`/places?${question}${more}`, { signal });
      if (!pageParam) keep("places", page, question);
      return page;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    initialData: same && { pages: [same.data], pageParams: [""] },
    initialDataUpdatedAt: same?.at,
    refetchInterval: REFRESH_MS,
  });
  // Without a network, what was seen last is better than nothing, whatever is looked for now.
  const old = places.error && !places.data ? known : undefined;
  const shown = places.data?.pages.flatMap((page) => page.items) ?? old?.data.items;
  if (!shown)
    return places.error ? (
      <Problem error={places.error} retry={() => places.refetch()} />
    ) : (
      <Bones count={5} height={7.5} />
    );
  const asOf = old?.at ?? (places.error || !reached ? places.dataUpdatedAt : undefined);
  return (
    <>
      {asOf !== undefined && (
        <Note kind="warns" role="status">
          <p>{t("app.as_of", { time: formats.dateTime(new Date(asOf)) })}</p>
        </Note>
      )}
      {shown.length === 0 && <Nothing filtered={filtered} named={named} />}
      <ul className="stack" aria-label={t("find.title")}>
        {shown.map((place) => (
          <li key={place.id}>
            <PlaceCard place={place} />
          </li>
        ))}
      </ul>
      {places.hasNextPage && (
        <Button size="wide" busy={places.isFetchingNextPage} onClick={() => places.fetchNextPage()}>
          {t("app.more")}
        </Button>
      )}
    </>
  );
}

function Nothing({ filtered, named }: { filtered: boolean; named: boolean }) {
  const { t } = useTranslation();
  // Nothing was left out, and nothing is there.
  if (!filtered && !named)
    return (
      <Note>
        <h2>{t("find.none_yet")}</h2>
        <p>{t("find.none_yet_text")}</p>
      </Note>
    );
  const all = { q: undefined, free: undefined, standard: undefined, power: undefined };
  return (
    <Note>
      <h2>{t("find.nothing")}</h2>
      <p>{t(filtered ? "find.nothing_filtered" : "find.nothing_text")}</p>
      <div>
        <Button onClick={() => setSearch(all)}>{t("find.show_all")}</Button>
      </div>
    </Note>
  );
}
