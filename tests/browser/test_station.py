"""A station's page: what it does and why, told from afar what to do, followed as it happens."""

import re

from playwright.async_api import Page, expect
from tests.browser.bed import CARD, Bed
from tests.browser.conftest import Axe, SignedIn

from currant.simulator import drivers
from currant.simulator.outlet import Outlet
from currant.simulator.station import Station

PARTS = (
    *("now", "sessions", "history", "model", "commands", "messages", "findings"),
    *("files", "security", "limits", "monitoring", "notes", "settings"),
)


expect.set_options(timeout=60_000)


async def plug_in(site: Bed, identity: str) -> None:
    """A car arrives and waits to be started from afar."""

    def arrive(station: Station, outlet: Outlet) -> None:
        visit = drivers.visit(station.spec, 1, CARD, station.drivers_dice)
        outlet.visit, outlet.vehicle = visit, visit.vehicle
        outlet.round += 1
        outlet.plug_in()

    await site.at(identity, 1, arrive)


async def new_card(site: Bed, uid: str) -> str:
    """A card of a test's own: the bed's charges elsewhere already."""
    await site.ask("POST", "/tokens/", json={"uid": uid})
    return uid


async def open_station(page: Page, identity: str, part: str = "") -> None:
    await page.goto(f"/console/stations/{identity}{f'?tab={part}' if part else ''}")
    await page.get_by_role("heading", level=1).wait_for()


async def test_a_session_is_started_and_stopped_from_afar(site: Bed, signed_in: SignedIn) -> None:
    card = await new_card(site, "0A11CE01")
    await plug_in(site, "MILL-1")
    page = await signed_in("operator")
    await open_station(page, "MILL-1")
    await page.get_by_role("button", name="Start charging").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Token", exact=True).fill("0A11")
    await page.get_by_role("option", name=card).click()
    await dialog.get_by_role("button", name="Send").click()
    evse = page.locator("[data-evse='1']")
    await expect(page.locator("[data-doing]")).to_have_attribute("data-doing", "charging")
    await expect(evse.get_by_text("Session", exact=False)).to_be_visible()
    await expect(evse.get_by_text("kW").last).to_be_visible()
    await evse.get_by_role("button", name="Stop charging").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop charging").click()
    await expect(evse.get_by_role("button", name="Stop charging")).to_have_count(0)
    await expect(page.locator("[data-doing]")).not_to_have_attribute("data-doing", "charging")
    await site.leave("MILL-1")
    await page.get_by_role("tab", name="Commands").click()
    started = page.locator("[data-command='StartCharging']").first
    await expect(started.locator("[data-outcome]")).to_have_attribute("data-outcome", "accepted")
    await expect(page.locator("[data-command='StopCharging']").first).to_be_visible()


async def test_a_fault_appears_and_clears_on_the_page_as_it_happens(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("support")
    await open_station(page, "QUAY-1")
    await expect(page.locator("[data-doing]")).to_have_attribute("data-doing", "idle")
    await site.fault("QUAY-1", 2)
    trouble = page.locator("[data-problem^='fault_']").first
    await expect(trouble).to_be_visible()
    await expect(trouble.get_by_text("What to do")).to_be_visible()
    await expect(trouble.get_by_text("EVSE 2")).to_be_visible()
    await expect(page.locator("[data-evse='2'] [data-state='faulted']")).to_be_visible()
    await site.mend("QUAY-1", 2)
    await expect(page.locator("[data-problem^='fault_']")).to_have_count(0)
    await expect(page.locator("[data-evse='2'] [data-state='available']")).to_be_visible()


async def test_messages_are_followed_as_they_come(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("support")
    await open_station(page, "QUAY-1", "messages")
    await expect(page.locator("[data-following]")).to_have_attribute("data-following", "live")
    trigger = {"command": "Trigger", "message": "heartbeat"}
    await site.ask("POST", "/stations/QUAY-1/commands", json=trigger)
    call = page.get_by_role("button", name="TriggerMessage", exact=True).first
    await expect(call).to_be_visible()
    await call.click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_text('"requestedMessage": "Heartbeat"')).to_be_visible()
    await expect(drawer.get_by_text('"status": "Accepted"')).to_be_visible()
    await page.keyboard.press("Escape")
    # Held still, new ones are counted; let go, they come.
    before = await page.get_by_role("button", name="TriggerMessage", exact=True).count()
    await page.get_by_role("button", name="Pause").click()
    await site.ask("POST", "/stations/QUAY-1/commands", json=trigger)
    await expect(page.locator("[data-following]")).to_have_text(re.compile(r"Paused; [1-9]"))
    assert await page.get_by_role("button", name="TriggerMessage", exact=True).count() == before
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("button", name="TriggerMessage", exact=True)).to_have_count(before + 1)
    # What is looked for stands in the address.
    await page.get_by_label("Search in what is shown").fill("requestedMessage")
    await expect(page).to_have_url(re.compile("text=requestedMessage"))
    await expect(page.get_by_role("button", name="Heartbeat", exact=True)).to_have_count(0)


async def test_a_variable_is_declared_and_what_it_has_stands_beside_it(
    site: Bed, signed_in: SignedIn
) -> None:
    page = await signed_in("operator")
    await open_station(page, "QUAY-2", "model")
    await page.get_by_role("button", name="Read again").click()
    await expect(page.get_by_text("Read in whole")).to_be_visible()
    await page.get_by_label("Search variables and values").fill("HeartbeatInterval")
    await page.get_by_role("button", name="OCPPCommCtrlr.HeartbeatInterval").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("It shall be").fill("77")
    await dialog.get_by_role("button", name="Declare", exact=True).click()
    row = page.get_by_role("row").filter(has_text="HeartbeatInterval")
    await expect(row.locator("[data-standing]")).to_have_attribute("data-standing", "in_step")
    await expect(row.get_by_text("77", exact=True)).to_have_count(2)
    # And back, by the way that the notice offers.
    await page.get_by_role("button", name="Undo").click()
    await expect(row.locator("[data-standing]")).to_have_count(0)


async def test_a_refused_command_says_why(site: Bed, signed_in: SignedIn) -> None:
    await site.at("QUAY-3", 2, lambda station, outlet: station.break_down(outlet, "lock", 3600))
    page = await signed_in("operator")
    await open_station(page, "QUAY-3")
    await page.get_by_role("button", name="Actions for EVSE 2").click()
    await page.get_by_role("menuitem", name="Unlock connector").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Send").click()
    outcome = dialog.locator("[data-outcome]")
    await expect(outcome).not_to_have_attribute("data-outcome", "accepted")
    await expect(dialog.get_by_text("UnlockFailed").first).to_be_visible()
    await site.mend("QUAY-3", 2)


async def test_every_command_has_a_form(signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("operator")
    await open_station(page, "MILL-1")
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="All commands").click()
    dialog = page.get_by_role("dialog")
    which = dialog.get_by_role("combobox", name="Command")
    for name in ("Set a charging profile", "Set monitors", "Show a message on the display", "Reserve"):
        await which.fill(name)
        await page.get_by_role("option", name=name, exact=True).click()
        await expect(dialog.get_by_role("button", name="Close").last).to_be_visible()
        await expect(dialog.locator("input, textarea")).not_to_have_count(1)
    assert await axe(page) == []


async def test_on_a_phone_nothing_is_cut_off(site: Bed, signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("owner", size="phone", scheme="dark")
    for part in PARTS:
        await open_station(page, "QUAY-3", part)
        await expect(page.get_by_label("Part of the page")).to_have_value(part)
        await page.get_by_role("heading", level=2).first.wait_for()
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{part} is {wide} px too wide"
        assert await axe(page) == [], part


async def test_notes_are_written_and_kept(signed_in: SignedIn) -> None:
    page = await signed_in("support")
    await open_station(page, "MILL-2", "notes")
    await page.get_by_label("New note").fill("The gate code is with the baker.")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.get_by_text("The gate code is with the baker.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("The gate code is with the baker.")).to_be_visible()


async def test_who_may_only_read_is_offered_no_deeds(signed_in: SignedIn) -> None:
    page = await signed_in("read_only")
    await open_station(page, "QUAY-2")
    await expect(page.locator("[data-evse='1']")).to_be_visible()
    await expect(page.get_by_role("button", name="Start charging")).to_have_count(0)
    await expect(page.get_by_role("button", name="Stop charging")).to_have_count(0)
