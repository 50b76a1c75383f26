"""The list of stations in a browser: found, filtered, told something together, and small however long it is."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import Page, expect
from tests.browser.bed import Bed
from tests.browser.conftest import Axe, NewSite, SignedIn
from tests.browser.watching import overflow

SHOWN = "[data-testid=stations-shown]"


async def opened(page: Page, search: str = "") -> None:
    await page.goto(f"/console/stations{search}")
    await page.locator(SHOWN).wait_for()


def row(page: Page, identity: str) -> Any:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=identity, exact=True))


async def test_every_station_stands_there_with_its_state(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("operator")
    await opened(page)
    await expect(row(page, "QUAY-1")).to_contain_text("Available")
    await expect(row(page, "QUAY-2")).to_contain_text("Charging")
    await expect(row(page, "QUAY-3")).to_contain_text("Faulted")
    await expect(row(page, "MILL-2")).to_contain_text("Never connected")
    await expect(row(page, "NEW-1")).to_contain_text("Waiting for approval")
    assert await axe(page) == []


async def test_filters_stand_in_the_address_and_survive_a_reload_and_the_way_back(
    signed_in: SignedIn,
) -> None:
    page = await signed_in("operator")
    await opened(page)
    await page.get_by_role("searchbox", name="Search identity").fill("fast 150")
    await expect(page.locator(SHOWN)).to_have_text("2 stations")
    await page.get_by_role("button", name=re.compile("Faulted")).click()
    await expect(page.locator(SHOWN)).to_have_text("1 station")
    await expect(page).to_have_url(re.compile(r"state=faulted"))
    await page.reload()
    await expect(page.locator(SHOWN)).to_have_text("1 station")
    await expect(page.get_by_role("searchbox", name="Search identity")).to_have_value("fast 150")
    await page.get_by_role("link", name="QUAY-3", exact=True).click()
    await expect(page).to_have_url(re.compile(r"/stations/[0-9a-f-]{36}"))
    await page.go_back()
    await expect(page.locator(SHOWN)).to_have_text("1 station")
    await page.get_by_role("button", name="Remove all filters").click()
    await expect(page.locator(SHOWN)).to_have_text("6 stations")


async def test_a_fault_appears_in_the_list_and_clears_while_one_looks(signed_in: SignedIn, site: Bed) -> None:
    page = await signed_in("support")
    await opened(page)
    await expect(row(page, "MILL-1")).to_contain_text("Available")
    await site.fault("MILL-1")
    await expect(row(page, "MILL-1")).to_contain_text("Faulted")
    await site.mend("MILL-1")
    await expect(row(page, "MILL-1")).to_contain_text("Available")


async def test_one_command_goes_to_all_that_are_selected_and_is_watched_to_its_end(
    signed_in: SignedIn, axe: Axe
) -> None:
    page = await signed_in("operator")
    await opened(page, "?location=none")
    await opened(page, "?q=quay")
    await page.get_by_role("checkbox", name="Select all").check()
    await expect(page.get_by_role("region", name="Selected stations")).to_contain_text("3 selected")
    await page.get_by_role("button", name="Give a command").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Command").click()
    await (
        page.get_by_role("option", name="Clear the list of known tokens")
        .or_(page.get_by_role("option", name=re.compile("cache", re.I)))
        .first.click()
    )
    await expect(dialog.get_by_test_id("bulk-preview")).to_contain_text("3 stations are connected")
    assert await axe(page) == []
    await dialog.get_by_role("button", name="Send to 3 stations").click()
    await expect(dialog).to_contain_text("All stations have answered")
    assert await axe(page) == []


async def test_a_station_that_waits_is_let_in(signed_in: SignedIn, site: Bed) -> None:
    await site.ask("POST", "/stations/", json={"identity": "NEW-2", "admission": "pending"})
    page = await signed_in("operator")
    await opened(page, "?q=new-2")
    await page.get_by_role("checkbox", name="Select NEW-2").check()
    await page.get_by_role("button", name="Accept 1").click()
    await expect(row(page, "NEW-2")).to_contain_text("Never connected")
    await site.ask("POST", "/stations/NEW-2/retire")
    await expect(page.locator(SHOWN)).to_have_text("0 stations")


async def test_what_is_filtered_can_be_taken_along(signed_in: SignedIn) -> None:
    page = await signed_in("operator")
    await opened(page, "?state=faulted")
    async with page.expect_download() as begun:
        await page.get_by_role("button", name="Export").first.click()
    path = await (await begun.value).path()
    text = path.read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith("Identity,")
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["QUAY-3"]


async def test_who_may_only_look_is_offered_nothing_else(signed_in: SignedIn) -> None:
    page = await signed_in("read_only")
    await opened(page)
    await expect(page.get_by_role("checkbox")).to_have_count(0)
    await expect(page.get_by_role("button", name="Import")).to_have_count(0)


async def test_on_a_phone_stations_are_cards(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("operator", size="phone", scheme="dark")
    await opened(page)
    await expect(row(page, "QUAY-2")).to_contain_text("Charging")
    assert await overflow(page) == 0
    assert await axe(page) == []


async def test_five_thousand_stations_are_a_small_page(new_site: NewSite, signed_in: SignedIn) -> None:
    many = await new_site((), furnished=False)
    await many.add_person("operator", "operator@bed.example")
    rows = "".join(f"CS-{number:05},Alfa,Mark {number % 7}\n" for number in range(5_000))
    report = await many.ask(
        "POST",
        "/stations/import",
        content=f"identity,vendor,model\n{rows}",
        headers={"Content-Type": "text/csv"},
    )
    assert report["created"] == 5_000
    page = await signed_in("operator", at=many)

    async def all_there() -> bool:
        return len((await many.ask("GET", "/fleet"))["rows"]) == 5_000

    await many.eventually(all_there)
    await opened(page)
    await expect(page.locator(SHOWN)).to_have_text("5,000 stations")
    assert await page.evaluate("document.querySelectorAll('*').length") < 2_500
    began = datetime.now(UTC)
    await page.get_by_role("searchbox", name="Search identity").fill("cs-04321")
    await expect(page.locator(SHOWN)).to_have_text("1 station")
    assert (datetime.now(UTC) - began).total_seconds() < 2
    await page.get_by_role("searchbox", name="Search identity").fill("")
    await expect(page.locator(SHOWN)).to_have_text("5,000 stations")
    table = page.get_by_role("region", name="Stations", exact=True)
    await table.focus()
    for _ in range(20):
        await page.keyboard.press("PageDown")
    await asyncio.sleep(0.2)
    assert await page.evaluate("document.querySelectorAll('*').length") < 2_500
    await page.get_by_role("checkbox", name="Select all").check()
    await expect(page.get_by_role("region", name="Selected stations")).to_contain_text("5,000 selected")
