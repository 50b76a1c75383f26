"""What the driver's app costs a phone: bytes of script, and the time until places are usable on a slow network.

Run in a checkout: `.venv/bin/python bench/driver_app.py`. It starts a server of its own with a demo's
places, and Debian's chromium with a slow phone's profile: a processor four times slower, 1.6 Mbit/s,
150 ms to the server and back. Nothing is kept from one run to the next.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, async_playwright  # noqa: E402
from tests.browser.bed import bed  # noqa: E402
from tests.browser.built import pages  # noqa: E402

CHROMIUM = os.environ.get("CURRANT_CHROMIUM", "/usr/bin/chromium")
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER_CPU = 4
QUIET_MS = 500
"""Interactive is: places shown, and no long task for this long after (as Lighthouse counts, in short)."""

WATCH = """
window.__long = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries())
    window.__long.push([entry.startTime, entry.duration]); }).observe({ type: "longtask", buffered: true });
const seen = new MutationObserver(() => {
    if (!window.__places && document.querySelector("a.card h2")) window.__places = performance.now();
    if (!window.__first && document.querySelector("h1")) window.__first = performance.now();
});
seen.observe(document, { childList: true, subtree: true });
"""


async def once(browser: Browser, url: str, *, slow: bool) -> dict[str, float]:
    """Open the app in a fresh profile; times in ms, sizes in bytes as they came over the network."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", has_touch=True
    )
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    if slow:
        await devtools.send("Network.emulateNetworkConditions", SLOW)
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = {"script": 0, "all": 0, "requests": 0}
    counting = True

    def answered(event: Any) -> None:
        kinds[event["requestId"]] = event["type"]

    def finished(event: Any) -> None:
        if not counting:
            return
        sizes["requests"] += 1
        sizes["all"] += event["encodedDataLength"]
        if kinds.get(event["requestId"]) == "Script":
            sizes["script"] += event["encodedDataLength"]

    devtools.on("Network.responseReceived", answered)
    devtools.on("Network.loadingFinished", finished)
    await page.add_init_script(WATCH)
    await page.goto(f"{url}/charge/", wait_until="commit")
    await page.locator("a.card h2").first.wait_for(timeout=60_000)
    counting = False
    await page.wait_for_timeout(QUIET_MS * 2)
    found: dict[str, Any] = await page.evaluate(
        "({first: window.__first, places: window.__places, long: window.__long})"
    )
    usable = found["places"]
    interactive = max(
        [usable, *(start + length for start, length in found["long"] if start < usable + QUIET_MS)]
    )
    blocked = sum(max(0, length - 50) for _, length in found["long"])
    await context.close()
    return {
        **sizes,
        "first": found["first"],
        "places": usable,
        "interactive": interactive,
        "blocked": blocked,
    }


async def measure(runs: int) -> None:
    pages()
    with tempfile.TemporaryDirectory() as folder:
        async with bed(Path(folder) / "data") as site, async_playwright() as playwright:
            sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
            for name, slow in (("this machine", False), ("slow phone", True)):
                found = [await once(browser, site.url, slow=slow) for _ in range(runs)]
                of = {key: statistics.median(each[key] for each in found) for key in found[0]}
                worst = max(each["interactive"] for each in found)
                print(
                    f"{name}: script {of['script'] / 1024:.0f} KB, all {of['all'] / 1024:.0f} KB in "
                    f"{of['requests']:.0f} requests; heading after {of['first']:.0f} ms, places after "
                    f"{of['places']:.0f} ms, interactive after {of['interactive']:.0f} ms (worst {worst:.0f}), "
                    f"blocked {of['blocked']:.0f} ms"
                )
            await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    asyncio.run(measure(parser.parse_args().runs))
