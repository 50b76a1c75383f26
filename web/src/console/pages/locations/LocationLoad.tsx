// What a location drew in the last day.
import { api, asked } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { Curve } from "@kit/ui/Curve";
import { Lines, Problem } from "@kit/ui/feedback";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Location } from "./LocationForm";

const STEP_S = 900;
const DAY_S = 86_400;

export function LocationLoad({ location }: { location: Location }) {
  const { t } = useTranslation();
  const formats = useFormats();
  // Asked anew every quarter of an hour: the key changes with it.
  const until = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S;
  const query = useQuery({
    ...asked(["location", location.id, "load", until], (signal) =>
      api.GET("/api/v1/locations/{location_id}/load", {
        params: {
          path: { location_id: location.id },
          query: {
            since: new Date((until - DAY_S) * 1000).toISOString(),
            until: new Date(until * 1000).toISOString(),
            step_s: STEP_S,
          },
        },
        signal,
      }),
    ),
    staleTime: STEP_S * 1000,
  });
  const drawn = useMemo(() => {
    const known = new Map(
      (query.data?.items ?? []).map((point) => [new Date(point.at).getTime() / 1000, point.power_w]),
    );
    const times = Array.from({ length: DAY_S / STEP_S }, (_, at) => until - DAY_S + at * STEP_S);
    return { times, values: times.map((time) => known.get(time) ?? 0) };
  }, [query.data, until]);
  const series = useMemo(
    () => [{ name: t("locations.power"), values: drawn.values, filled: true }],
    [t, drawn.values],
  );
  if (query.error) return <Problem error={query.error} retry={() => query.refetch()} />;
  if (!query.data) return <Lines count={1} height={180} />;
  return (
    <Curve
      label={t("locations.load")}
      times={drawn.times}
      series={series}
      format={formats.power}
      height={180}
      zone={location.time_zone}
    />
  );
}
