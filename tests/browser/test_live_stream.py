"""The live stream in real browsers: shared by tabs, taken over, and back after the server was away."""

from pathlib import Path

from playwright.async_api import Page, expect
from tests.browser.bed import Bed, bed
from tests.browser.built import pages
from tests.browser.conftest import OpenPage, SignedIn, watch_of

from services import free_port

SHOWN = "[data-testid=stations-shown]"
AWAY = "Connection lost"


async def opened(page: Page) -> None:
    await page.goto("/console/stations")
    await page.locator(SHOWN).wait_for()


def station(page: Page, identity: str) -> object:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=identity, exact=True))


async def streams(site: Bed) -> int:
    board = site.currant.board
    return await site.inside(lambda: board.readers)


async def test_two_tabs_share_one_stream_and_the_second_takes_it_over(signed_in: SignedIn, site: Bed) -> None:
    first = await signed_in("operator")
    before = await streams(site)
    await opened(first)
    second = await first.context.new_page()
    await opened(second)

    async def shared() -> bool:
        return await streams(site) == before + 1

    await site.eventually(shared)
    await site.fault("MILL-1")
    for page in (first, second):
        await expect(station(page, "MILL-1")).to_contain_text("Faulted")
    await first.close()
    await site.mend("MILL-1")
    await expect(station(second, "MILL-1")).to_contain_text("Available")
    await site.eventually(shared)
    await second.close()


async def test_the_server_is_away_and_back_and_everything_is_current_without_a_reload(
    open_page: OpenPage, tmp_path: Path
) -> None:
    pages()
    where = {"http.port": free_port()}
    async with bed(tmp_path / "data", **where) as site:
        page = await open_page(site)
        watch_of(page).allow(
            "ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_CONNECTION_RESET|503"
        )
        signed = await page.context.request.post(
            f"{site.url}/api/v1/login",
            data={"login": "operator@bed.example", "password": "a password for every test"},
        )
        assert signed.status == 200
        await opened(page)
        await expect(station(page, "QUAY-1")).to_contain_text("Available")
        await page.evaluate("window.neverReloaded = true")
    await expect(page.get_by_text(AWAY)).to_be_visible()
    async with bed(tmp_path / "data", furnished=False, **where) as site:
        await expect(page.get_by_text(AWAY)).to_have_count(0, timeout=60_000)
        # None of the chargers has come back: that is what is shown now, and what comes is told live.
        await expect(station(page, "QUAY-1")).to_contain_text("Offline")
        await site.inside(site.fleet.start)
        await expect(station(page, "QUAY-1")).to_contain_text("Available", timeout=60_000)
        assert await page.evaluate("window.neverReloaded") is True
        await page.close()
