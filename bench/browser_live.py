"""How smooth the list of stations is in a real browser while five hundred things change every second.

    python bench/browser_live.py [--stations 5000] [--rate 500] [--seconds 10] [--browser /usr/bin/chromium]

Starts a server, connects stations that report changes of status, opens the console's list of stations in
a real chromium and scrolls it without a pause. Prints frames a second, frames that took long, tasks
that held the page up, what came over the wire, and the CPU of server and browser. Stations, server
and browser share this machine: the figures say what is left of it, too.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import CDPSession, Page, async_playwright

from currant.bench import load, scenarios
from currant.bench.live import Changing
from currant.bench.server import Installation

LOGIN, PASSWORD = "looker@bench.example", "a password for this bench"
WARM_S = 4.0

# Counts frames, scrolling a bit with each where it shall; tells what it saw when its time is over.
WATCH = """
async ([seconds, scrolls]) => {
  const region = document.querySelector('[role=region][tabindex="0"]');
  const frames = [], tasks = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  });
  observer.observe({ entryTypes: ["longtask"] });
  const began = performance.now();
  let last = began, way = 1;
  await new Promise((resolve) => {
    const step = (now) => {
      frames.push(now - last);
      last = now;
      if (scrolls) {
        region.scrollTop += 37 * way;
        if (region.scrollTop <= 0 || region.scrollTop + region.clientHeight >= region.scrollHeight - 1) way = -way;
      }
      if (now - began < seconds * 1000) requestAnimationFrame(step);
      else resolve();
    };
    requestAnimationFrame(step);
  });
  observer.disconnect();
  return {
    frames: frames.slice(1),
    tasks,
    elements: document.querySelectorAll("*").length,
    heap: performance.memory ? performance.memory.usedJSHeapSize : 0,
  };
}
"""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stations", type=int, default=5_000)
    parser.add_argument("--rate", type=int, default=500, help="changes a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="currant-browser-") as folder,
        Installation(Path(folder) / "server", database=None) as server,
    ):
        await server.prepare(stations=arguments.stations, tokens=1)
        there = await load.connect_many(server.url, server.identities, "1.6", server.password_of)
        await load.play_all(there, [scenarios.boots("1.6") for _ in there], limit_s=120)
        await somebody(server)
        changing = Changing(there, rate=arguments.rate)
        await changing.go_on(WARM_S)
        async with async_playwright() as playwright:
            sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
            browser = await playwright.chromium.launch(
                executable_path=arguments.browser,
                args=[*sandbox, "--disable-dev-shm-usage", "--enable-precise-memory-info"],
            )
            context = await browser.new_context(viewport={"width": 1440, "height": 900})
            base = server.api.removesuffix("/api/v1")
            signed = await context.request.post(
                f"{server.api}/login", data={"login": LOGIN, "password": PASSWORD}
            )
            assert signed.ok, await signed.text()
            page = await context.new_page()
            began = time.perf_counter()
            await page.goto(f"{base}/console/stations")
            await page.locator('[role=row][aria-rowindex="2"]').wait_for()
            print(f"list of {arguments.stations:,} stations shown after {time.perf_counter() - began:.2f} s")
            for words, rate, scrolls in (
                ("nothing changes, nobody scrolls", 0, False),
                ("nothing changes, scrolling", 0, True),
                (f"{arguments.rate} changes a second, nobody scrolls", arguments.rate, False),
                (f"{arguments.rate} changes a second, scrolling", arguments.rate, True),
            ):
                await measure(page, server, changing if rate else None, words, arguments.seconds, scrolls)
            await browser.close()
        load.disconnect_all(there)


async def somebody(server: Installation) -> None:
    """Make a person who may look."""
    key = (server.folder / "cli.key").read_text().strip()
    async with httpx.AsyncClient(timeout=30) as client:
        made = await client.post(
            f"{server.api}/people",
            json={"login": LOGIN, "role": "operator"},
            headers={"Authorization": f"Bearer {key}"},
        )
        once = made.raise_for_status().json()["one_time_password"]
        me = await client.post(f"{server.api}/login", json={"login": LOGIN, "password": once})
        changed = await client.post(
            f"{server.api}/me/password",
            json={"current_password": once, "new_password": PASSWORD},
            headers={"X-CSRF-Token": me.raise_for_status().json()["csrf_token"]},
        )
        changed.raise_for_status()


async def measure(
    page: Page, server: Installation, changing: Changing | None, words: str, seconds: float, scrolls: bool
) -> None:
    received = 0

    def came(event: dict[str, Any]) -> None:
        nonlocal received
        received += int(event.get("dataLength", 0))

    wire = await page.context.new_cdp_session(page)
    await wire.send("Network.enable")
    # In CPU time of the page's own thread: what others on this machine do does not count.
    await wire.send("Performance.enable", {"timeDomain": "threadTicks"})
    wire.on("Network.dataReceived", came)
    await asyncio.sleep(1.0)
    received = 0
    busy = await busy_seconds(wire)
    cpu, began = server.process.cpu_seconds(), time.perf_counter()
    watching = asyncio.ensure_future(page.evaluate(WATCH, [seconds, scrolls]))
    if changing is not None:
        await changing.go_on(seconds)
    seen = await watching
    took = time.perf_counter() - began
    spent = server.process.cpu_seconds() - cpu
    busy = await busy_seconds(wire) - busy
    await wire.detach()
    frames = sorted(seen["frames"])
    print(f"{words}:")
    print(
        f"  {len(frames) / (sum(frames) / 1000):.1f} frames/s, "
        f"median {statistics.median(frames):.1f} ms, p99 {frames[int(len(frames) * 0.99)]:.1f} ms, "
        f"longest {frames[-1]:.0f} ms, {sum(each > 50 for each in frames)} over 50 ms"
    )
    print(
        f"  {busy / took:.3f} CPU s/s of the page's thread, {busy / len(frames) * 1000:.1f} ms a frame "
        "(16.7 would leave nothing to spare)"
    )
    print(
        f"  {len(seen['tasks'])} long tasks ({sum(seen['tasks']):.0f} ms together), "
        f"{seen['elements']} elements, {seen['heap'] / 1e6:.0f} MB heap"
    )
    print(f"  {received / took / 1000:.1f} kB/s to the browser, {spent / took:.3f} CPU s/s of the server")


async def busy_seconds(wire: CDPSession) -> float:
    """CPU time that the page's own thread has spent on tasks."""
    told = await wire.send("Performance.getMetrics")
    return next(float(each["value"]) for each in told["metrics"] if each["name"] == "TaskDuration")


asyncio.run(main())
