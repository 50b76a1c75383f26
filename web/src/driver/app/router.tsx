// Addresses and pages of the driver's app: few enough to need no library.
import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";

const BASE = "/charge";
const listeners = new Set<() => void>();
let steps = 0;

const tell = () => {
  for (const listener of listeners) listener();
};
window.addEventListener("popstate", tell);

const follow = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

// The path within the app: "/" is its first page.
export function usePath(): string {
  return useSyncExternalStore(follow, () => location.pathname.slice(BASE.length).replace(/\/+$/, "") || "/");
}

// What the address says after the question mark.
export function useSearch(): URLSearchParams {
  return new URLSearchParams(useSyncExternalStore(follow, () => location.search));
}

export const addressOf = (to: string) => (to === "/" ? `${BASE}/` : BASE + to);

export function go(to: string, options: { replace?: boolean; scroll?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, "", addressOf(to));
  else {
    history.pushState(null, "", addressOf(to));
    steps++;
  }
  tell();
  if (options.scroll !== false) scrollTo(0, 0);
}

// Back to where one was in the app; to `otherwise` when one came from outside.
export function back(otherwise: string): void {
  if (steps > 0) {
    steps--;
    history.back();
  } else go(otherwise, { replace: true });
}

// Change what the address says of this page without leaving it.
export function setSearch(values: Record<string, string | undefined>): void {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values))
    if (value) search.set(name, value);
    else search.delete(name);
  const text = search.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
  tell();
}

export function Link({ to, onClick, ...more }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    event.preventDefault();
    go(to);
  };
  return <a href={addressOf(to)} onClick={follow} {...more} />;
}

// The parts of a path that fits a pattern such as "/place/:id"; null when it does not.
export function fits(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? "";
    if (part.startsWith(":")) {
      try {
        found[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return found;
}
