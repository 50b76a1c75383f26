// The live stream of this browser, as pages know it.
import { currentCsrfToken, send } from "../api/client";
import type { Standing, World } from "./connection";
import type { Listener } from "./feed";
import { SharedStream, type Tabs } from "./shared";

export type { Standing } from "./connection";

export interface LiveStream {
  follow(topic: string, listener: Listener): () => void;
  standing(): Standing;
  onStanding(listener: (standing: Standing) => void): () => void;
}

const ADDRESS = "/api/v1/live";

const browser: World = {
  fetch: (address, init) => fetch(address, init),
  turn: async (stream, wanted) => {
    const answer = await send(`${ADDRESS}/${encodeURIComponent(stream)}/topics`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wanted),
    });
    return (await answer.json()) as { live_id: string };
  },
  later: (ms, deed) => {
    const timer = setTimeout(deed, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

// Tabs of one sign-in share a stream, and only they: who signs in anew is told nothing of who was here before.
function nameOf(secret: string): string {
  let sum = 5381;
  for (const sign of secret) sum = ((sum * 33) ^ sign.charCodeAt(0)) >>> 0;
  return `currant.live.${sum.toString(36)}`;
}

function tabs(): Tabs | undefined {
  if (!("locks" in navigator) || typeof BroadcastChannel === "undefined") return undefined;
  const name = nameOf(currentCsrfToken());
  return {
    name,
    channel: new BroadcastChannel(name) as unknown as Tabs["channel"],
    locks: navigator.locks as unknown as Tabs["locks"],
  };
}

let stream: SharedStream | undefined;
let leaving = false;

export function liveStream(): LiveStream {
  stream ??= begin();
  return stream;
}

function begin(): SharedStream {
  const made = new SharedStream({
    address: ADDRESS,
    world: browser,
    tabs: tabs(),
    visible: () => document.visibilityState === "visible",
    now: Date.now,
    // The page begins anew: it finds out by itself that one has to sign in, and comes back here after it.
    signedOut: () => {
      if (!leaving) window.location.reload();
      leaving = true;
    },
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") made.wake();
  });
  window.addEventListener("online", () => made.wake());
  window.addEventListener("pagehide", (event) => {
    if (!event.persisted) made.close();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) made.thawed();
  });
  return made;
}
