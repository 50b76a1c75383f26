"""Every page of the console, by its table: it opens without a complaint, axe finds nothing, a phone scrolls one way."""

import re
from pathlib import Path

import pytest
from hatch_build import WEB
from playwright.async_api import Page, expect
from tests.browser.bed import Bed
from tests.browser.conftest import Axe, OpenPage, SignedIn, watch_of
from tests.browser.signing_in import NOT_SIGNED_IN
from tests.browser.watching import overflow

TABLE = Path(WEB / "src" / "console" / "pages.ts").read_text(encoding="utf-8")
INSIDE, OUTSIDE = (
    re.findall(r'path: "([^"]+)"', part) for part in TABLE.split("export const OPEN_PAGES", maxsplit=1)
)
LOOKS = [("desktop", "light"), ("desktop", "dark"), ("phone", "light"), ("phone", "dark")]
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


async def check(page: Page, path: str, axe: Axe) -> None:
    await page.goto(f"/console{path}")
    await page.get_by_role("heading", level=1).first.wait_for()
    # What comes later than its frame.
    await expect(page.locator(".mantine-Skeleton-root")).to_have_count(0, timeout=15_000)
    assert await page.get_by_role("heading", level=1).count() == 1
    assert (await page.title()).endswith(" · Currant")
    assert not (await page.title()).startswith(" ·")
    assert await overflow(page) <= 0
    assert await axe(page) == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
@pytest.mark.parametrize("path", INSIDE)
async def test_pages_inside(
    site: Bed, signed_in: SignedIn, axe: Axe, path: str, size: str, scheme: str
) -> None:
    address = await address_of(site, path)
    page = await signed_in("owner", size=size, scheme=scheme)
    await check(page, address, axe)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
@pytest.mark.parametrize("path", OPEN)
async def test_pages_for_who_is_not_signed_in(
    site: Bed, open_page: OpenPage, axe: Axe, path: str, size: str, scheme: str
) -> None:
    page = await open_page(site, size=size, scheme=scheme)
    watch_of(page).allow(NOT_SIGNED_IN)
    await check(page, path, axe)


@pytest.mark.parametrize("path", ["/", "/stations", "/people", "/me", "/branding"])
async def test_arabic_reads_from_right_to_left(site: Bed, signed_in: SignedIn, axe: Axe, path: str) -> None:
    page = await signed_in("owner", language="ar", size="phone")
    await check(page, path, axe)
    assert await page.evaluate("[document.documentElement.dir, document.documentElement.lang]") == [
        "rtl",
        "ar",
    ]
