// The places on a map. Loaded when somebody opens it, and not before: it is larger than all the rest.
import MapCanvas from "@kit/map/MapCanvas";
import type { Place as MapPlace } from "@kit/map/MapView";
import { MantineProvider } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type CSSProperties, useMemo, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "../app/api";
import { Link } from "../app/router";
import type { PlaceMark } from "../app/types";
import type { Filters, Position } from "../find/filters";
import { Plugs } from "../ui/Plugs";
import { Bones, Problem } from "../ui/parts";
import { State } from "../ui/State";
import { fitting } from "./fitting";

// The kit's map asks for colours by the console's names.
const COLOURS = {
  "--currant-ground": "var(--ground)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-default-border": "var(--line)",
  "--mantine-color-brand-6": "var(--brand-text)",
  "--mantine-radius-md": "0.8rem",
} as CSSProperties;

const dark = matchMedia("(prefers-color-scheme: dark)");
const useDark = () =>
  useSyncExternalStore(
    (listener) => {
      dark.addEventListener("change", listener);
      return () => dark.removeEventListener("change", listener);
    },
    () => dark.matches,
  );

const REFRESH_MS = 20_000;

export default function MapPage({ filters, here }: { filters: Filters; here: Position | null }) {
  const { t } = useTranslation();
  const isDark = useDark();
  const [selected, setSelected] = useState<string | null>(null);
  const marks = useQuery({
    queryKey: ["map"],
    queryFn: ({ signal }) => ask<{ items: PlaceMark[] }>("/map", { signal }),
    refetchInterval: REFRESH_MS,
  });
  const { free, standard, power, q } = filters;
  const shown = useMemo(
    () => fitting(marks.data?.items ?? [], { free, standard, power, q }),
    [marks.data, free, standard, power, q],
  );
  const places = useMemo<MapPlace[]>(
    () =>
      shown.map((mark) => ({
        id: mark.id,
        name: mark.name,
        latitude: mark.lat,
        longitude: mark.lon,
        states: { available: mark.available, occupied: mark.evses - mark.available },
      })),
    [shown],
  );
  const pin = useMemo(() => here && { latitude: here.lat, longitude: here.lon }, [here]);
  if (marks.error && !marks.data) return <Problem error={marks.error} retry={() => marks.refetch()} />;
  if (!marks.data) return <Bones count={1} height={18} />;
  return (
    <MantineProvider
      forceColorScheme={isDark ? "dark" : "light"}
      withCssVariables={false}
      withGlobalClasses={false}
      getRootElement={() => undefined}
    >
      <div style={COLOURS}>
        <MapCanvas
          label={t("find.map_label")}
          places={places}
          selected={selected}
          onSelect={setSelected}
          pin={pin}
          height="max(18rem, calc(100dvh - 20rem))"
          popover={(place) => {
            const mark = shown.find((each) => each.id === place.id);
            return mark ? <Balloon mark={mark} /> : null;
          }}
        />
      </div>
    </MantineProvider>
  );
}

function Balloon({ mark }: { mark: PlaceMark }) {
  const { t } = useTranslation();
  return (
    <div className="stack tight">
      <h2>
        <bdi>{mark.name}</bdi>
      </h2>
      <State
        state={mark.available > 0 ? "available" : "occupied"}
        words={
          mark.available > 0
            ? t("find.free_of", { free: mark.available, all: mark.evses })
            : t("find.none_free", { all: mark.evses })
        }
      />
      <Plugs standards={mark.standards} size={22} />
      <Link to={`/place/${mark.id}`} className="button main">
        {t("find.open_place")}
      </Link>
    </div>
  );
}
