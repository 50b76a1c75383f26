"""The test bed itself: chargers are in the states it says, and a watched page hides nothing."""

import pytest
from playwright.async_api import Page
from tests.browser.bed import Bed
from tests.browser.conftest import OpenPage, SignedIn, watch_of
from tests.browser.watching import Watch


async def test_chargers_are_in_different_states(site: Bed) -> None:
    wanted = {
        "QUAY-1": "available",
        "QUAY-2": "charging",
        "QUAY-3": "faulted",
        "MILL-1": "available",
        "MILL-2": "offline",
        "NEW-1": "pending",
    }

    async def states() -> bool:
        fleet = await site.ask("GET", "/fleet")
        at = {name: place for place, name in enumerate(fleet["columns"])}
        return {row[at["identity"]]: row[at["state"]] for row in fleet["rows"]} == wanted

    await site.eventually(states)


async def test_a_line_is_cut_and_restored(site: Bed) -> None:
    async def gone() -> bool:
        return not (await site.ask("GET", "/stations/MILL-1"))["connection"]["connected"]

    await site.cut("MILL-1")
    await site.eventually(gone)
    await site.restore("MILL-1")
    await site.connected("MILL-1")


@pytest.mark.parametrize("role", ["owner", "operator", "support", "read_only"])
async def test_somebody_of_every_role_is_signed_in(signed_in: SignedIn, role: str) -> None:
    page = await signed_in(role)
    await page.goto("/console/")
    await page.get_by_role("heading", level=1).wait_for()


async def test_a_watch_sees_errors_failures_and_whoever_else_is_asked(open_page: OpenPage, site: Bed) -> None:
    page: Page = await open_page(site)
    watch: Watch = watch_of(page)
    await page.goto("/console/sign-in")
    await page.evaluate("console.error('a complaint')")
    await page.evaluate("setTimeout(() => { throw new Error('a mishap') })")
    await page.evaluate("fetch('http://elsewhere.example/').catch(() => {})")
    await page.evaluate("fetch('/api/v1/nowhere').catch(() => {})")
    await page.wait_for_timeout(200)
    said = "\n".join(watch.wrong)
    assert "a complaint" in said
    assert "a mishap" in said
    assert "elsewhere.example" in said
    assert "status of 404" in said
    watch.allow("")
    assert watch.wrong == []
