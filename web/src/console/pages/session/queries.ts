// What the page of a session asks.
import { api, asked } from "@kit/api/client";

const of = (session: string) => ({ path: { session } });

export const sessionQuery = (id: string) =>
  asked(["session", id, "view"], (signal) =>
    api.GET("/api/v1/sessions/{session}", { params: of(id), signal }),
  );
export const costQuery = (id: string) =>
  asked(["session", id, "cost"], (signal) =>
    api.GET("/api/v1/sessions/{session}/cost", { params: of(id), signal }),
  );
export const sessionCurveQuery = (id: string) =>
  asked(["session", id, "curve"], (signal) =>
    api.GET("/api/v1/sessions/{session}/curve", { params: { ...of(id), query: { points: 400 } }, signal }),
  );
export const timelineQuery = (id: string) =>
  asked(["session", id, "timeline"], (signal) =>
    api.GET("/api/v1/sessions/{session}/timeline", { params: of(id), signal }),
  );
export const readingsQuery = (id: string) =>
  asked(["session", id, "readings"], (signal) =>
    api.GET("/api/v1/sessions/{session}/readings", {
      params: { ...of(id), query: { max_points: 500 } },
      signal,
    }),
  );
