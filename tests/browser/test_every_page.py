"""Every page of the console, by its table: it opens without a complaint, axe finds nothing, a phone scrolls one way.

The pages of somebody signed in are opened one after the other in one browser profile for each size, and
seen light and dark as when the machine's own appearance changes.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hatch_build import WEB
from playwright.async_api import Browser, BrowserContext, Page, expect
from tests.browser.bed import Bed
from tests.browser.conftest import (
    PATIENCE_MS,
    SIZES,
    Axe,
    OpenPage,
    SignedIn,
    once_a_file,
    profile,
    sign_in,
    watch_of,
)
from tests.browser.signing_in import NOT_SIGNED_IN
from tests.browser.watching import overflow

TABLE = Path(WEB / "src" / "console" / "pages.ts").read_text(encoding="utf-8")
INSIDE, OUTSIDE = (
    re.findall(r'path: "([^"]+)"', part) for part in TABLE.split("export const OPEN_PAGES", maxsplit=1)
)
OPEN = [path for path in OUTSIDE if path not in ("/set-up", "/second-factor")]


async def address_of(site: Bed, path: str) -> str:
    """A page's address with something real in the place of its parameter."""
    found = re.search(r"\$(\w+)", path)
    if found is None:
        return path
    return path.replace(found[0], await IN_PLACE[found[1], path.split("/")[1]](site))


async def _given(value: str) -> str:
    return value


async def _first(site: Bed, things: str, **draft: object) -> str:
    """The first of some things; made if there is none."""
    found = (await site.ask("GET", f"/{things}/"))["items"]
    return str(found[0]["id"] if found else (await site.ask("POST", f"/{things}/", json=draft))["id"])


async def _rollout(site: Bed) -> str:
    found = (await site.ask("GET", "/desired/rollouts"))["items"]
    if found:
        return str(found[0]["id"])
    value = {"scope": "station", "station": "MILL-2", "aspect": "variables"}
    draft = {**value, "key": "OCPPCommCtrlr.HeartbeatInterval", "value": "120"}
    made = await site.ask("POST", "/desired/declarations", json={"declarations": [draft]})
    return str(made["rollout"]["id"])


IN_PLACE = {
    ("location", "locations"): lambda site: _given(site.locations["Harbour Quay"]),
    ("station", "stations"): lambda site: _given("QUAY-2"),
    ("station", "onboarding"): lambda site: _given("MILL-2"),
    ("session", "sessions"): lambda site: _first(site, "sessions"),
    ("token", "tokens"): lambda site: _first(site, "tokens"),
    ("account", "accounts"): lambda site: _first(site, "accounts", name="Hotel by the lake"),
    ("policy", "policies"): lambda site: _first(site, "policies", name="Guests of the hotel"),
    ("group", "station-groups"): lambda site: _first(site, "station-groups", name="At the quay"),
    ("rollout", "rollouts"): _rollout,
}


Owners = Callable[[str], Awaitable[BrowserContext]]


@once_a_file
async def owners(browser: Browser, site: Bed) -> AsyncIterator[Owners]:
    """The browser profile of an owner who is signed in, by its size."""
    made: dict[str, BrowserContext] = {}

    async def of(size: str) -> BrowserContext:
        if size not in made:
            made[size] = await profile(browser, site, size=size)
            await sign_in(made[size], site, "owner@bed.example")
        return made[size]

    yield of
    for context in made.values():
        await context.close()


# What is seen is judged when nothing is on its way from one colour to the other any more; what inherits
# its colour sets out when its parent has arrived.
AT_REST = """async () => {
    const moving = () => document.getAnimations()
        .filter(each => each.effect.getComputedTiming().iterations !== Infinity);
    const painted = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    do {
        await Promise.allSettled(moving().map(each => each.finished));
        await painted();
    } while (moving().length > 0);
}"""


async def check(page: Page, path: str, axe: Axe) -> None:
    await page.goto(f"/console{path}")
    await page.get_by_role("heading", level=1).first.wait_for()
    # What comes later than its frame.
    await expect(page.locator(".mantine-Skeleton-root")).to_have_count(0, timeout=PATIENCE_MS)
    assert await page.get_by_role("heading", level=1).count() == 1
    assert (await page.title()).endswith(" · Currant")
    assert not (await page.title()).startswith(" ·")
    assert await overflow(page) <= 0
    assert await axe(page) == []


async def check_in_both_schemes(page: Page, path: str, axe: Axe) -> None:
    await check(page, path, axe)
    await page.emulate_media(color_scheme="dark")
    await page.locator("html[data-mantine-color-scheme=dark]").wait_for()
    await page.evaluate(AT_REST)
    assert await overflow(page) <= 0
    assert await axe(page) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", INSIDE)
async def test_pages_inside(
    site: Bed, open_page: OpenPage, owners: Owners, axe: Axe, path: str, size: str
) -> None:
    address = await address_of(site, path)
    page = await open_page(site, within=await owners(size))
    await check_in_both_schemes(page, address, axe)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", OPEN)
async def test_pages_for_who_is_not_signed_in(
    site: Bed, open_page: OpenPage, axe: Axe, path: str, size: str
) -> None:
    page = await open_page(site, size=size)
    watch_of(page).allow(NOT_SIGNED_IN)
    await check_in_both_schemes(page, path, axe)


@pytest.mark.parametrize("path", ["/", "/people"])
async def test_a_page_that_opens_in_the_dark(site: Bed, signed_in: SignedIn, axe: Axe, path: str) -> None:
    page = await signed_in("owner", scheme="dark")
    await check(page, path, axe)
    assert await page.locator("html").get_attribute("data-mantine-color-scheme") == "dark"


@pytest.mark.parametrize("path", ["/", "/stations", "/people", "/me", "/branding"])
async def test_arabic_reads_from_right_to_left(site: Bed, signed_in: SignedIn, axe: Axe, path: str) -> None:
    page = await signed_in("owner", language="ar", size="phone")
    await check(page, path, axe)
    assert await page.evaluate("[document.documentElement.dir, document.documentElement.lang]") == [
        "rtl",
        "ar",
    ]
