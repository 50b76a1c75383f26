// Runs beside the driver's app: has its parts ready without a network, and shows notices.
//
// What is kept here is the same for everybody: parts of the app, by names that change with their content,
// and a brand's pictures. Answers to a driver are never kept.

const VERSION = "__VERSION__";
const ENTRY = "__ENTRY__";
const SHELL = ["__SHELL__"];
const DOCUMENT = "/charge/";
const PREFIX = "currant-charge-";
const CACHE = PREFIX + VERSION;
const PATIENCE_MS = 4000;
const KEPT_AT_MOST = 120;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([DOCUMENT, "/charge/icon.svg", ...SHELL])));
});

self.addEventListener("activate", (event) => {
  const others = (names) => names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(others(names).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("message", (event) => {
  if (event.data?.kind === "reload") self.skipWaiting();
  // What the page loaded before this worker was there to see it.
  if (event.data?.kind === "loaded") event.waitUntil(keep(event.data.addresses));
});

async function keep(addresses) {
  const cache = await caches.open(CACHE);
  if ((await cache.keys()).length > KEPT_AT_MOST) return;
  for (const address of addresses) {
    const url = new URL(address, self.location.origin);
    if (url.origin !== self.location.origin || !kept(url.pathname) || (await cache.match(url.pathname)))
      continue;
    const answer = await fetch(url.pathname).catch(() => undefined);
    if (answer?.ok) await cache.put(url.pathname, answer).catch(forgone);
  }
}

const kept = (path) => path.startsWith("/assets/") || path.startsWith("/api/v1/branding/files/");

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname.startsWith(DOCUMENT)) event.respondWith(page(request));
  else if (kept(url.pathname) || url.pathname === "/charge/icon.svg") event.respondWith(part(event, url));
});

// A phone whose storage is full, or that lends us none, keeps nothing: the network is there still.
const forgone = () => undefined;
const opened = () => caches.open(CACHE).catch(forgone);

// The document as the server has it now, if it comes in time; else as it was.
async function page(request) {
  const cache = await opened();
  const fresh = fetch(request).then(async (answer) => {
    if (cache && answer.ok && !answer.redirected) await renew(cache, answer.clone()).catch(forgone);
    return answer;
  });
  const last = cache?.match(DOCUMENT).catch(forgone);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS)).then(() => last);
  const soon = await Promise.race([fresh, late]).catch(() => last);
  return soon ?? fresh;
}

// Only a document of this very build: another one would ask for parts that are not kept here.
async function renew(cache, answer) {
  const text = await answer.clone().text();
  if (text.includes(ENTRY)) await cache.put(DOCUMENT, answer);
}

async function part(event, url) {
  const known = await caches.match(url.pathname).catch(forgone);
  if (known) return known;
  const answer = await fetch(event.request);
  if (answer.ok && kept(url.pathname)) {
    const copy = answer.clone();
    event.waitUntil(
      opened().then(async (cache) => {
        if (cache && (await cache.keys()).length <= KEPT_AT_MOST)
          await cache.put(url.pathname, copy).catch(forgone);
      }),
    );
  }
  return answer;
}

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    return;
  }
  if (!told.title) return;
  event.waitUntil(
    self.registration.showNotification(told.title, {
      body: told.text ?? told.body ?? "",
      tag: told.tag ?? told.session_id ?? "session",
      lang: told.language,
      icon: "/charge/icon-192.png",
      badge: "/charge/icon-192.png",
      data: { url: told.url ?? (told.session_id ? `/charge/session/${told.session_id}` : DOCUMENT) },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data?.url ?? DOCUMENT, self.location.origin);
  const url = wanted.origin === self.location.origin ? wanted.pathname + wanted.search : DOCUMENT;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then(async (windows) => {
      const open = windows.find((each) => new URL(each.url).pathname.startsWith(DOCUMENT));
      if (!open) return self.clients.openWindow(url);
      await open.focus();
      return open.navigate ? open.navigate(url) : undefined;
    }),
  );
});
