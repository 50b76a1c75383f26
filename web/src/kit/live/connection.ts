// The one connection to the server's live board: opened, resumed where it broke off, told what is wanted.
import type { Changes } from "./feed";
import { readEvents, type ServerEvent } from "./sse";

export type Standing = "connecting" | "live" | "away";

// What time, chance and the network are; tests bring their own.
export interface World {
  fetch: (address: string, init: RequestInit) => Promise<Response>;
  // Tell the server what an open stream shall tell; rejects with what has a `status`, or nothing came.
  turn: (stream: string, wanted: { topics: string[]; since?: string }) => Promise<{ live_id: string }>;
  later: (ms: number, deed: () => void) => () => void;
  random: () => number;
}

export interface Told {
  changes: (changes: Changes) => void;
  // Load these anew; all of them when none are named.
  reload: (topics: string[] | undefined) => void;
  standing: (standing: Standing) => void;
  position: (position: string) => void;
  // Something came: who looks on knows that the connection lives.
  alive: () => void;
  signedOut: () => void;
}

export const TOPICS_MAX = 32;
export const AWAY_AFTER_MS = 3_000;
export const SILENT_MS = 70_000;
const GATHER_MS = 30;
const LET_GO_MS = 5_000;
const AGAIN_MS = 2_000;
const SLOWEST_MS = 10_000;
const SETTLE_MS = 1_500;

// Of two positions the one further back; of different boards the first, which then has all loaded anew.
export function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (!one || !other) return one ?? other;
  const [epoch, number] = [one.slice(0, one.lastIndexOf("-")), Number(one.slice(one.lastIndexOf("-") + 1))];
  const [another, its] = [
    other.slice(0, other.lastIndexOf("-")),
    Number(other.slice(other.lastIndexOf("-") + 1)),
  ];
  if (epoch !== another) return one;
  return number <= its ? one : other;
}

export class LiveConnection {
  position = "";
  private readonly address: string;
  private readonly world: World;
  private readonly told: Told;
  // What is wanted, each with where to go on from when it is new.
  private wanted = new Map<string, string | undefined>();
  private has = new Set<string>();
  private stream = "";
  private abort: AbortController | undefined;
  private tries = 0;
  private standing: Standing = "connecting";
  private turning = false;
  private closed = false;
  private cancelRetry: (() => void) | undefined;
  private cancelAway: (() => void) | undefined;
  private cancelTurn: (() => void) | undefined;
  private cancelSilence: (() => void) | undefined;

  constructor(address: string, world: World, told: Told, position = "") {
    this.address = address;
    this.world = world;
    this.told = told;
    this.position = position;
  }

  // What shall be told from now on. New topics are asked for at once, old ones let go of after a while:
  // somebody who turns pages comes back.
  want(topics: Map<string, string | undefined>): void {
    this.wanted = topics;
    if (!this.stream) return;
    const isNew = [...topics.keys()].some((topic) => !this.has.has(topic));
    const isOld = [...this.has].some((topic) => !topics.has(topic));
    if (isNew || isOld) this.planTurn(isNew ? GATHER_MS : LET_GO_MS, isNew);
  }

  start(): void {
    if (this.closed || this.abort) return;
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    this.lost();
    this.run().catch(() => undefined);
  }

  // Try again now: the network is back, or somebody looks again.
  wake(): void {
    if (!this.cancelRetry) return;
    this.tries = 0;
    this.start();
  }

  close(): void {
    this.closed = true;
    for (const cancel of [this.cancelRetry, this.cancelAway, this.cancelTurn, this.cancelSilence]) cancel?.();
    this.abort?.abort();
  }

  private topics(): string[] {
    // The latest wishes count when there are too many.
    return [...this.wanted.keys()].slice(-TOPICS_MAX);
  }

  private async run(): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    const topics = this.topics();
    const first = this.position === "";
    const resumed = this.position || [...this.wanted.values()].reduce(earlier, undefined) || "";
    let pause: number | undefined;
    try {
      const answer = await this.world.fetch(
        `${this.address}?topics=${encodeURIComponent(topics.join(","))}`,
        {
          headers: { Accept: "text/event-stream", ...(resumed && { "Last-Event-ID": resumed }) },
          cache: "no-store",
          credentials: "same-origin",
          signal: abort.signal,
        },
      );
      if (answer.status === 401) {
        this.told.signedOut();
        return;
      }
      // Not allowed to: asking again changes nothing.
      if (answer.status === 403) {
        this.cancelAway?.();
        return;
      }
      if (!answer.ok) {
        pause = Number(answer.headers.get("Retry-After") ?? 0) * 1000;
        throw new Error(`HTTP ${answer.status}`);
      }
      this.has = new Set(topics);
      this.listen();
      await readEvents(answer, {
        event: (event) => this.took(event, first),
        alive: () => {
          this.listen();
          this.told.alive();
        },
      });
      // It ends after an hour, and when the server stops: go on at once.
      pause = this.tries === 0 ? 200 : undefined;
    } catch {
      // Whatever it was, it is tried again.
    }
    if (abort.signal.aborted && this.closed) return;
    this.retry(pause);
  }

  private retry(pause = 0): void {
    this.abort = undefined;
    this.stream = "";
    this.has = new Set();
    this.cancelSilence?.();
    this.lost();
    const slow = Math.min(SLOWEST_MS, 500 * 2 ** this.tries);
    this.tries += 1;
    const wait = Math.max(pause, slow) * (0.5 + this.world.random());
    this.cancelRetry = this.world.later(wait, () => this.start());
  }

  private took(event: ServerEvent, first: boolean): void {
    if (event.kind === "ready") this.ready(JSON.parse(event.data), first);
    else if (event.kind === "changes") this.told.changes(JSON.parse(event.data) as Changes);
    else if (event.kind === "reload")
      this.told.reload((JSON.parse(event.data) as { topics?: string[] }).topics);
    if (event.id) {
      this.position = event.id;
      this.told.position(event.id);
    }
  }

  private ready(data: { stream_id: string; live_id: string }, first: boolean): void {
    this.stream = data.stream_id;
    this.tries = 0;
    this.cancelAway?.();
    this.cancelAway = undefined;
    this.become("live");
    if (first) {
      this.position = data.live_id;
      this.told.position(data.live_id);
      // Pages asked for what they show while this was being opened: what changed between is made good.
      const unsure = this.topics().filter((topic) => !this.wanted.get(topic));
      if (unsure.length > 0) this.world.later(SETTLE_MS, () => this.told.reload(unsure));
    }
    this.want(this.wanted);
  }

  private planTurn(ms: number, soon: boolean): void {
    if (this.cancelTurn && !soon) return;
    this.cancelTurn?.();
    this.cancelTurn = this.world.later(ms, () => {
      this.cancelTurn = undefined;
      this.turn().catch(() => undefined);
    });
  }

  private async turn(): Promise<void> {
    const stream = this.stream;
    if (!stream || this.turning) return;
    const topics = this.topics();
    const added = topics.filter((topic) => !this.has.has(topic));
    const since = added.map((topic) => this.wanted.get(topic) ?? this.position).reduce(earlier, undefined);
    this.turning = true;
    try {
      await this.world.turn(stream, { topics, ...(since && { since }) });
      this.turning = false;
      if (stream !== this.stream) return;
      this.has = new Set(topics);
      this.want(this.wanted);
    } catch (error) {
      this.turning = false;
      if (stream !== this.stream) return;
      // This stream is not known there (any more): open another, which says all of it.
      if ((error as { status?: number }).status === 404) this.abort?.abort();
      else this.planTurn(AGAIN_MS, true);
    }
  }

  // Nothing for so long, not even a sign of life: the connection is dead and nobody said so.
  private listen(): void {
    this.cancelSilence?.();
    this.cancelSilence = this.world.later(SILENT_MS, () => this.abort?.abort());
  }

  private lost(): void {
    if (this.standing === "away" || this.cancelAway) return;
    this.cancelAway = this.world.later(AWAY_AFTER_MS, () => {
      this.cancelAway = undefined;
      this.become("away");
    });
  }

  private become(standing: Standing): void {
    if (this.standing === standing) return;
    this.standing = standing;
    this.told.standing(standing);
  }
}
