"""Overview, map and locations in a browser."""

import re

from playwright.async_api import Page, expect
from tests.browser.bed import Bed
from tests.browser.conftest import Axe, SignedIn, watch_of
from tests.browser.watching import overflow

# What the software that draws here instead of a graphics card says of itself.
DRAWN_BY_SOFTWARE = "GL Driver Message"


def marker(page: Page, name: str) -> object:
    return page.locator("button[data-total]").filter(has_text=name)


async def test_the_overview_says_how_the_network_stands(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("read_only")
    await page.goto("/console/")
    tile = page.get_by_role("region", name="Connected stations")
    await expect(tile).to_contain_text("4")
    await expect(page.locator("[data-state-row=charging]")).to_contain_text("1")
    await expect(page.locator("[data-problem=faulted]")).to_contain_text("QUAY-3")
    await expect(page.locator("[data-problem=never_connected]")).to_contain_text("MILL-2")
    assert await axe(page) == []
    await page.locator("[data-state-row=faulted]").click()
    await expect(page).to_have_url(re.compile(r"/stations\?state=faulted"))


async def test_a_fault_appears_on_overview_and_map_and_clears(signed_in: SignedIn, site: Bed) -> None:
    overview = await signed_in("operator")
    on_map = await signed_in("operator")
    watch_of(on_map).allow(DRAWN_BY_SOFTWARE)
    await overview.goto("/console/")
    await on_map.goto("/console/map?q=old mill")
    mill = on_map.get_by_role("button", name=re.compile("^Old Mill")).last
    await expect(overview.locator("[data-problem=faulted]")).to_contain_text("1 station")
    await expect(on_map.get_by_role("listitem").filter(has_text="Old Mill")).to_be_visible()
    await expect(mill.locator("[data-state=faulted]")).to_have_count(0)
    await site.fault("MILL-1")
    await expect(overview.locator("[data-problem=faulted]")).to_contain_text("2 stations")
    await expect(mill.locator("[data-state=faulted]")).to_have_count(1)
    await expect(on_map.locator("button[data-worst=faulted]").first).to_be_attached()
    await site.mend("MILL-1")
    await expect(overview.locator("[data-problem=faulted]")).to_contain_text("1 station")
    await expect(mill.locator("[data-state=faulted]")).to_have_count(0)


async def test_a_place_on_the_map_leads_to_its_stations(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("operator")
    watch_of(page).allow(DRAWN_BY_SOFTWARE)
    await page.goto("/console/map")
    await page.locator("canvas").wait_for()
    await page.locator("button[data-total]").first.wait_for()
    assert await axe(page) == []
    await page.get_by_role("button", name=re.compile("Harbour Quay")).last.click()
    await expect(page).to_have_url(re.compile("place="))
    balloon = page.locator(".maplibregl-popup")
    await expect(balloon).to_contain_text("1 Faulted")
    await balloon.get_by_role("link", name="3 stations").click()
    await expect(page).to_have_url(re.compile(r"/stations\?location="))
    await expect(page.locator("[data-testid=stations-shown]")).to_have_text("3 stations")


async def test_on_a_phone_map_and_list_are_one_below_the_other(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("operator", size="phone", scheme="dark")
    watch_of(page).allow(DRAWN_BY_SOFTWARE)
    await page.goto("/console/map")
    await page.locator("button[data-total]").first.wait_for()
    assert await overflow(page) == 0
    assert await axe(page) == []


async def test_a_location_is_made_changed_and_deleted(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("operator")
    watch_of(page).allow(DRAWN_BY_SOFTWARE)
    await page.goto("/console/locations")
    await page.get_by_role("button", name="Add a location").click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Name").fill("Station Square")
    await form.get_by_role("textbox", name="City").fill("Bonn")
    await form.get_by_role("combobox", name="Country").fill("Germany")
    await page.get_by_role("option", name="Germany").click()
    await form.get_by_role("checkbox", name="Open round the clock").uncheck()
    await form.get_by_role("textbox", name="Monday, from").fill("07:00")
    await form.get_by_role("button", name="Same every day").click()
    await form.locator("canvas").click(position={"x": 200, "y": 120})
    await expect(form.get_by_role("textbox", name="Latitude")).not_to_have_value("")
    assert await axe(page) == []
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Station Square")
    await expect(page.get_by_text("Mon – Sun 07:00–20:00")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("button", name="Change").click()
    await form.get_by_role("textbox", name="Name").fill("Market Square")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Market Square")
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile(r"/locations$"))
    await expect(page.get_by_role("link", name="Market Square")).to_have_count(0)


async def test_a_location_shows_its_stations_and_codes(signed_in: SignedIn, site: Bed, axe: Axe) -> None:
    page = await signed_in("operator")
    watch_of(page).allow(DRAWN_BY_SOFTWARE)
    await page.goto(f"/console/locations/{site.locations['Harbour Quay']}")
    await expect(page.get_by_role("listitem").filter(has_text="QUAY-2")).to_contain_text("Charging")
    assert await axe(page) == []
    await page.get_by_role("button", name="QR codes").click()
    sheet = page.get_by_role("dialog")
    await expect(sheet.locator("figure")).to_have_count(5)
    assert await sheet.locator("img").first.evaluate("image => image.complete && image.naturalWidth > 0")


async def test_an_import_says_what_is_wrong_before_it_does_anything(signed_in: SignedIn, site: Bed) -> None:
    page = await signed_in("operator")
    await page.goto("/console/locations")
    await page.get_by_role("button", name="Import").first.click()
    dialog = page.get_by_role("dialog")
    content = b"name,city,country,reference\nNorth,Kiel,DE,N-1\nSouth,Ulm,Germany,S-1\n"
    await dialog.locator("input[type=file]").set_input_files(
        {"name": "places.csv", "mimeType": "text/csv", "buffer": content}
    )
    await expect(dialog).to_contain_text("1 row cannot be taken")
    await expect(dialog.get_by_role("row").nth(1)).to_contain_text("country")
    await expect(dialog.get_by_role("button", name="Import")).to_be_disabled()
    await dialog.get_by_role("checkbox", name="Take the good rows").check()
    await dialog.get_by_role("button", name="Import").click()
    await expect(page.get_by_role("link", name="North")).to_be_visible()
    found = await site.ask("GET", "/locations/", params={"search": "North"})
    await site.ask("DELETE", f"/locations/{found['items'][0]['id']}")
