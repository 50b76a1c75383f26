"""A real chromium, a whole installation with simulated chargers, and pages that are watched.

All tests here run in one event loop for the whole session, as the browser does. What a test gets:

* `site`: an installation shared by the tests of a file (bed.py); `new_site` starts another.
* `browser_page`: a page nobody is signed in at.
* `signed_in(role)`: a page of somebody's who is; with `size`, `scheme`, `language` and `at` (an installation) by choice.
* `axe(page)`: what is wrong with its accessibility.

Both kinds of pages fail the test at its end when there were errors in the console, failed requests
or requests to anybody but the installation; `watch_of(page).allow(…)` excepts what a test provokes.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from tests.browser.bed import PASSWORD, Bed, bed
from tests.browser.built import pages
from tests.browser.watching import Watch, violations

SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
CHROMIUM = os.environ.get("CURRANT_CHROMIUM", "/usr/bin/chromium")
PATIENCE_MS = 40_000

in_session_loop = pytest_asyncio.fixture(loop_scope="session")
once = pytest_asyncio.fixture(scope="session", loop_scope="session")
once_a_file = pytest_asyncio.fixture(scope="module", loop_scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@once
async def browser() -> AsyncIterator[Browser]:
    assert Path(CHROMIUM).exists(), f"The browser tests need {CHROMIUM}: install the package chromium."
    # Chromium's own sandbox does not work for root.
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*sandbox, "--disable-dev-shm-usage", "--force-color-profile=srgb"],
        )
        expect.set_options(timeout=PATIENCE_MS)
        yield started
        await started.close()


@once_a_file
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bed]:
    """The installation that the tests of a file share: they leave it as they found it, or add what is theirs alone."""
    pages()
    async with bed(tmp_path_factory.mktemp("site") / "data") as made:
        yield made


NewSite = Callable[..., Awaitable[Bed]]


@in_session_loop
async def new_site(tmp_path: Path) -> AsyncIterator[NewSite]:
    """Start an installation of the test's own; the arguments are those of `bed`."""
    pages()
    async with AsyncExitStack() as stack:
        count = 0

        async def start(*arguments: Any, **options: Any) -> Bed:
            nonlocal count
            count += 1
            return await stack.enter_async_context(bed(tmp_path / f"data{count}", *arguments, **options))

        yield start


_watches: dict[Page, Watch] = {}


def watch_of(page: Page) -> Watch:
    """What was seen on a page that a fixture made."""
    return _watches[page]


async def profile(
    browser: Browser,
    site: Bed,
    *,
    size: str = "desktop",
    scheme: str = "light",
    language: str = "en-GB",
    **more: Any,
) -> BrowserContext:
    """A fresh browser profile at an installation; whoever makes it closes it."""
    context = await browser.new_context(
        viewport=SIZES[size],  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=language,
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
        has_touch=size == "phone",
        base_url=site.url,
        **more,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


async def sign_in(context: BrowserContext, site: Bed, login: str, password: str = PASSWORD) -> None:
    answer = await context.request.post(
        f"{site.url}/api/v1/login", data={"login": login, "password": password}
    )
    assert answer.status == 200, await answer.text()


OpenPage = Callable[..., Awaitable[Page]]


@in_session_loop
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """A page of a fresh browser profile at an installation; under watch until the end of the test."""
    contexts: list[BrowserContext] = []
    pages_within: list[Page] = []
    watches: list[Watch] = []

    async def make(
        site: Bed, *, within: BrowserContext | None = None, size: str = "desktop", **more: Any
    ) -> Page:
        """`within` is a profile that lasts longer than the test, and has its own size and language."""
        if within is not None:
            page = await within.new_page()
            pages_within.append(page)
        else:
            context = await profile(browser, site, size=size, **more)
            contexts.append(context)
            page = await context.new_page()
        watch = _watches[page] = Watch(page, site.url)
        watches.append(watch)
        await watch.begin()
        return page

    yield make
    wrong = [each for watch in watches for each in watch.wrong]
    for watch in watches:
        _watches.pop(watch.page, None)
    for page in pages_within:
        await page.close()
    for context in contexts:
        await context.close()
    assert not wrong, "Pages complained:\n" + "\n".join(wrong)


@in_session_loop
async def browser_page(open_page: OpenPage, site: Bed) -> Page:
    """A page of the shared installation, with nobody signed in."""
    return await open_page(site)


SignedIn = Callable[..., Awaitable[Page]]


@in_session_loop
async def signed_in(open_page: OpenPage, site: Bed) -> SignedIn:
    """Pages of somebody with a role, or with a `login`; nothing is opened in them yet."""

    async def make(
        role: str = "owner", *, at: Bed = site, login: str = "", password: str = PASSWORD, **more: Any
    ) -> Page:
        page = await open_page(at, **more)
        await sign_in(page.context, at, login or f"{role}@bed.example", password)
        return page

    return make


Axe = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def axe() -> Axe:
    """What axe finds on a page, one line for each rule."""
    return violations
