"""The driver's app without a network: its shell, what was last known, and messages from the server."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from playwright.async_api import Page, expect
from tests.browser.bed import Bed, bed
from tests.browser.built import pages
from tests.browser.conftest import Axe, OpenPage, watch_of
from tests.browser.test_driver_journeys import SOON_MS, plug_in

REFUSED = (
    "ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|Failed to load resource|status of 40[14]|ERR_FAILED"
)


async def kept(page: Page) -> None:
    """Wait until the app's parts are kept in the phone."""
    await page.evaluate("navigator.serviceWorker.ready")
    await page.wait_for_function("navigator.serviceWorker.controller !== null", timeout=SOON_MS)
    # The words of this language are told to the worker by the page.
    await page.wait_for_function(
        """async () => {
            const names = await caches.keys();
            const paths = (await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()))))
                .flat().map((each) => new URL(each.url).pathname);
            return paths.includes("/charge/") && paths.some((path) => /\\/assets\\/en-/.test(path));
        }""",
        timeout=SOON_MS,
    )


async def test_the_app_opens_with_the_server_gone_and_shows_what_was_last_known(
    open_page: OpenPage, axe: Axe, tmp_path: Path
) -> None:
    pages()
    async with bed(tmp_path / "data") as site:
        page = await open_page(site, size="phone")
        watch_of(page).allow(REFUSED)
        await page.goto("/charge/at/MILL-1")
        await page.get_by_role("button", name="Start charging").click()
        await page.get_by_role("heading", level=1, name=re.compile("Plug in now|Starting")).wait_for()
        await plug_in(site, "MILL-1")
        await page.get_by_role("heading", level=1, name="Charging").wait_for(timeout=SOON_MS)
        running = page.url
        await page.goto("/charge/")
        await page.get_by_role("link", name=re.compile("^Old Mill")).wait_for()
        await kept(page)
        answers = await page.evaluate(
            """async () => (await Promise.all((await caches.keys()).map(async (name) =>
                (await (await caches.open(name)).keys()).map((each) => each.url)))).flat()"""
        )
        assert not [each for each in answers if "/driver/v1" in each], "answers are kept by nobody"

    # The server is gone now.
    await page.reload()
    await expect(page.get_by_role("link", name=re.compile("^Old Mill"))).to_be_visible(timeout=SOON_MS)
    await expect(page.get_by_text("No connection. You see what was last known.")).to_be_visible()
    await expect(page.get_by_text(re.compile("^As of "))).to_be_visible(timeout=SOON_MS)
    assert await axe(page) == []
    await page.get_by_role("link", name=re.compile("^Charging")).click()
    await expect(page.get_by_role("heading", level=1, name="Charging")).to_be_visible()
    await expect(page.get_by_text("Your phone has no connection. Charging goes on.")).to_be_visible()
    assert await axe(page) == []
    await page.goto(running)
    await expect(page.get_by_role("heading", level=1, name="Charging")).to_be_visible()
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_role("heading", level=1, name="Account")).to_be_visible()


async def test_who_signs_out_leaves_nothing_behind(site: Bed, open_page: OpenPage) -> None:
    page = await open_page(site, size="phone")
    watch_of(page).allow("status of 401")
    await page.goto("/charge/at/QUAY-1-2")
    await page.get_by_role("button", name="Start charging").click()
    await page.get_by_role("heading", level=1, name=re.compile("Plug in now|Starting")).wait_for()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("heading", level=1, name=re.compile("Did not start|Ended"))).to_be_visible()
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1, name="Find a charger")).to_be_visible()
    left = await page.evaluate("Object.keys(localStorage)")
    assert "currant.kept.session" not in left
    assert "currant.kept.me" not in left
    assert "currant.driver" not in left
    cookies = await page.context.cookies(f"{site.url}/driver/v1/me")
    assert not [each for each in cookies if each["name"] == "currant_driver" and each["value"]]


async def test_a_browser_is_told_when_charging_ends(site: Bed, open_page: OpenPage) -> None:
    """Headless Chromium has no push service: what the browser would hand over is made up, the rest is real."""
    page = await open_page(site, size="phone", permissions=["notifications"])
    endpoint = "https://push.example.net/send/abc"
    await page.add_init_script(
        """
        const key = (length) => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(length))));
        let made = null;
        PushManager.prototype.getSubscription = async () => made;
        PushManager.prototype.subscribe = async (options) => {
            if (options.applicationServerKey.length !== 65) throw new Error("no VAPID key");
            const point = crypto.getRandomValues(new Uint8Array(65)); point[0] = 4;
            const pair = await crypto.subtle.generateKey({name: "ECDH", namedCurve: "P-256"}, true, ["deriveBits"]);
            const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
            const text = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
            made = {
                toJSON: () => ({ endpoint: "ENDPOINT", keys: {
                    p256dh: text(raw), auth: text(crypto.getRandomValues(new Uint8Array(16))) } }),
                unsubscribe: async () => { made = null; return true; },
            };
            return made;
        };
        Object.defineProperty(Notification, "permission", { get: () => "granted" });
        Notification.requestPermission = async () => "granted";
        """.replace("ENDPOINT", endpoint)
    )
    await page.goto("/charge/at/QUAY-1-1")
    await page.get_by_role("button", name="Start charging").click()
    # Asked where one knows what it is for, and only on a tap.
    await page.get_by_role("button", name="Tell me when it ends").click()
    await expect(page.get_by_text("You will be notified on this device.")).to_be_visible(timeout=SOON_MS)
    with closing(sqlite3.connect(site.folder / "currant.sqlite")) as database:
        tables = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if "push" in name or "subscription" in name
        ]
        stored = json.dumps(
            [database.execute(f"SELECT * FROM {name}").fetchall() for name in tables], default=str
        )
    assert endpoint in stored
    await page.get_by_role("button", name="Cancel").click()
    await page.goto("/charge/account/notices")
    await (
        page.get_by_role("button", name="Turn on notifications")
        .or_(page.get_by_role("button", name="Turn off notifications"))
        .wait_for()
    )


async def test_the_worker_shows_what_a_message_says(site: Bed, open_page: OpenPage) -> None:
    page = await open_page(site, size="phone", permissions=["notifications"])
    await page.goto("/charge/")
    await page.evaluate("navigator.serviceWorker.ready")
    source = await (await page.context.request.get(f"{site.url}/charge/sw.js")).text()
    assert "__SHELL__" not in source
    assert "/assets/" in source
    workers = page.context.service_workers
    worker = workers[0] if workers else await page.context.wait_for_event("serviceworker")
    shown = await worker.evaluate(
        """async () => {
            const shown = [];
            self.registration.showNotification = async (title, options) => { shown.push([title, options.body, options.data.url]); };
            const data = { title: "Charging has ended", text: "12 kWh at Old Mill", url: "/charge/session/1" };
            self.dispatchEvent(new PushEvent("push", { data: JSON.stringify(data) }));
            await new Promise((resolve) => setTimeout(resolve, 100));
            return shown;
        }"""
    )
    assert shown == [["Charging has ended", "12 kWh at Old Mill", "/charge/session/1"]]
