"""Drivers at their phones: a guest from the code on the charger to the receipt, and somebody with an account."""

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect
from tests.browser.bed import CARD, Bed
from tests.browser.conftest import Axe, NewSite, OpenPage, watch_of
from tests.browser.watching import overflow

from currant.simulator import drivers

SOON_MS = 25_000


async def plug_in(site: Bed, identity: str, evse: int = 1) -> None:
    """Somebody at the charger plugs in, now."""

    def there(station: Any, outlet: Any) -> None:
        if outlet.visit is None:
            visit = drivers.visit(station.spec, evse, outlet.allowed_token or "", station.drivers_dice)
            outlet.visit, outlet.vehicle = visit, visit.vehicle
            outlet.round += 1
        outlet.plug_in()

    await site.at(identity, evse, there)


async def shown(page: Page, axe: Axe, name: str | re.Pattern[str]) -> None:
    """The page with this heading is there, is accessible, and fits a phone."""
    await expect(page.get_by_role("heading", level=1, name=name)).to_be_visible(timeout=SOON_MS)
    assert await axe(page) == []
    assert await overflow(page) <= 0


def link_in(folder: Path) -> str:
    """The link to sign in with that came by letter; empty while none has come."""
    for letter in folder.glob("*.eml"):
        # As text: long lines of a letter are folded.
        text = message_from_bytes(letter.read_bytes(), policy=default).get_body(("plain",))
        found = re.search(r"http\S+/charge/sign-in\?token=\S+", text.get_content() if text else "")
        if found:
            return found.group()
    return ""


async def test_a_guest_scans_charges_and_has_a_receipt(site: Bed, open_page: OpenPage, axe: Axe) -> None:
    page = await open_page(site, size="phone")
    # What is printed on the charger leads to this very one.
    await page.goto("/c/mill-1")
    await expect(page).to_have_url(re.compile(r"/charge/at/mill-1$"))
    await shown(page, axe, "Old Mill 1")
    await expect(page.get_by_text("No price is shown here")).to_be_visible()
    await page.get_by_role("button", name="Start charging").click()

    await shown(page, axe, re.compile("Plug in now|Starting"))
    await expect(
        page.get_by_text("plug it in now", exact=False).or_(page.get_by_text("Plug in your vehicle now"))
    ).to_be_visible()
    await plug_in(site, "MILL-1")
    await shown(page, axe, "Charging")
    energy = page.locator("dt", has_text="Energy").locator("xpath=following-sibling::dd")
    await expect(page.locator("dt", has_text="Power")).to_be_visible(timeout=SOON_MS)
    await expect(energy).not_to_have_text(re.compile(r"^0\sWh$"), timeout=SOON_MS)

    # Elsewhere a banner leads back, and a reload forgets nothing.
    await page.get_by_role("link", name="Find").click()
    banner = page.get_by_role("link", name=re.compile("^Charging Old Mill"))
    await expect(banner).to_be_visible()
    await page.reload()
    await banner.click()
    await shown(page, axe, "Charging")

    await page.get_by_role("button", name="Stop charging").click()
    await expect(page.get_by_role("heading", name="Stop charging now?")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("button", name="Yes, stop").click()
    await shown(page, axe, "Receipt")
    await expect(page.get_by_text("Old Mill", exact=False).first).to_be_visible()
    await expect(page.get_by_text("kWh").first).to_be_visible()
    assert await axe(page) == []
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Save").click()
    assert "Old Mill" in (await (await saved.value).path()).read_text()

    # The link to it works later, in this browser.
    await page.goto(page.url)
    await shown(page, axe, "Receipt")
    await page.get_by_role("link", name="Sessions").click()
    await shown(page, axe, "Your sessions")
    await expect(page.get_by_role("link", name=re.compile("Old Mill"))).to_be_visible()


async def test_what_a_guest_is_not_told_to_do_twice(site: Bed, open_page: OpenPage, axe: Axe) -> None:
    page = await open_page(site, size="phone")
    watch_of(page).allow("status of 404")
    await page.goto("/charge/scan")
    await shown(page, axe, "Scan or type the code")
    await page.get_by_role("button", name="Go to the charger").click()
    await expect(page.get_by_role("alert")).to_have_text("Type the code that is on the charger.")
    await page.get_by_label("Code on the charger").fill(" qu ay-3 - 1 ")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The charger reports a fault")).to_be_visible()
    await expect(page.get_by_role("button", name="Start charging")).to_be_disabled()
    assert await axe(page) == []
    await page.goto("/charge/at/NOWHERE-9")
    await expect(page.get_by_role("alert")).to_contain_text("There is no charger with this code")
    assert await axe(page) == []


async def test_a_driver_signs_in_by_mail_links_a_card_and_sees_its_sessions(
    new_site: NewSite, open_page: OpenPage, axe: Axe, tmp_path: Path
) -> None:
    letters = tmp_path / "letters"
    site = await new_site(**{"mail.url": f"file:{letters}"})
    page = await open_page(site, size="phone")
    await page.goto("/charge/account")
    await page.get_by_role("link", name="Sign in").click()
    await shown(page, axe, "Sign in")
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("alert")).to_contain_text("Type your e-mail address")
    await page.get_by_label("E-mail address").fill("ada@example.com")
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_text("A link is on its way to ada@example.com")).to_be_visible()
    assert await axe(page) == []

    async def sent() -> bool:
        return link_in(letters) != ""

    await site.eventually(sent)
    link = link_in(letters)
    await page.goto(link[link.index("/charge/") :])
    await shown(page, axe, "Account")
    await expect(page.get_by_text("ada@example.com")).to_be_visible()

    await page.get_by_role("link", name="Profile").click()
    await shown(page, axe, "Profile")
    await page.get_by_label("Name").fill("Ada L.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_text("Ada L.")).to_be_visible()

    # A card that somebody else has is not hers to link; her own is, and what it charges is hers.
    await page.get_by_role("link", name="Charging cards").click()
    await shown(page, axe, "Charging cards")
    watch_of(page).allow("status of 409")
    await page.get_by_label("Card number").fill(CARD)
    await page.get_by_role("button", name="Link this card").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Card number").fill("04FFEEDDCCBBAA")
    await page.get_by_label("What you call it").fill("Blue card")
    await page.get_by_role("button", name="Link this card").click()
    await expect(page.get_by_text("Blue card").first).to_be_visible()
    assert await axe(page) == []
    await site.charge("MILL-1", card="04FFEEDDCCBBAA")
    await page.get_by_role("link", name="Sessions").click()
    await shown(page, axe, "Your sessions")

    async def listed() -> bool:
        await page.reload()
        await page.get_by_role("heading", level=1).wait_for()
        return await page.get_by_role("link", name=re.compile("Charging")).first.is_visible()

    await site.eventually(listed, within_s=SOON_MS / 1000)
    await site.leave("MILL-1")

    await page.goto("/charge/account/cards")
    await page.get_by_role("button", name=re.compile("^Unlink Blue card")).click()
    await page.get_by_role("button", name="Unlink", exact=True).last.click()
    await expect(page.get_by_text("No card is linked yet")).to_be_visible()

    # The second time the link opens nothing.
    watch_of(page).allow("status of 4(00|22)")
    await page.goto(link[link.index("/charge/") :])
    await expect(page.get_by_role("alert")).to_contain_text("used already or is too old")

    await page.goto("/charge/account")
    await page.get_by_role("button", name="Delete my account").click()
    await page.get_by_role("button", name="Delete for good").click()
    await shown(page, axe, "Find a charger")
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_text("Sign in for your sessions")).to_be_visible()
