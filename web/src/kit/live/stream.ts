// The stream itself. One tab of the browser holds it (a lock says which) and tells the others.
import type { Listener } from "./feed";

export type Standing = "connecting" | "live" | "away";

export interface LiveStream {
  follow(topic: string, listener: Listener): () => void;
  standing(): Standing;
  onStanding(listener: (standing: Standing) => void): () => void;
}

let stream: LiveStream | undefined;

export function liveStream(): LiveStream {
  stream ??= simpleStream("/api/v1/live");
  return stream;
}

// One EventSource with the topics of this tab, opened anew when they change.
function simpleStream(address: string): LiveStream {
  const listeners = new Map<string, Set<Listener>>();
  const watchers = new Set<(standing: Standing) => void>();
  let source: EventSource | undefined;
  let now: Standing = "connecting";
  let planned: ReturnType<typeof setTimeout> | undefined;
  const become = (standing: Standing) => {
    now = standing;
    for (const watcher of watchers) watcher(standing);
  };
  const all = (wanted?: string[]) => {
    for (const [topic, some] of listeners)
      if (!wanted || wanted.includes(topic)) for (const listener of some) listener.reload();
  };
  const open = () => {
    planned = undefined;
    source?.close();
    source = undefined;
    if (listeners.size === 0) return;
    source = new EventSource(`${address}?topics=${encodeURIComponent([...listeners.keys()].join(","))}`);
    source.addEventListener("ready", () => become("live"));
    source.addEventListener("reload", (event) => {
      become("live");
      all((JSON.parse(event.data) as { topics?: string[] }).topics);
    });
    source.addEventListener("changes", (event) => {
      const changes = JSON.parse(event.data);
      for (const listener of listeners.get(changes.topic) ?? []) listener.changes(changes);
    });
    source.onerror = () => become("away");
  };
  const plan = () => {
    planned ??= setTimeout(open, 50);
  };
  return {
    follow(topic, listener) {
      const some = listeners.get(topic) ?? new Set();
      const isNew = some.size === 0;
      some.add(listener);
      listeners.set(topic, some);
      if (isNew) plan();
      return () => {
        some.delete(listener);
        if (some.size === 0) {
          listeners.delete(topic);
          plan();
        }
      };
    },
    standing: () => now,
    onStanding(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
  };
}
