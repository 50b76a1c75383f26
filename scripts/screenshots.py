"""Takes the pictures of the documentation from a demo network of its own, in Debian's chromium.

`scripts/screenshots.py` makes those in docs/images; `--all FOLDER` makes every page of the console and of
the driver's app, at desktop and phone size, light and dark, and in Arabic, to be looked at.
"""

import argparse
import asyncio
import re
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

ROOT = Path(__file__).parent.parent
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
SETTLES_S = 60.0
DRAWN_S = 4.0
DOCUMENTED = (
    ("overview", "/console/", "desktop", "light"),
    ("map", "/console/map", "desktop", "dark"),
    ("stations", "/console/stations", "desktop", "light"),
    ("station", "/console/stations/{station}", "desktop", "light"),
    ("station-phone", "/console/stations/{station}", "phone", "dark"),
    ("session", "/console/sessions/{session}", "desktop", "light"),
    ("messages", "/console/stations/{station}?tab=messages", "desktop", "light"),
    ("onboarding", "/console/onboarding/{station}", "desktop", "light"),
    ("driver-find", "/charge/", "phone", "light"),
    ("driver-place", "/charge/place/{location}", "phone", "light"),
    ("driver-charger", "/charge/at/{station_identity}", "phone", "dark"),
)


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """(address, one-time password) of a demo network that has run for a while."""
    server = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "currant"),
        *("demo", "--http-port", "0", "--ocpp-port", "0", "--ocpp-tls-port", "0"),
        env={"PATH": "/usr/bin:/bin", "CURRANT_DATA_DIR": str(folder), "CURRANT_LOG_LEVEL": "warning"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        told = ""
        while "one time password" not in told:
            line = await asyncio.wait_for(server.stdout.readline(), 60)
            told += line.decode()
        address = re.search(r"https?://[^/\s]+", told)
        password = re.search(r"one time password\s+(\S+)", told)
        assert address, told
        assert password, told
        reading = asyncio.create_task(server.stdout.read())
        await asyncio.sleep(SETTLES_S)
        yield address[0], password[1]
        reading.cancel()
    finally:
        server.terminate()
        await server.wait()


async def sign_in(context: BrowserContext, address: str, one_time: str) -> None:
    own = secrets.token_urlsafe(16)
    answer = await context.request.post(
        f"{address}/api/v1/login", data={"login": "admin", "password": one_time}
    )
    me = await answer.json()
    await context.request.post(
        f"{address}/api/v1/me/password",
        data={"current_password": one_time, "new_password": own},
        headers={"X-CSRF-Token": me["csrf_token"]},
    )


async def things(context: BrowserContext, address: str) -> dict[str, str]:
    """Something of every kind, to stand in addresses."""

    async def ask(path: str) -> dict[str, object]:
        found = await (await context.request.get(f"{address}/api/v1{path}")).json()
        return found["items"][0] if found["items"] else {}

    session = await ask("/sessions?active=true&limit=1")
    station = await (await context.request.get(f"{address}/api/v1/stations/{session['station_id']}")).json()
    ids = {
        "station": station["id"],
        "station_identity": station["identity"],
        "location": station["location_id"],
        "session": str(session["number"]),
    }
    for name, path in (("token", "/tokens"), ("account", "/accounts")):
        ids[name] = str((await ask(f"{path}?limit=1")).get("id", ""))
    return ids


def pages() -> list[str]:
    """Every address of the console, from the table that makes the menu."""
    text = (ROOT / "web/src/console/pages.ts").read_text(encoding="utf-8")
    return ["/console" + path for path in re.findall(r'path: "([^"]+)"', text)]


async def take(
    browser: Browser, state: object, wanted: tuple[str, str, str], path: Path, language: str
) -> None:
    url, size, scheme = wanted
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale=language,
        storage_state=state,
        reduced_motion="reduce",
        device_scale_factor=2 if size == "phone" else 1,
    )
    page: Page = await context.new_page()
    await page.goto(url)
    await asyncio.sleep(DRAWN_S)
    await page.screenshot(path=path, type="jpeg", quality=82)
    await context.close()


async def main(everything: Path | None, images: Path) -> None:
    async with async_playwright() as playwright:
        with tempfile.TemporaryDirectory() as folder:
            async with demo(Path(folder)) as (address, one_time):
                browser = await playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=["--no-sandbox"]
                )
                first = await browser.new_context()
                await sign_in(first, address, one_time)
                state, ids = await first.storage_state(), await things(first, address)
                if everything is None:
                    for name, path, size, scheme in DOCUMENTED:
                        url = address + path.format(**ids)
                        await take(browser, state, (url, size, scheme), images / f"{name}.jpg", "en-GB")
                else:
                    for path in [
                        *pages(),
                        "/charge/",
                        "/charge/place/$location",
                        "/charge/at/$station_identity",
                    ]:
                        filled = re.sub(r"\$(\w+)", lambda found: ids.get(found[1], "none"), path)
                        for size, scheme, language in (
                            ("desktop", "light", "en-GB"),
                            ("desktop", "dark", "de-DE"),
                            ("phone", "light", "ar"),
                            ("phone", "dark", "hi-IN"),
                        ):
                            name = re.sub(r"\W+", "-", path).strip("-") or "console"
                            target = everything / f"{name}.{size}.{scheme}.{language}.jpg"
                            await take(browser, state, (address + filled, size, scheme), target, language)
                await browser.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--all", type=Path, help="a folder for every page")
    whole = arguments.parse_args().all
    documented = ROOT / "docs" / "images"
    (whole or documented).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(whole, documented))
