// What changes, as it changes: one stream a browser, shared by all of its tabs (kit/live/stream.ts keeps it).
import { useEffect, useRef } from "react";
import { liveStream } from "./stream";

export interface Changes {
  topic: string;
  at: string;
  set: Record<string, unknown>;
  gone: string[];
}

export interface Listener {
  changes: (changes: Changes) => void;
  // What was missed is not held any more: ask the server for the present state again.
  reload: () => void;
  // Where to go on from, if the present state that is held says so (`live_id`).
  since?: () => string | undefined;
}

// Follow a topic for as long as the component is there; null follows nothing.
export function useTopic(topic: string | null, listener: Listener): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    if (topic === null) return;
    return liveStream().follow(topic, {
      changes: (changes) => latest.current.changes(changes),
      reload: () => latest.current.reload(),
      since: () => latest.current.since?.(),
    });
  }, [topic]);
}
