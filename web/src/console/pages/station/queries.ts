// What the page of a station asks; every key begins with ["station", id], so that one change refreshes what it touches.
import { api, asked } from "@kit/api/client";
import type { components } from "@kit/api/schema";

export type Schemas = components["schemas"];
export type StationView = Schemas["StationView"];
export type Insight = Schemas["Insight"];

const of = (station: string) => ({ path: { station } });

export const stationQuery = (id: string) =>
  asked(["station", id, "view"], (signal) =>
    api.GET("/api/v1/stations/{station}", { params: of(id), signal }),
  );
export const insightQuery = (id: string) =>
  asked(["station", id, "insight"], (signal) =>
    api.GET("/api/v1/stations/{station}/insight", { params: of(id), signal }),
  );
export const curveQuery = (id: string, since: string) =>
  asked(["station", id, "curve", since], (signal) =>
    api.GET("/api/v1/stations/{station}/curve", {
      params: { ...of(id), query: { since, points: 300 } },
      signal,
    }),
  );
export const runningQuery = (id: string) =>
  asked(["station", id, "running"], (signal) =>
    api.GET("/api/v1/sessions", { params: { query: { station: id, active: true, limit: 50 } }, signal }),
  );
export const outsideLimitsQuery = (id: string) =>
  asked(["station", id, "outside-limits"], (signal) =>
    api.GET("/api/v1/stations/{station}/limits", { params: of(id), signal }),
  );
export const desiredQuery = (id: string) =>
  asked(["station", id, "desired"], (signal) =>
    api.GET("/api/v1/stations/{station}/desired", { params: of(id), signal }),
  );
export const modelStateQuery = (id: string) =>
  asked(["station", id, "device-model"], (signal) =>
    api.GET("/api/v1/stations/{station}/device-model", { params: of(id), signal }),
  );
export const transfersQuery = (id: string) =>
  asked(["station", id, "transfers"], (signal) =>
    api.GET("/api/v1/stations/{station}/transfers", { params: { ...of(id), query: { limit: 50 } }, signal }),
  );
export const locationsQuery = asked(["locations", "all"], (signal) =>
  api.GET("/api/v1/locations", { params: { query: { limit: 500 } }, signal }),
);
export const locationQuery = (id: string) =>
  asked(["location", id], (signal) =>
    api.GET("/api/v1/locations/{location_id}", { params: { path: { location_id: id } }, signal }),
  );
