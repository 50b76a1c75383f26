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


async def address_of(site: Bed, path: str) -> str | None:
    """A page's address with something real in the place of its parameters; None when there is no such thing."""
    if "$location" in path:
        return path.replace("$location", site.locations["Harbour Quay"])
    if "$station" in path:
        return path.replace("$station", "QUAY-2")
    if "$session" in path:
        sessions = (await site.ask("GET", "/sessions/"))["items"]
        return path.replace("$session", sessions[0]["id"])
    return None if "$" in path else path


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
    if address is None:
        pytest.skip("Its own test makes what it is about.")
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
