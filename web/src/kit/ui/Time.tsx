// A moment: how long ago, and exactly (in the reader's zone, or the site's) for who asks.
import { Text, Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { useFormats } from "../formats";

interface Props {
  at: string | null | undefined;
  zone?: string;
  mode?: "ago" | "time" | "date" | "dateTime";
  seconds?: boolean;
}

let listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

// One clock for all that says "3 minutes ago".
function useTick(on: boolean): void {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!on) return;
    const listener = () => tick((count) => count + 1);
    listeners = new Set([...listeners, listener]);
    timer ??= setInterval(() => {
      for (const each of listeners) each();
    }, 10_000);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    };
  }, [on]);
}

export function Time({ at, zone, mode = "ago", seconds }: Props) {
  const formats = useFormats();
  useTick(mode === "ago");
  if (!at) return <>–</>;
  const exact = `${formats.dateTime(at, { zone, seconds: true })}${zone ? ` (${zone})` : ""}`;
  const shown =
    mode === "ago"
      ? formats.ago(at)
      : mode === "time"
        ? formats.time(at, { zone, seconds })
        : mode === "date"
          ? formats.date(at, { zone })
          : formats.dateTime(at, { zone, seconds });
  return (
    <Tooltip label={exact}>
      <Text span inherit component="time" dateTime={at}>
        {shown}
      </Text>
    </Tooltip>
  );
}
