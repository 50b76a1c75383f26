"""What an owner keeps in order: people, keys, branding, the audit log, settings, and notes on a station."""

import re
from typing import Any

import httpx
from playwright.async_api import FilePayload, Page, expect
from tests.browser.bed import PASSWORD, Bed
from tests.browser.conftest import Axe, OpenPage, SignedIn, watch_of
from tests.browser.signing_in import NOT_SIGNED_IN, choose_password, fill_in

expect.set_options(timeout=20_000)

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><rect width="90" height="30" fill="#0b3d2e"/></svg>'


async def titled(page: Page, name: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)


async def person(site: Bed, login: str) -> dict[str, Any] | None:
    people = (await site.ask("GET", "/people/"))["items"]
    return next((each for each in people if each["login"] == login), None)


# People


async def test_somebody_is_added_told_a_password_and_signs_in(
    site: Bed, signed_in: SignedIn, open_page: OpenPage, axe: Axe
) -> None:
    page = await signed_in("owner")
    await page.goto("/console/people")
    await titled(page, "People")
    await page.get_by_role("button", name="Add somebody").click()
    dialog = page.get_by_role("dialog", name="Add somebody")
    await dialog.get_by_label("Signs in as").fill("grace")
    await dialog.get_by_label("Name", exact=True).fill("Grace H.")
    await dialog.get_by_role("radio", name="Support").check()
    assert await axe(page) == []
    await dialog.get_by_role("button", name="Add somebody").click()
    told = page.get_by_role("dialog", name="One-time password")
    once = (await told.get_by_test_id("secret").inner_text()).strip()
    assert await axe(page) == []
    await told.get_by_role("button", name="Done").click()
    row = page.get_by_role("row").filter(has_text="Grace H.")
    await expect(row).to_contain_text("Support")
    await expect(row).to_contain_text("One-time password")

    theirs = await open_page(site)
    watch_of(theirs).allow(NOT_SIGNED_IN)
    await theirs.goto("/console/")
    await fill_in(theirs, "grace", once)
    await theirs.get_by_label("One-time password").fill(once)
    await choose_password(theirs, PASSWORD)
    await theirs.get_by_role("button", name="Set the password").click()
    await expect(theirs.get_by_role("heading", name="Protect your account")).to_be_visible()
    found = await person(site, "grace")
    assert found is not None
    assert (found["role"], found["must_change_password"]) == ("support", False)


async def test_a_role_is_changed_and_somebody_is_kept_out_then_removed(
    site: Bed, signed_in: SignedIn, axe: Axe
) -> None:
    await site.add_person("support", "leaver@bed.example", name="Lea Leaver")
    page = await signed_in("owner")
    await page.goto("/console/people")
    row = page.get_by_role("row").filter(has_text="Lea Leaver")
    menu = row.get_by_role("button", name="What to do with Lea Leaver")

    await menu.click()
    await page.get_by_role("menuitem", name="Change").click()
    dialog = page.get_by_role("dialog", name="Change Lea Leaver")
    await dialog.get_by_role("radio", name="Operator").check()
    await dialog.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("Operator")

    await menu.click()
    await page.get_by_role("menuitem", name="Deactivate").click()
    await expect(row).to_contain_text("Deactivated")
    async with httpx.AsyncClient(base_url=site.url, timeout=20) as outside:
        login = {"login": "leaver@bed.example", "password": PASSWORD}
        assert (await outside.post("/api/v1/login", json=login)).status_code == 401
    # Undone at once, for that is what a slip of the finger needs.
    await page.get_by_role("button", name="Undo").click()
    await expect(row).not_to_contain_text("Deactivated")

    await menu.click()
    await page.get_by_role("menuitem", name="Remove").click()
    question = page.get_by_role("dialog", name="Remove")
    await expect(question).to_contain_text("stays in the audit log")
    assert await axe(page) == []
    await question.get_by_role("button", name="Remove for good").click()
    await expect(row).to_have_count(0)
    assert await person(site, "leaver@bed.example") is None


async def test_nobody_is_offered_to_remove_themselves(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/people")
    await page.get_by_role("row").filter(has_text="(you)").get_by_role("button").click()
    await expect(page.get_by_role("menuitem", name="Change")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="Remove")).to_have_count(0)


# Keys


async def test_a_keys_secret_is_shown_once_works_and_is_revoked(
    site: Bed, signed_in: SignedIn, axe: Axe
) -> None:
    page = await signed_in("owner")
    await page.goto("/console/keys")
    await titled(page, "API keys")
    await page.get_by_role("button", name="Make a key").first.click()
    dialog = page.get_by_role("dialog", name="Make a key")
    await dialog.get_by_role("button", name="Make a key").click()
    await expect(dialog.get_by_text("Type what the key is for.")).to_be_visible()
    await dialog.get_by_label("Name", exact=True).fill("billing export")
    await dialog.get_by_role("radio", name="Reader").check()
    assert await axe(page) == []
    await dialog.get_by_role("button", name="Make a key").click()
    shown = page.get_by_role("dialog", name="Your new key")
    secret = (await shown.get_by_test_id("secret").inner_text()).strip()
    assert await axe(page) == []
    # Escape does not take away what was not copied yet.
    await page.keyboard.press("Escape")
    await expect(shown).to_be_visible()
    await shown.get_by_role("button", name="Done").click()
    async with httpx.AsyncClient(base_url=site.url, timeout=20) as program:
        program.headers["Authorization"] = f"Bearer {secret}"
        assert (await program.get("/api/v1/stations/")).status_code == 200

        await page.reload()
        row = page.get_by_role("row").filter(has_text="billing export")
        await expect(row).to_contain_text("Valid")
        assert secret not in await page.content()

        await row.get_by_role("button", name="Revoke billing export").click()
        await page.get_by_role("dialog", name="Revoke").get_by_role("button", name="Revoke").click()
        await expect(page.get_by_text("billing export is revoked")).to_be_visible()
        await expect(row).to_have_count(0)
        assert (await program.get("/api/v1/stations/")).status_code == 401
    await page.get_by_role("switch", name="Show 1 revoked").check()
    await expect(row).to_contain_text("Revoked")
    await expect(row.get_by_role("button", name="Revoke billing export")).to_have_count(0)


# Branding


async def test_a_brand_is_named_and_drivers_see_it(
    site: Bed, signed_in: SignedIn, open_page: OpenPage, axe: Axe
) -> None:
    page = await signed_in("owner")
    await page.goto("/console/branding")
    await titled(page, "Branding")
    await page.get_by_label("Name of the app").fill("Quayside Go")
    await page.get_by_label("Telephone for drivers").fill("+49 40 123456")
    await page.get_by_role("textbox", name="Imprint").fill("Quayside GmbH, Hamburg")
    assert await axe(page) == []
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    driver = await open_page(site, size="phone")
    await driver.goto("/charge/")
    await expect(driver.get_by_role("banner")).to_contain_text("Quayside Go")
    assert (await site.ask("GET", "/branding"))["legal"]["imprint"] == {"en": "Quayside GmbH, Hamburg"}


async def test_a_colour_that_cannot_be_read_is_said_so_at_once(
    site: Bed, signed_in: SignedIn, axe: Axe
) -> None:
    page = await signed_in("owner")
    await page.goto("/console/branding")
    colour = page.get_by_label("Main colour")
    await colour.fill("#ffee55")
    # A pale yellow: no text on white, and fine on black.
    await expect(page.get_by_text("Hard to read as text")).to_have_count(1)
    await expect(page.get_by_text("Readable as it is")).to_have_count(1)
    assert await axe(page) == []
    await colour.fill("#ffee")
    await expect(page.get_by_text("Write it like #8a2348.")).to_be_visible()
    await page.get_by_role("button", name="Discard").click()
    await expect(page.get_by_text("Write it like #8a2348.")).to_have_count(0)
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()


async def test_a_logo_is_handed_in_and_taken_away_and_a_page_is_no_logo(
    site: Bed, signed_in: SignedIn
) -> None:
    page = await signed_in("owner")
    await page.goto("/console/branding")

    async def hand_in(picture: FilePayload) -> None:
        async with page.expect_file_chooser() as chooser:
            await page.get_by_role("button", name="Choose a file: Logo", exact=True).click()
        await (await chooser.value).set_files(picture)

    watch_of(page).allow("status of 4(15|22|00)")
    await hand_in(
        {"name": "page.svg", "mimeType": "image/svg+xml", "buffer": b"<html><script>1</script></html>"}
    )
    await expect(page.get_by_text("That did not work")).to_be_visible()
    await hand_in({"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": PICTURE})
    logo = page.get_by_role("img", name="Logo", exact=True).first
    await expect(logo).to_have_js_property("complete", True)
    await page.get_by_role("button", name="Remove Logo", exact=True).click()
    await expect(page.get_by_role("button", name="Remove Logo", exact=True)).to_have_count(0)
    assert (await site.ask("GET", "/branding"))["logo_url"] is None


# The audit log


async def test_what_was_done_is_found_by_kind_person_and_day(
    site: Bed, signed_in: SignedIn, axe: Axe
) -> None:
    await site.ask("POST", "/keys", json={"name": "audited once", "role": "read_only"})
    page = await signed_in("owner")
    await page.goto("/console/audit")
    await titled(page, "Audit log")
    await page.get_by_role("combobox", name="Kind of act").click()
    await page.get_by_role("option", name="Key made").click()
    await expect(page).to_have_url(re.compile(r"[?&]kind=KeyMade"))
    await page.keyboard.press("Escape")
    row = page.get_by_role("row").filter(has_text="audited once")
    await expect(row).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="signed in")).to_have_count(0)
    assert await axe(page) == []
    # The address alone says all of it.
    await page.get_by_role("textbox", name="Who").fill("nobody@bed.example")
    await expect(page).to_have_url(re.compile(r"by=nobody"))
    await expect(page.get_by_text("Nothing found")).to_be_visible()
    await page.goto("/console/audit?kind=KeyMade&by=local&since=2020-01-01")
    await expect(row).to_be_visible()
    await expect(page.get_by_label("From")).to_have_value("2020-01-01")
    await page.goto("/console/audit?kind=KeyMade&until=2020-01-01")
    await expect(page.get_by_text("Nothing found")).to_be_visible()


async def test_what_is_exported_is_what_is_shown(site: Bed, signed_in: SignedIn) -> None:
    await site.ask("POST", "/keys", json={"name": "exported once", "role": "read_only"})
    page = await signed_in("owner")
    await page.goto("/console/audit?kind=KeyMade")
    await expect(page.get_by_role("row").filter(has_text="exported once")).to_be_visible()
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Export", exact=True).click()
    lines = (await (await saved.value).path()).read_text().splitlines()
    assert any("exported once" in line for line in lines[1:])
    assert all("KeyMade" in line for line in lines[1:])


# Settings


async def test_a_setting_is_found_by_any_of_its_words(site: Bed, signed_in: SignedIn, axe: Axe) -> None:
    page = await signed_in("owner")
    await page.goto("/console/settings")
    await titled(page, "Settings")
    port = page.get_by_text("ocpp.tls_port", exact=True)
    await expect(port).to_be_visible()
    search = page.get_by_role("textbox", name="Search settings")
    await search.fill("data_dir")
    await expect(port).to_have_count(0)
    await expect(page.get_by_text(str(site.folder))).to_be_visible()
    await search.fill("CURRANT_OCPP_TLS_PORT")
    await expect(port).to_be_visible()
    assert await axe(page) == []
    # What is to be typed as it is looks so, without signs around it.
    await search.fill("")
    await expect(page.get_by_text("data_dir", exact=True)).to_be_visible()
    assert "`" not in await page.get_by_role("main").inner_text()
    await search.fill("no such setting")
    await expect(page.get_by_text("Try other words")).to_be_visible()
    await search.fill("")
    await page.get_by_role("switch", name="Only what differs from the default").check()
    await expect(page.get_by_text("data_dir", exact=True)).to_be_visible()
    await expect(page.get_by_text("mail.url", exact=True)).to_have_count(0)


# Notes


async def test_what_somebody_else_wrote_is_not_theirs_to_change(site: Bed, signed_in: SignedIn) -> None:
    await site.ask("POST", "/notes/", json={"about": "station:NEW-1", "text": "From the command line."})
    page = await signed_in("operator")
    await page.goto("/console/stations/NEW-1?tab=notes")
    note = page.get_by_role("article").filter(has_text="From the command line.")
    await expect(note.get_by_role("button", name="Pin")).to_be_visible()
    await expect(note.get_by_role("button", name="Edit")).to_have_count(0)
    await expect(note.get_by_role("button", name="Remove")).to_have_count(0)
    reader = await signed_in("read_only")
    await reader.goto("/console/stations/NEW-1?tab=notes")
    await expect(reader.get_by_role("article")).to_contain_text("From the command line.")
    await expect(reader.get_by_role("button", name="Pin")).to_have_count(0)
    await expect(reader.get_by_label("New note")).to_have_count(0)


async def test_a_note_is_written_pinned_corrected_and_taken_back(
    site: Bed, signed_in: SignedIn, axe: Axe
) -> None:
    page = await signed_in("operator")
    await page.goto("/console/stations/MILL-2?tab=notes")
    await expect(page.get_by_text("Nobody wrote anything down yet")).to_be_visible()
    add = page.get_by_role("button", name="Add note")
    await expect(add).to_be_disabled()
    for text in ("The key hangs behind the counter.", "Fuse F3 trips in the rain."):
        await page.get_by_label("New note").fill(text)
        await add.click()
        await expect(page.get_by_role("article").filter(has_text=text)).to_be_visible()
    await page.get_by_label("New note").fill("Call before you come.")
    await page.get_by_role("checkbox", name="Show above all others").check()
    await add.click()
    notes = page.get_by_role("article")
    await expect(notes.first).to_contain_text("Call before you come.")
    await expect(notes.first).to_contain_text("operator@bed.example")
    assert await axe(page) == []
    # Corrected, and another one put first.
    key = notes.filter(has_text="The key hangs")
    await key.get_by_role("button", name="Edit").click()
    await page.get_by_label("Note", exact=True).fill("The key hangs behind the bar.")
    assert await axe(page) == []
    await page.get_by_role("button", name="Save").click()
    await expect(key).to_contain_text("behind the bar.")
    await expect(key).to_contain_text("edited")
    await notes.first.get_by_role("button", name="Unpin").click()
    await key.get_by_role("button", name="Pin").click()
    await expect(notes.first).to_contain_text("behind the bar.")
    await key.get_by_role("button", name="Remove").click()
    await expect(notes).to_have_count(2)
    await page.get_by_role("button", name="Undo").click()
    await expect(notes).to_have_count(3)
    kept = await site.ask("GET", "/notes", params={"about": "station:MILL-2"})
    assert {each["pinned"] for each in kept["items"]} == {True, False}
