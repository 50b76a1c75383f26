// What is asked about limits.
import { api, asked } from "@kit/api/client";

export const profilesQuery = (id: string) =>
  asked(["station", id, "profiles"], (signal) =>
    api.GET("/api/v1/stations/{station}/profiles", {
      params: { path: { station: id }, query: { limit: 200 } },
      signal,
    }),
  );
export const compositeQuery = (id: string, evse: number, duration: number) =>
  asked(["station", id, "composite", evse, duration], (signal) =>
    api.GET("/api/v1/stations/{station}/composite-schedule", {
      params: { path: { station: id }, query: { evse, duration_s: duration, unit: "W" } },
      signal,
    }),
  );
