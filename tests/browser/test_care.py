"""Station groups, declared values, commands to many, firmware and security: an operator's upkeep, in the browser."""

from playwright.async_api import Page, expect
from tests.browser.bed import Bed
from tests.browser.conftest import SignedIn
from tests.browser.watching import overflow, violations


async def pick(page: Page, label: str, words: str, name: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    await box.click()
    await box.fill(words)
    await page.get_by_role("option", name=name).click()
    await page.keyboard.press("Escape")


async def test_stations_are_grouped_and_one_is_taken_off_again(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/station-groups")
    await page.get_by_role("button", name="Add a group").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("By the water")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("By the water")
    await pick(page, "Add stations", "QUAY-1", "QUAY-1")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("link", name="QUAY-1")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Take off").click()
    await expect(page.get_by_text("No stations yet. Add some above.")).to_be_visible()


async def test_a_value_is_declared_looked_at_first_and_arrives(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/rollouts/new")
    await page.get_by_role("combobox", name="Variable").fill("OCPPCommCtrlr.HeartbeatInterval")
    await page.get_by_role("textbox", name="Value").fill("240")
    await pick_scope(page, "one station")
    await pick(page, "Station", "MILL-1", "MILL-1")
    await page.get_by_role("button", name="See what it changes").click()
    await expect(page.get_by_text("It changes something for one station.")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Declare it").click()
    await page.wait_for_url("**/console/rollouts/0*")
    await expect(page.get_by_label("Stations").get_by_text("in step")).to_be_visible(timeout=60_000)
    await expect(page.get_by_role("link", name="MILL-1")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Undo it").click()
    await page.get_by_role("dialog").get_by_role("button", name="Undo it").click()
    await expect(page.get_by_text("Undone", exact=True)).to_be_visible()


async def pick_scope(page: Page, name: str) -> None:
    await page.get_by_role("combobox", name="For", exact=True).click()
    await page.get_by_role("option", name=name).click()


async def test_a_command_to_many_is_listed_with_its_outcome(site: Bed, signed_in: SignedIn) -> None:
    await site.ask(
        "POST",
        "/command-batches/",
        json={"command": {"command": "ClearCache"}, "stations": ["QUAY-1", "MILL-1"]},
    )
    page = await signed_in("operator")
    await page.goto("/console/batches")
    row = page.get_by_role("row").filter(has_text="ClearCache")
    await expect(row).to_contain_text("command line on the server")
    await expect(row).to_contain_text("Done", timeout=60_000)
    assert await violations(page) == []


async def test_a_firmware_image_is_handed_in_and_taken_away(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/firmware")
    await page.get_by_role("button", name="Add an image").first.click()
    dialog = page.get_by_role("dialog")
    async with page.expect_file_chooser() as chooser:
        await dialog.get_by_role("button", name="File").click()
    await (await chooser.value).set_files(
        {"name": "pillar-2.4.bin", "mimeType": "application/octet-stream", "buffer": b"\x7fFW" * 4_000}
    )
    await dialog.get_by_label("Version").fill("2.4.0")
    await dialog.get_by_label("Vendor").fill("Vltava")
    await dialog.get_by_role("button", name="Add an image").click()
    row = page.get_by_role("row").filter(has_text="2.4.0")
    await expect(row).to_contain_text("12")
    assert await violations(page) == []
    await row.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("No firmware yet")).to_be_visible()


async def test_a_wrong_password_shows_among_security_events(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/security")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Security")
    await page.get_by_text("Certificates", exact=True).click()
    await expect(page.get_by_text("No certificates yet")).to_be_visible()
    assert await violations(page) == []


async def test_upkeep_fits_a_phone(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner", size="phone", scheme="dark")
    for path in ("station-groups", "rollouts", "rollouts/new", "batches", "firmware", "security"):
        await page.goto(f"/console/{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await overflow(page) == 0, path
        assert await violations(page) == [], path
