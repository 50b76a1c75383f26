"""Tokens, accounts, groups, access rules, holidays, reservations: made, changed and taken away in the browser."""

from playwright.async_api import Page, expect
from tests.browser.bed import CARD, Bed
from tests.browser.conftest import SignedIn
from tests.browser.watching import overflow, violations


async def choose(page: Page, label: str, words: str, name: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    await box.click()
    await box.fill(words)
    await page.get_by_role("option", name=name).click()


async def test_an_account_gets_a_token_which_is_blocked_and_unblocked(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/accounts")
    await page.get_by_role("button", name="Add an account").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Florist Verde")
    await dialog.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="Florist Verde").click()
    await page.get_by_role("button", name="Add a token").click()
    await dialog.get_by_label("Identifier (UID)").fill("04FF00AA11")
    await dialog.get_by_label("Printed number").fill("VERDE-1")
    await dialog.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="VERDE-1").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("VERDE-1")
    assert await violations(page) == []
    await page.get_by_role("button", name="Block").click()
    await expect(page.get_by_text("Blocked: it is refused from now on.")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Block", exact=True)).to_be_visible()
    assert (await site.ask("GET", "/tokens/", params={"uid": "04FF00AA11"}))["items"][0]["status"] == "active"


async def test_why_a_token_is_refused_can_be_read_out(site: Bed, signed_in: SignedIn) -> None:
    token = await site.ask("POST", "/tokens/", json={"uid": "0B10C4ED", "status": "blocked"})
    page = await signed_in("support")
    await page.goto(f"/console/tokens/{token['id']}")
    await choose(page, "At this station", "MILL-1", "MILL-1")
    await expect(page.get_by_text("It may not charge")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="It may not charge")).to_contain_text("blocked")


async def test_a_rule_says_where_when_and_how_much(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/policies/new")
    await page.get_by_label("Name").fill("Staff of the mill")
    await choose(page, "Locations", "Old", "Old Mill")
    await page.get_by_role("button", name="Add hours").click()
    await page.get_by_role("button", name="Add a quota").click()
    await page.get_by_label("Limit (kWh)").fill("60")
    await page.get_by_role("switch", name="Limit sessions at the same time").check()
    assert await violations(page) == []
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Staff of the mill")
    (rule,) = (await site.ask("GET", "/policies/", params={"search": "mill"}))["items"]
    assert rule["locations"] == [site.locations["Old Mill"]]
    assert rule["windows"][0]["begin"] == "08:00"
    assert rule["quotas"][0]["limit"] == 60_000
    assert rule["parallel"] == {"limit": 1, "per": "token"}
    await page.goto("/console/policies")
    row = page.get_by_role("row").filter(has_text="Staff of the mill")
    await expect(row).to_contain_text("Mon–Fri 08:00–18:00")
    await expect(row).to_contain_text("60.0")


async def test_a_place_is_reserved_and_given_back(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("operator")
    await page.goto("/console/reservations")
    await page.get_by_role("button", name="Reserve a place").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("For whom").fill(CARD)
    await choose(page, "Station", "MILL-1", "MILL-1")
    await dialog.get_by_role("button", name="Reserve", exact=True).click()
    row = page.get_by_role("row").filter(has_text="MILL-1")
    await expect(row).to_be_visible()
    assert await violations(page) == []
    await row.get_by_role("button", name="Cancel it").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    await expect(page.get_by_text("No open reservations")).to_be_visible()


async def test_holidays_are_kept_in_a_calendar(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/holidays")
    await page.get_by_role("button", name="Add a calendar").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").first.fill("Hamburg")
    await dialog.get_by_label("Country").fill("DE")
    await dialog.get_by_role("button", name="Add a day").click()
    await dialog.get_by_label("Day").fill("2027-10-31")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Hamburg")).to_be_visible()
    (calendar,) = (await site.ask("GET", "/holiday-calendars/"))["items"]
    assert [each["day"] for each in calendar["holidays"]] == ["2027-10-31"]


async def test_lists_are_cards_on_a_phone(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner", size="phone", scheme="dark")
    for path in ("tokens", "accounts", "groups", "policies", "reservations", "holidays", "authoriser"):
        await page.goto(f"/console/{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await overflow(page) == 0, path
        assert await violations(page) == [], path
