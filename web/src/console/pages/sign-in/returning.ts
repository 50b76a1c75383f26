// Where to go once signed in: to the page one came from, and never to anybody else's.

const HOME = "/console/";

// What the router calls the address (`/stations?state=faulted`) or what the server does (`/console/stations`).
export function safeReturn(wanted: string | null | undefined): string {
  if (!wanted?.startsWith("/") || wanted.startsWith("//") || wanted.includes("\\")) return HOME;
  const path = wanted.startsWith("/console") ? wanted : `/console${wanted}`;
  const address = new URL(path, "http://here.invalid");
  if (address.host !== "here.invalid" || !/^\/console(\/|$)/.test(address.pathname)) return HOME;
  if (/^\/console\/(sign-in|set-up|reset|invitation|forgotten|second-factor)(\/|$)/.test(address.pathname))
    return HOME;
  return address.pathname + address.search + address.hash;
}

// What an address carries behind its `#`, which no server and no log gets to see.
export function fragment(hash: string = window.location.hash): URLSearchParams {
  return new URLSearchParams(hash.replace(/^#/, ""));
}
