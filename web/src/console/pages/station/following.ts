// Keeps the page of a station current: what happens there refreshes what it touches, not more than once a second.
import { useTopic } from "@kit/live/feed";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";

const TOUCHES: [RegExp, string[]][] = [
  [/Variable|Desired|Declar|DeviceModel|Setting/, ["variables", "desired", "device-model"]],
  [/Command/, ["commands", "profiles"]],
  [/Transfer|File|Firmware/, ["transfers", "files"]],
  [/Session/, ["running", "sessions", "curve"]],
  [/Certificate|Password|Upgrade|Credential/, ["credentials", "certificates", "upgrade"]],
  [/Status|Connector|row/, ["history", "running"]],
  [/Finding/, ["findings"]],
  [/Profile|Limit/, ["profiles", "outside-limits"]],
  [/Monitor|ComponentEvent|Problem/, ["monitors", "events"]],
];
const AT_MOST_EVERY_MS = 800;
// What is worked out from several things (what it is doing, and why) may follow its cause a moment later,
// and more than a moment where much is going on.
const AGAIN_AFTER_MS = [2500, 8000, 20_000];

export function touched(keys: string[]): Set<string> {
  const parts = new Set(["view", "insight"]);
  for (const key of keys)
    for (const [shape, more] of TOUCHES)
      if (shape.test(key.split("/")[0] ?? "")) for (const part of more) parts.add(part);
  return parts;
}

export function useFollowing(id: string | undefined): void {
  const client = useQueryClient();
  const due = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const again = useRef<ReturnType<typeof setTimeout>[]>([]);
  const unsettled = useRef(new Set<string>());
  const soon = useCallback(
    (parts: Iterable<string>) => {
      for (const part of parts) due.current.add(part);
      timer.current ??= setTimeout(() => {
        const parts = due.current;
        due.current = new Set();
        timer.current = undefined;
        const look = (wanted: Set<string>) =>
          client.invalidateQueries({
            predicate: ({ queryKey: [what, , part] }) => what === "station" && wanted.has(String(part)),
          });
        look(parts);
        for (const part of parts) unsettled.current.add(part);
        for (const each of again.current) clearTimeout(each);
        again.current = AGAIN_AFTER_MS.map((after, at) =>
          setTimeout(() => {
            look(unsettled.current);
            if (at === AGAIN_AFTER_MS.length - 1) unsettled.current = new Set();
          }, after),
        );
      }, AT_MOST_EVERY_MS);
    },
    [client],
  );
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      for (const each of again.current) clearTimeout(each);
    },
    [],
  );
  useTopic(id ? `station:${id}` : null, {
    changes: ({ set, gone }) => soon(touched([...Object.keys(set), ...gone])),
    reload: () => client.invalidateQueries({ queryKey: ["station"] }),
  });
}
