// The worker beside the app: registered when the page is at rest; a new version waits until one wants it.
import { useSyncExternalStore } from "react";

let waiting: ServiceWorker | null = null;
const listeners = new Set<() => void>();
let reloading = false;

function found(worker: ServiceWorker | null): void {
  waiting = worker;
  for (const listener of listeners) listener();
}

function tellLoaded(registration: ServiceWorkerRegistration): void {
  const addresses = performance
    .getEntriesByType("resource")
    .map((entry) => new URL(entry.name))
    .filter(
      (url) => url.origin === location.origin && /^\/(assets|api\/v1\/branding\/files)\//.test(url.pathname),
    )
    .map((url) => url.pathname);
  registration.active?.postMessage({ kind: "loaded", addresses });
}

export async function startWorker(): Promise<void> {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (reloading) location.reload();
  });
  try {
    const registration = await navigator.serviceWorker.register("/charge/sw.js", { scope: "/charge/" });
    if (registration.waiting && navigator.serviceWorker.controller) found(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const coming = registration.installing;
      coming?.addEventListener("statechange", () => {
        if (coming.state === "installed" && navigator.serviceWorker.controller) found(coming);
      });
    });
    await navigator.serviceWorker.ready;
    tellLoaded(registration);
  } catch {
    // Without a worker the app works as long as there is a network.
  }
}

// Whether a newer version is there, and how to have it.
export function useUpdate(): (() => void) | null {
  const worker = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting,
  );
  if (!worker) return null;
  return () => {
    reloading = true;
    worker.postMessage({ kind: "reload" });
  };
}
