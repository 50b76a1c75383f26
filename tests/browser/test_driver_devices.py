"""What a driver's phone brings along: passkeys, and a camera with a lamp."""

import os
import re
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import segno
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.browser.bed import Bed, bed
from tests.browser.built import pages
from tests.browser.conftest import CHROMIUM, SIZES, Axe, OpenPage, watch_of
from tests.browser.signing_in import give_finger
from tests.browser.test_driver_journeys import SOON_MS, link_in
from tests.browser.watching import Watch, overflow

CODE = "PIER-1"
LETTERS = "letters"
SIDE = 480
"""Of the camera's picture, which is a square."""

expect.set_options(timeout=SOON_MS)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def quiet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bed]:
    """An installation that sends letters, with one charger that is not connected."""
    pages()
    folder = tmp_path_factory.mktemp("quiet")
    mail = {"mail.url": f"file:{folder / LETTERS}"}
    async with bed(folder / "data", (), furnished=False, **mail) as site:
        place = await site.ask("POST", "/locations/", json={"name": "Pier", "city": "Kiel", "country": "DE"})
        evses = [{"number": 1, "connectors": [{"number": 1, "standard": "IEC_62196_T2", "format": "socket"}]}]
        await site.ask(
            "POST", "/stations/", json={"identity": CODE, "location_id": place["id"], "evses": evses}
        )
        yield site


def film(path: Path, text: str) -> None:
    """What a camera sees that is held before a code, as YUV4MPEG2: grey values, then two planes without colour."""
    modules = [list(row) for row in segno.make(text, error="m").matrix_iter(border=4)]
    scale = SIDE // len(modules)
    edge = (SIDE - scale * len(modules)) // 2
    rows = []
    for y in range(SIDE):
        at = (y - edge) // scale
        line = bytearray(b"\xeb" * SIDE)
        if 0 <= at < len(modules):
            for x, dark in enumerate(modules[at]):
                if dark:
                    line[edge + x * scale : edge + (x + 1) * scale] = b"\x10" * scale
        rows.append(bytes(line))
    frame = b"FRAME\n" + b"".join(rows) + struct.pack("B", 128) * (SIDE * SIDE // 2)
    path.write_bytes(f"YUV4MPEG2 W{SIDE} H{SIDE} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 3)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def with_camera(tmp_path_factory: pytest.TempPathFactory, quiet: Bed) -> AsyncIterator[Browser]:
    """A browser whose camera looks at the code of a charger."""
    seen = tmp_path_factory.mktemp("camera") / "code.y4m"
    film(seen, f"https://charge.example.com/c/{CODE}")
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *sandbox,
                "--disable-dev-shm-usage",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={seen}",
            ],
        )
        yield started
        await started.close()


async def at_camera(browser: Browser, site: Bed) -> tuple[Page, Watch]:
    context = await browser.new_context(
        viewport=SIZES["phone"],  # type: ignore[arg-type]
        locale="en-GB",
        reduced_motion="reduce",
        has_touch=True,
        base_url=site.url,
    )
    context.set_default_timeout(SOON_MS)
    page = await context.new_page()
    watch = Watch(page, site.url)
    await watch.begin()
    return page, watch


async def test_the_camera_reads_a_code_and_opens_this_very_charger(with_camera: Browser, quiet: Bed) -> None:
    page, watch = await at_camera(with_camera, quiet)
    await page.goto("/charge/scan")
    await page.get_by_role("button", name="Scan with the camera").click()
    await expect(page).to_have_url(re.compile(rf"/charge/at/{CODE}$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text(CODE)
    assert watch.wrong == []
    await page.context.close()


async def test_a_lamp_is_offered_where_the_camera_has_one(with_camera: Browser, quiet: Bed, axe: Axe) -> None:
    """Chromium's made-up camera has no lamp: what a phone's would say is added, and what it is told is kept."""
    page, watch = await at_camera(with_camera, quiet)
    await page.add_init_script(
        """
        window.told = [];
        window.stopped = 0;
        const track = MediaStreamTrack.prototype;
        const can = track.getCapabilities;
        track.getCapabilities = function () { return { ...can.call(this), torch: true }; };
        track.applyConstraints = async function (wanted) { window.told.push(wanted.advanced[0].torch); };
        const stop = track.stop;
        track.stop = function () { window.stopped += 1; return stop.call(this); };
        // The code is out of sight: nobody is led on.
        window.BarcodeDetector = class {
            static async getSupportedFormats() { return ["qr_code"]; }
            async detect() { return window.seen ? [{ rawValue: window.seen }] : []; }
        };
        """
    )
    await page.goto("/charge/scan")
    await page.get_by_role("button", name="Scan with the camera").click()
    lamp = page.get_by_role("button", name="Light")
    await expect(lamp).to_have_attribute("aria-pressed", "false")
    assert await axe(page) == []
    assert await overflow(page) == 0
    await lamp.click()
    await expect(lamp).to_have_attribute("aria-pressed", "true")
    await lamp.click()
    await expect(lamp).to_have_attribute("aria-pressed", "false")
    assert await page.evaluate("window.told") == [True, False]
    # A code of something else is said to be one, and leads nowhere.
    await page.evaluate("window.seen = 'WIFI:S:guest;;'")
    await expect(page.get_by_role("status").filter(has_text="not the code of a charger")).to_be_visible()
    await page.get_by_role("button", name="Close the camera").click()
    await expect(page.get_by_role("button", name="Scan with the camera")).to_be_visible()
    assert await page.evaluate("window.stopped") == 1, "the camera's light goes out"
    assert watch.wrong == []
    await page.context.close()


async def test_without_a_camera_the_code_is_typed(quiet: Bed, open_page: OpenPage, axe: Axe) -> None:
    page = await open_page(quiet, size="phone")
    await page.goto("/charge/scan")
    await page.get_by_role("button", name="Scan with the camera").click()
    await expect(page.get_by_role("alert")).to_contain_text("camera")
    assert await axe(page) == []
    await page.get_by_label("Code on the charger").fill(CODE.lower())
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(CODE)


async def test_a_driver_makes_a_passkey_and_comes_back_with_it(
    quiet: Bed, open_page: OpenPage, axe: Axe
) -> None:
    page = await open_page(quiet, size="phone")
    finger = await give_finger(page)
    await page.goto("/charge/sign-in")
    await page.get_by_label("E-mail address").fill("mira@example.com")
    await page.get_by_role("button", name="Send me a link").click()
    letters = quiet.folder.parent / LETTERS

    async def sent() -> str:
        return link_in(letters)

    link = await quiet.eventually(sent)
    await page.goto(link[link.index("/charge/") :])
    await expect(page.get_by_role("heading", level=1, name="Find a charger")).to_be_visible()
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_text("mira@example.com")).to_be_visible()

    await page.get_by_role("link", name="Passkeys").click()
    await page.get_by_role("button", name="Make a passkey").click()
    forget = page.get_by_role("button", name=re.compile("^Remove"))
    await expect(forget).to_have_count(1)
    assert await axe(page) == []
    assert [each["isResidentCredential"] for each in await finger.kept()] == [True]

    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1, name="Find a charger")).to_be_visible()
    await page.goto("/charge/sign-in")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("heading", level=1, name="Find a charger")).to_be_visible()
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_text("mira@example.com")).to_be_visible()

    # Who closes the phone's own question is not told of a mistake.
    await page.goto("/charge/account/passkeys")
    await finger.is_known(False)
    await page.get_by_role("button", name="Make a passkey").click()
    await expect(page.get_by_role("button", name="Make a passkey")).to_be_enabled()
    await expect(page.get_by_role("alert")).to_have_count(0)

    await forget.click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(forget).to_have_count(0)
    me = await page.evaluate("fetch('/driver/v1/me').then((answer) => answer.json())")
    assert me["passkeys"] == []
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.goto("/charge/sign-in")
    watch_of(page).allow("status of 4(00|01|22)")
    await finger.is_known(True)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page).to_have_url(re.compile("/charge/sign-in"))
