import { api, asked } from "@kit/api/client";

export const findingsQuery = (id: string) =>
  asked(["station", id, "findings"], (signal) =>
    api.GET("/api/v1/stations/{station}/findings", {
      params: { path: { station: id }, query: { limit: 500 } },
      signal,
    }),
  );
