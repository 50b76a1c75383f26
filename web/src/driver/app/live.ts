// One session or place as it changes: a stream while the page is looked at, none while it is not.
import { useEffect, useRef, useState } from "react";
import { ask, note } from "./api";

const WAITS_S = [1, 2, 5, 10, 20, 30];

// Follow the stream of `what` ("session=…" or "place=…"); says whether it stands.
export function useLive(what: string | null, on: Record<string, (data: unknown) => void>): boolean {
  const [standing, setStanding] = useState(false);
  const latest = useRef(on);
  latest.current = on;
  useEffect(() => {
    if (what === null) return;
    let source: EventSource | undefined;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    const close = () => {
      clearTimeout(waiting);
      source?.close();
      source = undefined;
      setStanding(false);
    };
    const open = () => {
      close();
      if (document.hidden) return;
      const opened = new EventSource(`/driver/v1/live?${what}`);
      source = opened;
      opened.onopen = () => {
        failures = 0;
        note(true);
        setStanding(true);
      };
      for (const name of Object.keys(latest.current))
        opened.addEventListener(name, (event) => latest.current[name]?.(JSON.parse(event.data)));
      opened.onerror = () => {
        // Waits of its own: the browser's would ask every three seconds for ever.
        close();
        // Whether the server is away is said at the top of the page; a stream can end without that.
        if (failures > 0) ask("/site").catch(() => undefined);
        waiting = setTimeout(open, 1000 * WAITS_S[Math.min(failures++, WAITS_S.length - 1)]!);
      };
    };
    open();
    document.addEventListener("visibilitychange", open);
    window.addEventListener("online", open);
    return () => {
      document.removeEventListener("visibilitychange", open);
      window.removeEventListener("online", open);
      close();
    };
  }, [what]);
  return standing;
}
