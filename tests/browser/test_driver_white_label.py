"""Two organisations of one installation at once, each under its own name, colours and host name."""

import os
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.browser.bed import PASSWORD, Bed
from tests.browser.conftest import CHROMIUM, SIZES, Axe
from tests.browser.watching import Watch

SUNNY, LEAFY = "sunny.test", "leafy.test"
SUN = {
    "name": "Sunny Charge",
    "primary_colour": "#ffd400",
    "support_phone": "+49 30 1234567",
    "hosts": [SUNNY],
    "legal": {"terms": {"en": "Be kind.\n\nUnplug when done."}, "privacy": {"en": "We keep little."}},
}
LEAF = {"name": "Leafy Power", "primary_colour": "#0b3d2e", "guests": False, "hosts": [LEAFY]}
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><rect width="90" height="30" fill="#0b3d2e"/></svg>'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def anywhere() -> AsyncIterator[Browser]:
    """A browser for which every name under .test is this machine."""
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*sandbox, "--disable-dev-shm-usage", "--host-resolver-rules=MAP *.test 127.0.0.1"],
        )
        yield started
        await started.close()


async def furnish(site: Bed) -> None:
    """The installation's own organisation is sunny, a further one is leafy."""
    own = (await site.ask("GET", "/organisation"))["id"]
    leafy = await site.ask(
        "POST", "/organisations", json={"name": "Leafy", "owner_login": "owner@leafy.example"}
    )
    await site.ask("PUT", f"/organisations/{own}/hosts", json={"hosts": [SUNNY]})
    await site.ask("PUT", f"/organisations/{leafy['organisation']['id']}/hosts", json={"hosts": [LEAFY]})
    await site.ask("PUT", "/branding", json=SUN)
    async with httpx.AsyncClient(base_url=site.url, timeout=20) as owner:
        once = {"login": "owner@leafy.example", "password": leafy["owner"]["one_time_password"]}
        me = (await owner.post("/api/v1/login", json=once)).raise_for_status().json()
        owner.headers["X-CSRF-Token"] = me["csrf_token"]
        changed = await owner.post(
            "/api/v1/me/password",
            json={"current_password": once["password"], "new_password": PASSWORD},
        )
        changed.raise_for_status()
        if changed.content:
            owner.headers["X-CSRF-Token"] = changed.json().get("csrf_token", me["csrf_token"])
        (await owner.put("/api/v1/branding", json=LEAF)).raise_for_status()
        picture = await owner.put(
            "/api/v1/branding/logo", content=LOGO, headers={"Content-Type": "image/svg+xml"}
        )
        picture.raise_for_status()


async def at(browser: Browser, site: Bed, host: str, scheme: str = "light") -> tuple[Page, Watch]:
    origin = f"http://{host}:{site.currant.api.port}"
    context = await browser.new_context(
        viewport=SIZES["phone"],  # type: ignore[arg-type]
        locale="en-GB",
        color_scheme=scheme,  # type: ignore[arg-type]
        base_url=origin,
    )
    page = await context.new_page()
    watch = Watch(page, origin)
    await watch.begin()
    # Said of every name but localhost without TLS; drivers come by https.
    watch.allow("Cross-Origin-Opener-Policy header has been ignored")
    return page, watch


async def colours(page: Page) -> tuple[str, str]:
    """Of the large button: its ground and its ink."""
    button = page.locator(".button.main").first
    await button.wait_for()
    ground, ink = await button.evaluate(
        "(each) => [getComputedStyle(each).backgroundColor, getComputedStyle(each).color]"
    )
    return ground, ink


async def test_two_organisations_look_their_own_way_at_once(site: Bed, anywhere: Browser, axe: Axe) -> None:
    await furnish(site)
    try:
        sunny, sunny_watch = await at(anywhere, site, SUNNY)
        leafy, leafy_watch = await at(anywhere, site, LEAFY)
        # A name of its own leads drivers to the app, not to the console.
        await sunny.goto("/")
        await expect(sunny).to_have_url(f"http://{SUNNY}:{site.currant.api.port}/charge/")
        await leafy.goto("/")
        await expect(sunny.get_by_role("banner")).to_contain_text("Sunny Charge")
        await expect(leafy.get_by_role("banner").get_by_role("img", name="Leafy Power")).to_be_visible()
        await expect(sunny.get_by_role("link", name="Old Mill")).to_be_visible()
        # What is one organisation's, the other's drivers never see.
        await expect(leafy.get_by_text("No chargers yet")).to_be_visible()
        assert "Sunny" not in await leafy.content()
        for page, name, colour in ((sunny, "Sunny Charge", "#ffd400"), (leafy, "Leafy Power", "#0b3d2e")):
            assert name in await page.title()
            assert await page.locator('meta[name="theme-color"]').get_attribute("content") == colour
            manifest = await page.evaluate(
                "fetch('/charge/manifest.webmanifest').then((answer) => answer.json())"
            )
            assert (manifest["name"], manifest["theme_color"]) == (name, colour)
            assert await axe(page) == []

        # Yellow carries black letters, dark green white ones: what could not be read is put right.
        await sunny.goto("/charge/scan")
        await leafy.goto("/charge/scan")
        assert await colours(sunny) == ("rgb(255, 212, 0)", "rgb(0, 0, 0)")
        assert await colours(leafy) == ("rgb(11, 61, 46)", "rgb(255, 255, 255)")
        assert await axe(sunny) == []
        assert await axe(leafy) == []
        night, night_watch = await at(anywhere, site, LEAFY, "dark")
        await night.goto("/charge/scan")
        await expect(night.get_by_role("heading", level=1)).to_be_visible()
        assert await axe(night) == []

        await guests_agree_first(sunny, axe)
        await sunny.goto("/charge/account")
        await expect(sunny.get_by_role("link", name="+49 30 1234567")).to_be_visible()
        await sunny.get_by_role("link", name="Terms").click()
        await expect(sunny.get_by_text("Unplug when done.")).to_be_visible()
        for watch in (sunny_watch, leafy_watch, night_watch):
            assert watch.wrong == []
            await watch.page.context.close()
    finally:
        await site.ask("PUT", "/branding", json={})


async def guests_agree_first(page: Page, axe: Axe) -> None:
    """Where there are terms, a guest has to agree to them before charging."""
    await page.goto("/charge/at/QUAY-1-2")
    await page.get_by_role("button", name="Start charging").click()
    await expect(page.get_by_role("alert")).to_have_text("Please tick this box to go on.")
    assert await axe(page) == []
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Start charging").click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
