// A session may end elsewhere: by its owner, by an administrator, by time. Then one signs in again and comes back.
import { ApiProblem, queries } from "@kit/api/client";
import { liveStream } from "@kit/live/stream";
import { meQuery } from "./session";

const STILL_THERE_MS = 5 * 60_000;

// Calls `leave` once the server no longer knows who is asking. Answers a function that ends the watch.
export function watchForEnd(leave: () => void): () => void {
  const look = (error: unknown) => {
    if (error instanceof ApiProblem && error.status === 401) leave();
  };
  const stops = [
    queries.getQueryCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") look(event.action.error);
    }),
    queries.getMutationCache().subscribe((event) => {
      if (event.type === "updated" && event.action.type === "error") look(event.action.error);
    }),
    // A stream that breaks may have been ended: whoever looks at it alone would never notice.
    liveStream().onStanding((standing) => {
      if (standing === "away") void queries.invalidateQueries({ queryKey: meQuery.queryKey, exact: true });
    }),
  ];
  const timer = setInterval(() => {
    if (!document.hidden) void queries.invalidateQueries({ queryKey: meQuery.queryKey, exact: true });
  }, STILL_THERE_MS);
  return () => {
    clearInterval(timer);
    for (const stop of stops) stop();
  };
}
