"""Everything by the keyboard: the palette finds what there is, letters lead to pages."""

from playwright.async_api import expect
from tests.browser.bed import Bed
from tests.browser.conftest import SignedIn
from tests.browser.watching import violations


async def test_the_palette_finds_a_station_a_card_and_a_page(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("Control+k")
    box = page.get_by_placeholder("Station, place, session number")
    await box.fill("MILL-1")
    await expect(page.get_by_role("button", name="MILL-1").first).to_be_visible()
    assert await violations(page) == []
    # The first that is found is what Enter opens.
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/stations/**")
    await page.keyboard.press("Control+k")
    await box.fill("CUR-0001")
    await page.get_by_role("button", name="CUR-0001").click()
    await page.wait_for_url("**/console/tokens/**")
    await page.keyboard.press("Control+k")
    await box.fill("Access ru")
    await page.get_by_role("button", name="Access rules").click()
    await page.wait_for_url("**/console/policies")


async def test_the_palette_says_how_a_station_is(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("support")
    await page.goto("/console/")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("Control+k")
    box = page.get_by_placeholder("Station, place, session number")
    for identity, state in (("QUAY-3", "Faulted"), ("MILL-2", "Offline"), ("QUAY-2", "Charging")):
        await box.fill(identity)
        await expect(page.get_by_role("button", name=identity).first).to_contain_text(state)
    # By the place as well, all of its stations at once.
    await box.fill("Harbour Quay")
    await expect(page.get_by_role("button", name="QUAY-1").first).to_be_visible()
    await expect(page.get_by_role("button", name="QUAY-3").first).to_contain_text("Faulted")


async def test_letters_lead_to_pages_and_are_listed(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await page.wait_for_url("**/console/tokens")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await expect(page.get_by_placeholder("Station, place, session number")).to_be_focused()


async def test_a_letter_typed_into_a_field_stays_there(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/tokens")
    search = page.get_by_role("textbox", name="Search")
    await search.press_sequentially("gt")
    await expect(search).to_have_value("gt")
    assert page.url.split("?")[0].endswith("/console/tokens")


async def test_who_may_only_read_is_not_offered_pages_beyond(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("read_only")
    await page.goto("/console/")
    menu = page.get_by_role("navigation", name="Menu")
    await expect(menu.get_by_role("link", name="Stations")).to_be_visible()
    await expect(menu.get_by_role("link", name="Add a charger")).to_have_count(0)
