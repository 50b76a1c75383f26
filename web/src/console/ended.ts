// A session may end elsewhere: by its owner, by an administrator, by time. Then one signs in again and comes back.
// (The live stream looks after itself, and begins the page anew.)
import { ApiProblem, queries } from "@kit/api/client";

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
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
