// Parts of the pages that the server no longer has, because it has newer ones: the document is loaded anew.
const KEY = "currant.anew";
const AGAIN_AFTER_MS = 20_000;

const missing = new WeakSet<object>();

// Told by the code around every part that is loaded when it is needed.
export function watchParts(): void {
  window.addEventListener("vite:preloadError", (event) => {
    const error = (event as Event & { payload?: unknown }).payload;
    if (typeof error === "object" && error !== null) missing.add(error);
  });
}

export const isMissing = (error: unknown): boolean =>
  typeof error === "object" && error !== null && missing.has(error);

// Load the page anew, but not for ever: false when that was tried just now and did not help.
export function anew(
  storage: Storage = sessionStorage,
  now = Date.now(),
  reload = () => location.reload(),
): boolean {
  const last = Number(storage.getItem(KEY) ?? 0);
  if (now - last < AGAIN_AFTER_MS) return false;
  storage.setItem(KEY, String(now));
  reload();
  return true;
}
