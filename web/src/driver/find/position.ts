// Where one is: asked of the phone when one taps for it, and again without a question when it was allowed.
import { useCallback, useEffect, useState } from "react";
import type { Position } from "./filters";

export type Standing = "unasked" | "asking" | "known" | "refused" | "failed";

let last: Position | null = null;

export function usePosition(wanted: boolean) {
  const [here, setHere] = useState<Position | null>(last);
  const [standing, setStanding] = useState<Standing>(last ? "known" : "unasked");
  const look = useCallback(() => {
    if (!("geolocation" in navigator)) {
      setStanding("failed");
      return;
    }
    setStanding("asking");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        last = { lat: coords.latitude, lon: coords.longitude };
        setHere(last);
        setStanding("known");
      },
      (error) => setStanding(error.code === error.PERMISSION_DENIED ? "refused" : "failed"),
      { enableHighAccuracy: false, timeout: 10_000, maximumAge: 120_000 },
    );
  }, []);
  useEffect(() => {
    if (!wanted || last) return;
    // Coming back to an address that says "near me": without a tap only where it was allowed before.
    navigator.permissions
      ?.query({ name: "geolocation" })
      .then((permission) => {
        if (permission.state === "granted") look();
      })
      .catch(() => undefined);
  }, [wanted, look]);
  return { here, standing, look };
}
