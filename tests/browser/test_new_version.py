"""The server has a newer version of the pages than a browser that is open: what each of the two applications does.

The newer version is the same pages under other names, as if every one of them had changed.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import expect
from tests.browser.bed import Bed, bed
from tests.browser.built import pages
from tests.browser.conftest import Axe, OpenPage, SignedIn, watch_of
from tests.browser.test_driver_offline import kept

from currant.app import doors
from currant.web.assets import Bundle, load

expect.set_options(timeout=20_000)
HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.")


def renamed(bundle: Bundle) -> Bundle:
    """The bundle with another hash in every name, wherever it is named."""
    names = {
        name.removeprefix("assets/"): HASHED.sub(lambda hit: hit[0][:-2] + "~.", name.removeprefix("assets/"))
        for name, asset in bundle.assets.items()
        if asset.hashed
    }
    either = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))

    def told(text: str) -> str:
        return either.sub(lambda hit: names[hit[0]], text)

    assets = {}
    for name, asset in bundle.assets.items():
        raw = asset.raw
        if name.endswith((".js", ".css", ".json")):
            raw = told(raw.decode()).encode()
        assets[told(name)] = replace(asset, raw=raw, packed={})
    return Bundle(documents={name: told(text) for name, text in bundle.documents.items()}, assets=assets)


class Versions:
    """An installation, and the pages that it serves."""

    def __init__(self, site: Bed, served: Bundle) -> None:
        self.site, self.served = site, served

    def update(self) -> None:
        """As a restart with a newer installation would: what is old is gone."""
        newer = renamed(self.served)
        for ours, theirs in ((self.served.documents, newer.documents), (self.served.assets, newer.assets)):
            assert isinstance(ours, dict)
            ours.clear()
            ours.update(theirs)


@pytest_asyncio.fixture(loop_scope="session")
async def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Versions]:
    pages()
    served = load()
    monkeypatch.setattr(doors, "load_bundle", lambda: served)
    async with bed(tmp_path / "data", (), furnished=False) as site:
        yield Versions(site, served)


async def test_a_driver_is_offered_the_new_version_and_gets_it(
    versions: Versions, open_page: OpenPage, axe: Axe
) -> None:
    page = await open_page(versions.site, size="phone")
    await page.goto("/charge/")
    await expect(page.get_by_role("heading", level=2, name="No chargers yet")).to_be_visible()
    await kept(page)
    before = await page.evaluate("document.querySelector('script[type=module]').src")
    await expect(page.get_by_text("There is a newer version")).to_have_count(0)
    versions.update()
    await page.evaluate("navigator.serviceWorker.getRegistration().then((each) => each.update())")
    strip = page.get_by_text("There is a newer version")
    await expect(strip).to_be_visible()
    assert await axe(page) == []
    # Nobody is interrupted: what was loaded goes on working from what the phone keeps.
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_role("heading", level=1, name="Account")).to_be_visible()
    await page.get_by_role("button", name="Reload").click()
    await expect(strip).to_have_count(0)
    await expect(page.get_by_role("heading", level=1, name="Account")).to_be_visible()
    after = await page.evaluate("document.querySelector('script[type=module]').src")
    assert before != after


async def test_an_open_console_goes_on_with_the_new_version(versions: Versions, signed_in: SignedIn) -> None:
    await versions.site.add_person("owner", "owner@bed.example")
    page = await signed_in("owner", at=versions.site)
    await page.goto("/console/")
    menu = page.get_by_role("navigation", name="Menu")
    await expect(menu.get_by_role("link", name="Audit log")).to_be_visible()
    versions.update()
    watch_of(page).allow("status of 404|Refused to apply style|Unable to preload")
    await menu.get_by_role("link", name="Audit log").click()
    await expect(page.get_by_role("heading", level=1, name="Audit log")).to_be_visible()
    assert "~" in await page.evaluate("document.querySelector('script[type=module]').src")
