// The message log as it happens: the latest first, bounded, held still while paused.
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "../queries";

export type Message = Schemas["MessageView"];
export const KEPT = 2_000;

// What is followed is told before it is kept under a number: an exchange is known by its own id and time.
export const keyOf = ({ direction, message_id, at }: Message): string => `${at} ${direction} ${message_id}`;

// New ones before the old, each once, no more than are kept.
export function withNew(old: readonly Message[], fresh: readonly Message[]): Message[] {
  const known = new Set(old.map(keyOf));
  const added = fresh.filter((each) => !known.has(keyOf(each))).sort((a, b) => b.at.localeCompare(a.at));
  return added.length === 0 ? (old as Message[]) : [...added, ...old].slice(0, KEPT);
}

// What one sees of a text: the action, and anything in the call or its answer.
export function found(messages: readonly Message[], text: string): Message[] {
  const sought = text.trim().toLowerCase();
  if (!sought) return messages as Message[];
  return messages.filter((each) =>
    `${each.action} ${each.outcome} ${each.request} ${each.response ?? ""}`.toLowerCase().includes(sought),
  );
}

export function pretty(text: string | null | undefined): string {
  if (!text) return "";
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export interface Following {
  fresh: Message[];
  // Arrived while paused.
  waiting: number;
  standing: "live" | "paused" | "away";
}

export function useFollowingMessages(query: string, paused: boolean): Following {
  const [fresh, setFresh] = useState<Message[]>([]);
  const [away, setAway] = useState(false);
  const held = useRef<Message[]>([]);
  const [waiting, setWaiting] = useState(0);
  const stopped = useRef(paused);
  stopped.current = paused;
  useEffect(() => {
    setFresh([]);
    held.current = [];
    const source = new EventSource(`/api/v1/messages/follow?${query}`);
    let planned: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      planned = undefined;
      if (stopped.current) {
        setWaiting(held.current.length);
        return;
      }
      const some = held.current;
      held.current = [];
      setWaiting(0);
      if (some.length > 0) setFresh((before) => withNew(before, some));
    };
    source.addEventListener("message", (event) => {
      held.current = [...held.current, JSON.parse(event.data) as Message].slice(-KEPT);
      planned ??= setTimeout(show, 250);
    });
    source.onopen = () => setAway(false);
    source.onerror = () => setAway(true);
    return () => {
      clearTimeout(planned);
      source.close();
    };
  }, [query]);
  useEffect(() => {
    if (paused || held.current.length === 0) return;
    const some = held.current;
    held.current = [];
    setWaiting(0);
    setFresh((before) => withNew(before, some));
  }, [paused]);
  return { fresh, waiting, standing: paused ? "paused" : away ? "away" : "live" };
}
