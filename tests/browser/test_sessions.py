"""Sessions: the list that goes on by itself, and one of them with its curve and its story."""

import asyncio
import re

from playwright.async_api import expect
from tests.browser.bed import Bed
from tests.browser.conftest import Axe, SignedIn

expect.set_options(timeout=60_000)


async def new_card(site: Bed, uid: str) -> str:
    """A card of a test's own: the bed's charges elsewhere already."""
    await site.ask("POST", "/tokens/", json={"uid": uid})
    return uid


async def running(site: Bed, identity: str) -> int:
    """The number of the session under way there."""

    async def found() -> int:
        page = await site.ask("GET", "/sessions/", params={"station": identity, "active": True})
        return page["items"][0]["number"] if page["items"] else 0

    return await site.eventually(found)


async def test_a_session_that_begins_appears_in_the_list_and_ends_there(
    site: Bed, signed_in: SignedIn
) -> None:
    page = await signed_in("support")
    await page.goto("/console/sessions?state=running&station=MILL-1")
    await expect(page.get_by_text("No session fits")).to_be_visible()
    card = await new_card(site, "0B0B0B01")
    await site.charge("MILL-1", card=card)
    number = await running(site, "MILL-1")
    row = page.get_by_role("row").filter(has_text=card)
    await expect(row.get_by_role("link", name=str(number))).to_be_visible()
    await expect(row.locator("[data-state='charging']")).to_be_visible()
    await site.leave("MILL-1")
    await expect(page.get_by_text("No session fits")).to_be_visible()


async def test_filters_stay_in_the_address(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("support")
    await page.goto("/console/sessions")
    await page.get_by_text("Under way", exact=True).click()
    await page.get_by_label("Token", exact=True).fill("nobody")
    await expect(page).to_have_url(re.compile("state=running.*token=nobody"))
    await expect(page.get_by_text("No session fits")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Token", exact=True)).to_have_value("nobody")
    await expect(page.get_by_text("No session fits")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page.get_by_role("row").filter(has_text="QUAY-2").first).to_be_visible()
    assert await axe(page) == []


async def test_a_session_shows_its_curve_and_its_story(site: Bed, signed_in: SignedIn, axe: Axe) -> None:
    number = await running(site, "QUAY-2")
    page = await signed_in("support")
    await page.goto(f"/console/sessions/{number}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Session {number}")
    await expect(page.get_by_role("img", name=re.compile("Curve"))).to_be_visible()
    await expect(page.locator("[data-moment='started']")).to_be_visible()
    await expect(
        page.locator("[data-moment='authorised']").get_by_text("Was allowed to charge")
    ).to_be_visible()
    await expect(page.get_by_text("Not rated yet")).to_be_visible()
    assert await axe(page) == []


async def test_a_session_is_closed_by_hand_with_a_reason(site: Bed, signed_in: SignedIn) -> None:
    await site.charge("QUAY-1", 1, card=await new_card(site, "0B0B0B02"))
    number = await running(site, "QUAY-1")
    await site.cut("QUAY-1")
    page = await signed_in("operator")
    await page.goto(f"/console/sessions/{number}")
    await page.get_by_role("button", name="Close in the books").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("The car has left, says the baker.")
    await dialog.get_by_role("button", name="Close in the books").click()
    await expect(page.get_by_text("Check this session before it is billed")).to_be_visible()
    await expect(page.get_by_text("Somebody closed it by hand.").first).to_be_visible()
    await site.restore("QUAY-1")
    await site.leave("QUAY-1", 1)


async def test_on_a_phone_sessions_are_cards(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("support", size="phone", scheme="dark")
    await page.goto("/console/sessions")
    await expect(page.get_by_text("QUAY-2").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert await axe(page) == []
    # The filters are folded away, and say how many there are.
    number = page.get_by_label("Number", exact=True)
    await expect(number).to_have_count(0)
    await page.get_by_role("button", name="Filters").click()
    await number.fill("999999999")
    await expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert await axe(page) == []
    await page.get_by_role("button", name="Filters (1)").click()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page.get_by_text("QUAY-2").first).to_be_visible()


async def test_what_a_session_costs_is_shown_line_by_line(site: Bed, signed_in: SignedIn, axe: Axe) -> None:
    station = await site.ask("GET", "/stations/MILL-1")
    made = await site.ask("POST", "/tariffs", json={"name": "Mill", "currency": "EUR"})
    tariff = made["tariff"]["id"]
    components = [
        {"dimension": "flat", "price": "1.00", "tax_percent": "19"},
        {"dimension": "energy", "price": "0.50", "tax_percent": "19"},
    ]
    prices = {"currency": "EUR", "elements": [{"components": components}], "free_below_s": 0}
    await site.ask("POST", f"/tariffs/{tariff}/versions", json={"prices": prices})
    await site.ask("POST", f"/tariffs/{tariff}/versions/1/publish", json={})
    rule = {"tariff_id": tariff, "scope": "station", "about": station["id"]}
    await site.ask("POST", "/price-rules", json=rule)
    # Stations tell whole seconds, and the price holds only since a moment ago.
    await asyncio.sleep(1.1)
    await site.charge("MILL-1", card=await new_card(site, "0B0B0B03"))
    number = await running(site, "MILL-1")
    page = await signed_in("support")
    await page.goto(f"/console/sessions/{number}")
    cost = page.get_by_role("region", name="Cost")
    await expect(cost.get_by_text("So far")).to_be_visible()
    await expect(cost.get_by_role("row").filter(has_text="Start")).to_contain_text("€1.00")
    assert await axe(page) == []
    await site.leave("MILL-1")
    await site.eventually(lambda: ended(site, number))
    await site.ask("POST", f"/sessions/{number}/settle")
    await page.reload()
    await expect(cost.get_by_role("row").filter(has_text="VAT 19")).to_be_visible()
    await expect(cost.get_by_role("row").filter(has_text="Total")).to_contain_text("€")


async def ended(site: Bed, number: int) -> bool:
    found = await site.ask("GET", f"/sessions/{number}")
    return bool(found["phase"] == "ended")
