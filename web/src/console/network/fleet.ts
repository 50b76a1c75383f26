// Every station, live, for all pages: loaded once, kept by the stream, and let go of when nobody looks for a while.
import { problemOf, Unreachable } from "@kit/api/client";
import type { Changes } from "@kit/live/feed";
import { liveStream } from "@kit/live/stream";
import { useSyncExternalStore } from "react";
import { Rows, type Snapshot, type Station } from "./rows";

export interface Fleet {
  rows: Rows;
  version: number;
  loaded: boolean;
  error: unknown;
}

const KEPT_MS = 30_000;
const AGAIN_MS = 5_000;

export class FleetStore {
  private readonly rows = new Rows();
  private current: Fleet = { rows: this.rows, version: 0, loaded: false, error: undefined };
  private readonly watchers = new Set<() => void>();
  private position: string | undefined;
  private unfollow: (() => void) | undefined;
  private leaving: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private loading: Promise<void> | undefined;
  private listening = false;
  private waiting: Changes[] = [];
  private framed = 0;

  // For useSyncExternalStore.
  subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    clearTimeout(this.leaving);
    if (!this.unfollow) this.follow();
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size === 0) this.leaving = setTimeout(() => this.leave(), KEPT_MS);
    };
  };
  snapshot = (): Fleet => this.current;

  reload = (): Promise<void> => {
    this.loading ??= this.load().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  };

  private follow(): void {
    this.unfollow = () => undefined;
    this.reload();
  }

  // First what is, then what changes of it.
  private listen(): void {
    if (!this.unfollow || this.listening) return;
    this.listening = true;
    this.unfollow = liveStream().follow("stations", {
      changes: (changes) => this.took(changes),
      reload: () => this.reload(),
      since: () => this.position,
    });
  }

  private leave(): void {
    this.unfollow?.();
    this.unfollow = undefined;
    this.listening = false;
    clearTimeout(this.again);
    this.current = { ...this.current, loaded: false };
  }

  private async load(): Promise<void> {
    clearTimeout(this.again);
    try {
      const answer = await fetch("/api/v1/fleet", { credentials: "same-origin" }).catch((error) => {
        throw new Unreachable(String(error));
      });
      if (!answer.ok) throw await problemOf(answer);
      const snapshot = (await answer.json()) as Snapshot;
      this.waiting = [];
      this.position = snapshot.live_id;
      this.rows.load(snapshot);
      this.current = { rows: this.rows, version: this.rows.version, loaded: true, error: undefined };
      this.tell();
      this.listen();
    } catch (error) {
      this.current = { ...this.current, error: this.current.loaded ? undefined : error };
      this.tell();
      this.again = setTimeout(() => this.reload(), AGAIN_MS);
    }
  }

  // What comes is taken on together, once a frame; a page that is not looked at takes it on when it is.
  private took(changes: Changes): void {
    this.waiting.push(changes);
    if (this.waiting.length > 400) this.apply();
    else if (!this.framed) this.framed = requestAnimationFrame(() => this.apply());
  }

  private apply(): void {
    cancelAnimationFrame(this.framed);
    this.framed = 0;
    const waiting = this.waiting;
    this.waiting = [];
    let changed = false;
    for (const { set, gone } of waiting)
      changed = this.rows.patch(set as Record<string, Partial<Station>>, gone) || changed;
    if (!changed) return;
    this.current = { ...this.current, version: this.rows.version };
    this.tell();
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher();
  }
}

export const fleet = new FleetStore();

// Every station as it stands. The page is drawn anew when anything of it changes, four times a second at most.
export function useFleet(): Fleet {
  return useSyncExternalStore(fleet.subscribe, fleet.snapshot);
}
