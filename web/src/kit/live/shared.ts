// One stream for all tabs of a browser: one tab holds it (a lock says which) and tells the others.
//
// When that tab is closed the lock goes to another, which goes on where the first one stood. When it sleeps,
// a tab that somebody looks at takes the lock away from it.
import { LiveConnection, type Standing, type World } from "./connection";
import type { Changes, Listener } from "./feed";

// A BroadcastChannel, as far as it is needed.
export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: { data: unknown }) => void) | null;
  close(): void;
}
// navigator.locks, as far as it is needed: `held` runs while the lock is ours, and ends when it is let go.
export interface Locks {
  request(
    name: string,
    options: { steal?: boolean; signal?: AbortSignal },
    held: () => Promise<void>,
  ): Promise<void>;
}
export interface Tabs {
  channel: Channel;
  locks: Locks;
  name: string;
}

type Message =
  | { kind: "want"; tab: string; topics: [string, string | undefined][] }
  | { kind: "bye"; tab: string }
  | { kind: "who"; tab: string }
  | { kind: "changes"; changes: Changes }
  | { kind: "reload"; topics: string[] | undefined }
  | { kind: "beat"; standing: Standing; position: string }
  | { kind: "signed-out" };

const BEAT_MS = 5_000;
export const DEAF_MS = 40_000;
export const ANSWER_MS = 4_000;

export interface Options {
  address: string;
  world: World;
  // Absent where the browser has no locks or channels (or the page no secure origin): then each tab has its own.
  tabs?: Tabs;
  visible: () => boolean;
  now: () => number;
  signedOut: () => void;
}

export class SharedStream {
  readonly id = Math.random().toString(36).slice(2);
  private readonly options: Options;
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly watchers = new Set<(standing: Standing) => void>();
  // What other tabs want.
  private readonly others = new Map<string, Map<string, string | undefined>>();
  // Where a topic was left: who comes back to it goes on from there.
  private readonly left = new Map<string, string>();
  private connection: LiveConnection | undefined;
  private letGo: (() => void) | undefined;
  private current: Standing = "connecting";
  private position = "";
  private heardAt = 0;
  private beatAt = 0;
  private asked: (() => void) | undefined;
  private closed = false;

  constructor(options: Options) {
    this.options = options;
    this.heardAt = options.now();
    const { tabs } = options;
    if (!tabs) {
      this.lead();
      return;
    }
    tabs.channel.onmessage = (event) => this.heard(event.data as Message);
    this.stand({});
    this.post({ kind: "who", tab: this.id });
    this.watch();
  }

  get leads(): boolean {
    return this.connection !== undefined;
  }

  follow(topic: string, listener: Listener): () => void {
    const some = this.listeners.get(topic) ?? new Set<Listener>();
    some.add(listener);
    this.listeners.set(topic, some);
    if (some.size === 1) this.wish();
    return () => {
      some.delete(listener);
      if (some.size > 0 || this.listeners.get(topic) !== some) return;
      this.listeners.delete(topic);
      this.left.set(topic, this.position);
      this.wish();
    };
  }

  standing(): Standing {
    return this.current;
  }

  onStanding(listener: (standing: Standing) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  // The tab is looked at again, or the network is back.
  wake(): void {
    this.connection?.wake();
    if (!this.options.tabs || this.leads) return;
    this.wish();
    this.check();
  }

  // The tab was put aside with all that it held and is back: what happened meanwhile is not known.
  thawed(): void {
    this.reload(undefined);
    this.wake();
  }

  close(): void {
    this.closed = true;
    this.post({ kind: "bye", tab: this.id });
    this.step(undefined);
    this.options.tabs?.channel.close();
  }

  // What this tab wants has changed.
  private wish(): void {
    if (this.connection) this.connection.want(this.union());
    else this.post({ kind: "want", tab: this.id, topics: [...this.mine()] });
  }

  private mine(): Map<string, string | undefined> {
    const wanted = new Map<string, string | undefined>();
    for (const [topic, some] of this.listeners) {
      const since = [...some].map((listener) => listener.since?.()).find((known) => known);
      wanted.set(topic, since ?? (this.left.get(topic) || this.position || undefined));
    }
    return wanted;
  }

  private union(): Map<string, string | undefined> {
    const all = new Map<string, string | undefined>();
    for (const wanted of this.others.values())
      for (const [topic, since] of wanted) all.set(topic, all.get(topic) ?? since);
    for (const [topic, since] of this.mine()) all.set(topic, since ?? all.get(topic));
    return all;
  }

  // Standing for the lead: the lock is ours when whoever holds it is gone (or at once, when it is taken away).
  private stand(options: { steal?: boolean }): void {
    const { tabs } = this.options;
    if (!tabs || this.closed) return;
    tabs.locks
      .request(tabs.name, options, () => {
        this.lead();
        return new Promise<void>((resolve) => {
          this.letGo = resolve;
        });
      })
      .catch(() => {
        // Taken away from us while we slept: stand in line again.
        this.step(undefined);
        this.stand({});
      });
  }

  private lead(): void {
    if (this.connection || this.closed) return;
    this.asked?.();
    this.asked = undefined;
    this.connection = new LiveConnection(
      this.options.address,
      this.options.world,
      {
        changes: (changes) => {
          this.deliver(changes);
          for (const wanted of this.others.values())
            if (wanted.has(changes.topic)) {
              this.post({ kind: "changes", changes });
              break;
            }
        },
        reload: (topics) => {
          this.reload(topics);
          if (this.others.size > 0) this.post({ kind: "reload", topics });
        },
        standing: (standing) => {
          this.become(standing);
          this.beat(true);
        },
        position: (position) => {
          this.position = position;
          this.beat(false);
        },
        alive: () => this.beat(false),
        signedOut: () => {
          this.post({ kind: "signed-out" });
          this.options.signedOut();
        },
      },
      this.position,
    );
    this.post({ kind: "who", tab: this.id });
    this.connection.want(this.union());
    this.connection.start();
  }

  private step(standing: Standing | undefined): void {
    this.connection?.close();
    this.connection = undefined;
    this.letGo?.();
    this.letGo = undefined;
    if (standing) this.become(standing);
  }

  private heard(message: Message): void {
    if (this.closed) return;
    switch (message.kind) {
      case "want":
        this.others.set(message.tab, new Map(message.topics));
        this.connection?.want(this.union());
        this.beat(true);
        return;
      case "bye":
        this.others.delete(message.tab);
        this.connection?.want(this.union());
        return;
      case "who":
        if (this.connection) this.beat(true);
        else this.post({ kind: "want", tab: this.id, topics: [...this.mine()] });
        return;
      case "signed-out":
        this.options.signedOut();
        return;
    }
    // What follows comes from the tab that leads.
    this.heardAt = this.options.now();
    this.asked?.();
    this.asked = undefined;
    if (this.connection) return;
    if (message.kind === "changes") this.deliver(message.changes);
    else if (message.kind === "reload") this.reload(message.topics);
    else {
      this.become(message.standing);
      // A tab that has just come knows nothing older; another was told all up to here.
      this.position = message.position;
    }
  }

  private beat(now: boolean): void {
    if (!this.connection || !this.options.tabs) return;
    const at = this.options.now();
    if (!now && at - this.beatAt < BEAT_MS) return;
    this.beatAt = at;
    this.post({ kind: "beat", standing: this.current, position: this.position });
  }

  private watch(): void {
    this.options.world.later(DEAF_MS / 2, () => {
      if (this.closed) return;
      this.check();
      this.watch();
    });
  }

  // Nothing heard for long, and somebody looks at this tab: ask, and without an answer take over.
  private check(): void {
    if (this.connection || this.asked || !this.options.visible()) return;
    if (this.options.now() - this.heardAt < DEAF_MS) return;
    this.post({ kind: "who", tab: this.id });
    const cancel = this.options.world.later(ANSWER_MS, () => {
      this.asked = undefined;
      if (!this.connection) this.stand({ steal: true });
    });
    this.asked = cancel;
  }

  private post(message: Message): void {
    if (this.options.tabs) this.options.tabs.channel.postMessage(message);
  }

  private deliver(changes: Changes): void {
    for (const listener of this.listeners.get(changes.topic) ?? []) listener.changes(changes);
  }

  private reload(topics: string[] | undefined): void {
    for (const [topic, some] of this.listeners)
      if (!topics || topics.includes(topic)) for (const listener of some) listener.reload();
  }

  private become(standing: Standing): void {
    if (this.current === standing) return;
    this.current = standing;
    for (const watcher of this.watchers) watcher(standing);
  }
}
