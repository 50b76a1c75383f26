"""Every screen of the driver's app, by day and by night and from right to left: whole, accessible, fitting a phone."""

import re

import hatch_build
import pytest
from playwright.async_api import Page, expect
from tests.browser.bed import Bed
from tests.browser.conftest import Axe, OpenPage, watch_of
from tests.browser.watching import overflow

# The address of each page; what stands in braces is filled in. Those that need somebody have it.
SCREENS = {
    "/": "/",
    "/place/:id": "/place/{place}",
    "/scan": "/scan",
    "/at/:code": "/at/QUAY-1-1",
    "/session/:id": "/session/{session}",
    "/receipt/:id": "/receipt/{receipt}",
    "/history": "/history",
    "/account": "/account",
    "/account/profile": "/account/profile",
    "/account/cards": "/account/cards",
    "/account/passkeys": "/account/passkeys",
    "/account/notices": "/account/notices",
    "/account/language": "/account/language",
    "/reservations": "/reservations?code=QUAY-1-2",
    "/sign-in": "/sign-in",
    "/legal/:kind": "/legal/imprint",
}
LOOKS = {
    "day": {"scheme": "light", "language": "en-GB"},
    "night": {"scheme": "dark", "language": "de-DE"},
    "right to left": {"scheme": "light", "language": "ar-EG"},
    "Hindi": {"scheme": "dark", "language": "hi-IN"},
}
NOBODY = "00000000-0000-7000-8000-000000000000"


def test_every_page_is_among_the_screens() -> None:
    source = (hatch_build.WEB / "src" / "driver" / "app" / "App.tsx").read_text(encoding="utf-8")
    assert set(re.findall(r'^  \["(/[^"]*)", \(', source, re.MULTILINE)) == set(SCREENS)


@pytest.mark.parametrize("look", LOOKS)
async def test_screens_are_whole(site: Bed, open_page: OpenPage, axe: Axe, look: str) -> None:
    page = await open_page(site, size="phone", **LOOKS[look])
    # Nobody is signed in, and there is no such session: that is told, too.
    watch_of(page).allow(r"status of 40[14]")
    here = {"place": site.locations["Harbour Quay"], "session": NOBODY, "receipt": NOBODY}
    wrong = []
    # High enough that nothing lies under the menu at the bottom.
    await page.set_viewport_size({"width": 390, "height": 2_400})
    for address in SCREENS.values():
        await page.goto("/charge" + address.format(**here))
        await settled(page)
        title = await page.title()
        heading = await page.get_by_role("heading", level=1).inner_text()
        if heading not in title or "Test network" not in title:
            wrong.append(f"{address}: titled {title!r} over {heading!r}")
        if await overflow(page) > 0:
            wrong.append(f"{address}: wider than a phone")
        wrong += [f"{address}: {each}" for each in await axe(page)]
        if re.search(r"\b[a-z_]+\.[a-z_]+\b", await page.locator("main").inner_text()):
            wrong.append(f"{address}: a word is missing: {await page.locator('main').inner_text()}")
    assert wrong == []
    direction = await page.evaluate("document.documentElement.dir")
    assert direction == ("rtl" if look == "right to left" else "ltr")


async def settled(page: Page) -> None:
    await page.get_by_role("heading", level=1).wait_for()
    await page.locator(".bones").first.wait_for(state="detached")


async def test_filters_stay_in_the_address(site: Bed, open_page: OpenPage) -> None:
    page = await open_page(site, size="phone")
    await page.goto("/charge/")
    places = page.get_by_role("list", name="Find a charger").get_by_role("link")
    await expect(places).to_have_count(2)
    await page.get_by_label("Power").select_option("150")
    await expect(places).to_have_count(1)
    await page.get_by_role("button", name="Free now").click()
    await page.get_by_label("Plug").select_option("IEC_62196_T2_COMBO")
    await expect(page.get_by_text("No charger found")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Free now")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Show all places").click()
    await expect(places).to_have_count(2)
    await page.get_by_label("Place, street or town").fill("amster")
    await expect(places).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"q=amster"))


async def test_where_one_is_is_asked_on_a_tap_alone(site: Bed, open_page: OpenPage) -> None:
    page = await open_page(site, size="phone", geolocation={"latitude": 52.37, "longitude": 4.88})
    await page.goto("/charge/")
    await page.get_by_role("link", name="Old Mill").wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.context.grant_permissions(["geolocation"])
    await page.get_by_role("button", name="Near me").click()
    await expect(page.get_by_text(re.compile(r"[0-9]\s?(m|km)\b")).first).to_be_visible()
    first = page.get_by_role("list", name="Find a charger").get_by_role("link").first
    await expect(first).to_contain_text("Old Mill")
    # No closer than it needs to be.
    assert any("lat=52.370&lon=4.880" in each for each in asked)


async def test_a_place_shows_its_chargers_as_they_change(site: Bed, open_page: OpenPage, axe: Axe) -> None:
    page = await open_page(site, size="phone")
    await page.goto(f"/charge/place/{site.locations['Old Mill']}")
    charger = page.get_by_role("article", name="Old Mill 1")
    await expect(charger).to_contain_text("Free")
    await site.fault("MILL-1")
    await expect(charger).to_contain_text("Faulty")
    await site.mend("MILL-1")
    await expect(charger).to_contain_text("Free")
    directions = page.get_by_role("link", name="Directions")
    assert "52.374" in (await directions.get_attribute("href") or "")


async def test_the_map_shows_the_places(site: Bed, open_page: OpenPage, axe: Axe) -> None:
    page = await open_page(site, size="phone")
    # Drawn in software here, and it says so.
    watch_of(page).allow("GL Driver Message|GPU stall|WebGL")
    await page.goto("/charge/?view=map")
    marker = page.get_by_role("button", name=re.compile("Old Mill"))
    await expect(marker).to_be_visible(timeout=60_000)
    assert await axe(page) == []
    assert await overflow(page) <= 0
    await marker.click()
    await page.get_by_role("link", name="Show this place").click()
    await expect(page.get_by_role("heading", level=1, name="Old Mill")).to_be_visible()


async def test_the_language_is_chosen_and_kept(site: Bed, open_page: OpenPage) -> None:
    page = await open_page(site, size="phone")
    await page.goto("/charge/account/language")
    await page.get_by_label("العربية").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("اللغة")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")


@pytest.mark.parametrize("width", [320, 768])
async def test_no_screen_is_too_narrow_or_too_wide(site: Bed, open_page: OpenPage, width: int) -> None:
    page = await open_page(site, size="phone")
    await page.set_viewport_size({"width": width, "height": 640})
    for address in ("/", f"/place/{site.locations['Harbour Quay']}", "/at/QUAY-3-2", "/scan"):
        await page.goto("/charge" + address)
        await settled(page)
        assert await overflow(page) <= 0, address
