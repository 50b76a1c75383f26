// The stream with a server, tabs and a clock of its own.
import { describe, expect, it } from "vitest";
import { AWAY_AFTER_MS, earlier, SILENT_MS, type World } from "./connection";
import type { Changes, Listener } from "./feed";
import { type Channel, DEAF_MS, type Locks, SharedStream } from "./shared";
import { EventParser } from "./sse";

// A clock that goes when it is told to.
class Clock {
  now = 0;
  private due: { at: number; deed: () => void }[] = [];
  later = (ms: number, deed: () => void) => {
    const one = { at: this.now + ms, deed };
    this.due.push(one);
    return () => {
      this.due = this.due.filter((each) => each !== one);
    };
  };
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await settled();
      const next = this.due.filter((each) => each.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.due = this.due.filter((each) => each !== next);
      this.now = next.at;
      next.deed();
    }
    this.now = until;
    await settled();
  }
}
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

interface Open {
  address: string;
  resumed: string | null;
  send: (text: string) => void;
  end: () => void;
}

class Server {
  opened: Open[] = [];
  turned: { stream: string; topics: string[]; since?: string }[] = [];
  refuse: number | undefined;
  lost = false;
  number = 0;
  private readonly encoder = new TextEncoder();

  fetch = async (address: string, init: RequestInit): Promise<Response> => {
    if (this.lost) throw new TypeError("no network");
    if (this.refuse) return new Response("{}", { status: this.refuse });
    let feed: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        feed = controller;
      },
    });
    let over = false;
    const end = (how: () => void) => () => {
      if (!over) how();
      over = true;
    };
    init.signal?.addEventListener(
      "abort",
      end(() => feed.error(new Error("aborted"))),
    );
    const open: Open = {
      address: decodeURIComponent(address),
      resumed: new Headers(init.headers).get("Last-Event-ID"),
      send: (text) => feed.enqueue(this.encoder.encode(text)),
      end: end(() => feed.close()),
    };
    this.opened.push(open);
    const name = `s${this.opened.length}`;
    open.send(`retry: 3000\n\nevent: ready\ndata: {"stream_id":"${name}","live_id":"e-${this.number}"}\n\n`);
    return new Response(body, { status: 200 });
  };
  get last(): Open {
    return this.opened[this.opened.length - 1]!;
  }
  tell(topic: string, set: Record<string, unknown>): void {
    this.number += 1;
    this.last.send(
      `id: e-${this.number}\nevent: changes\ndata: ${JSON.stringify({ topic, at: "", set, gone: [] })}\n\n`,
    );
  }
}

// A browser: tabs that hear each other, and one lock.
class Browser {
  private readonly channels = new Set<Channel & { asleep?: boolean }>();
  private holder: { reject: (error: Error) => void } | undefined;
  private queue: (() => void)[] = [];

  channel(): Channel & { asleep?: boolean } {
    const channel: Channel & { asleep?: boolean } = {
      onmessage: null,
      postMessage: (message) => {
        for (const other of this.channels)
          if (other !== channel && !other.asleep) other.onmessage?.({ data: structuredClone(message) });
      },
      close: () => this.channels.delete(channel),
    };
    this.channels.add(channel);
    return channel;
  }

  locks: Locks = {
    request: (_name, options, held) =>
      new Promise<void>((resolve, reject) => {
        const take = () => {
          const mine = { reject };
          this.holder = mine;
          held().then(() => {
            resolve();
            if (this.holder === mine) this.free();
          }, reject);
        };
        if (options.steal) {
          this.holder?.reject(new Error("stolen"));
          take();
        } else if (this.holder) this.queue.push(take);
        else take();
      }),
  };
  private free(): void {
    this.holder = undefined;
    this.queue.shift()?.();
  }
}

class Page implements Listener {
  got: Changes[] = [];
  reloads = 0;
  from: string | undefined;
  changes = (changes: Changes) => this.got.push(changes);
  reload = () => {
    this.reloads += 1;
  };
  since = () => this.from;
}

function setting() {
  const clock = new Clock();
  const server = new Server();
  const browser = new Browser();
  let signedOut = 0;
  const world: World = {
    fetch: server.fetch,
    turn: async (stream, wanted) => {
      server.turned.push({ stream, ...wanted });
      return { live_id: `e-${server.number}` };
    },
    later: clock.later,
    random: () => 0.5,
  };
  const tab = (shared = true) => {
    const channel = browser.channel();
    const stream = new SharedStream({
      address: "/live",
      world,
      tabs: shared ? { channel, locks: browser.locks, name: "live" } : undefined,
      visible: () => !channel.asleep,
      now: () => clock.now,
      signedOut: () => {
        signedOut += 1;
      },
    });
    return { stream, channel };
  };
  return { clock, server, tab, signedOut: () => signedOut };
}

describe("the reading of events", () => {
  it("takes them in pieces and passes over comments", () => {
    const parser = new EventParser();
    expect(parser.take(": alive\n\nid: e-1\nevent: cha")).toEqual([]);
    expect(parser.take("nges\ndata: {}\n\nevent: reload\r\ndata: a\r\ndata: b\r\n\r\n")).toEqual([
      { kind: "changes", data: "{}", id: "e-1" },
      { kind: "reload", data: "a\nb", id: "" },
    ]);
  });
});

describe("positions", () => {
  it("are compared by number, and of two boards the first counts", () => {
    expect(earlier("a-10", "a-9")).toBe("a-9");
    expect(earlier("a-10", undefined)).toBe("a-10");
    expect(earlier("a-10", "b-1")).toBe("a-10");
  });
});

describe("a stream", () => {
  it("tells pages what changes, of their topic alone", async () => {
    const { clock, server, tab } = setting();
    const { stream } = tab();
    const [stations, sessions] = [new Page(), new Page()];
    stream.follow("stations", stations);
    stream.follow("sessions", sessions);
    await clock.pass(100);
    server.tell("stations", { a: { state: "faulted" } });
    await clock.pass(10);
    expect(stations.got.map((each) => each.set)).toEqual([{ a: { state: "faulted" } }]);
    expect(sessions.got).toEqual([]);
    expect(stream.standing()).toBe("live");
    expect(server.opened).toHaveLength(1);
  });

  it("changes topics without another connection, going on from what pages hold", async () => {
    const { clock, server, tab } = setting();
    const { stream } = tab();
    const first = new Page();
    const stop = stream.follow("overview", first);
    await clock.pass(100);
    const fleet = new Page();
    fleet.from = "e-0";
    stream.follow("stations", fleet);
    await clock.pass(100);
    expect(server.turned.at(-1)).toMatchObject({ topics: ["overview", "stations"], since: "e-0" });
    const turns = server.turned.length;
    stop();
    await clock.pass(1000);
    expect(server.turned).toHaveLength(turns);
    await clock.pass(10_000);
    expect(server.turned.at(-1)?.topics).toEqual(["stations"]);
    expect(server.opened).toHaveLength(1);
  });

  it("goes on where it broke off and says that it was away after three seconds only", async () => {
    const { clock, server, tab } = setting();
    const { stream } = tab();
    const page = new Page();
    const seen: string[] = [];
    stream.onStanding((standing) => seen.push(standing));
    stream.follow("stations", page);
    await clock.pass(100);
    server.tell("stations", { a: 1 });
    await clock.pass(10);
    server.lost = true;
    server.last.end();
    await clock.pass(AWAY_AFTER_MS - 500);
    expect(seen).toEqual(["live"]);
    await clock.pass(1000);
    expect(seen).toEqual(["live", "away"]);
    server.lost = false;
    await clock.pass(15_000);
    expect(seen).toEqual(["live", "away", "live"]);
    expect(server.last.resumed).toBe("e-1");
    expect(server.last.address).toContain("topics=stations");
  });

  it("has pages load anew what is no longer held", async () => {
    const { clock, server, tab } = setting();
    const { stream } = tab();
    const [stations, sessions] = [new Page(), new Page()];
    stations.from = "e-0";
    sessions.from = "e-0";
    stream.follow("stations", stations);
    stream.follow("sessions", sessions);
    await clock.pass(3000);
    server.last.send('event: reload\ndata: {"topics":["stations"]}\n\n');
    await clock.pass(10);
    expect([stations.reloads, sessions.reloads]).toEqual([1, 0]);
  });

  it("takes a connection that says nothing at all for dead", async () => {
    const { clock, server, tab } = setting();
    const { stream } = tab();
    stream.follow("stations", new Page());
    await clock.pass(SILENT_MS - 1000);
    server.last.send(": alive\n\n");
    await clock.pass(SILENT_MS - 1000);
    expect(server.opened).toHaveLength(1);
    await clock.pass(5000);
    expect(server.opened).toHaveLength(2);
  });

  it("sends to sign in who is not signed in any more, and does not ask again", async () => {
    const { clock, server, tab, signedOut } = setting();
    server.refuse = 401;
    tab().stream.follow("stations", new Page());
    await clock.pass(60_000);
    expect(signedOut()).toBe(1);
    expect(server.opened).toHaveLength(0);
  });
});

describe("tabs", () => {
  it("share one stream and are told of their own topics", async () => {
    const { clock, server, tab } = setting();
    const [one, other] = [tab(), tab()];
    const [stations, sessions] = [new Page(), new Page()];
    one.stream.follow("stations", stations);
    other.stream.follow("sessions", sessions);
    await clock.pass(3000);
    expect(server.opened).toHaveLength(1);
    expect([one.stream.leads, other.stream.leads]).toEqual([true, false]);
    const wanted = server.turned.at(-1)?.topics ?? [];
    expect(new Set([...wanted, ...server.last.address.split("=")[1]!.split(",")])).toContain("sessions");
    server.tell("sessions", { x: 1 });
    await clock.pass(10);
    expect(sessions.got).toHaveLength(1);
    expect(stations.got).toHaveLength(0);
    expect(other.stream.standing()).toBe("live");
  });

  it("take over where the first one stood when it is closed", async () => {
    const { clock, server, tab } = setting();
    const [one, other] = [tab(), tab()];
    const page = new Page();
    other.stream.follow("stations", page);
    await clock.pass(3000);
    server.tell("stations", { a: 1 });
    await clock.pass(6000);
    server.tell("stations", { a: 2 });
    await clock.pass(10);
    one.stream.close();
    await clock.pass(1000);
    expect(other.stream.leads).toBe(true);
    expect(server.opened).toHaveLength(2);
    expect(server.last.resumed).toMatch(/^e-[12]$/);
    expect(server.last.address).toContain("stations");
  });

  it("take the stream from one that sleeps", async () => {
    const { clock, server, tab } = setting();
    const [one, other] = [tab(), tab()];
    other.stream.follow("stations", new Page());
    await clock.pass(1000);
    one.channel.asleep = true;
    one.channel.postMessage = () => undefined;
    await clock.pass(DEAF_MS * 2);
    expect(other.stream.leads).toBe(true);
    expect(one.stream.leads).toBe(false);
    server.tell("stations", { a: 1 });
    expect(server.opened.length).toBeGreaterThan(1);
  });

  it("have a stream each where the browser has no locks", async () => {
    const { clock, server, tab } = setting();
    tab(false).stream.follow("stations", new Page());
    tab(false).stream.follow("stations", new Page());
    await clock.pass(1000);
    expect(server.opened).toHaveLength(2);
  });
});
