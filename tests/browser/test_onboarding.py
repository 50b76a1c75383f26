"""Taking a charger in: what to enter at it is shown, and the page tells what happens as it happens."""

import base64
import contextlib
import json
import re
from typing import Any

import pytest
import websockets
from playwright.async_api import Page, expect
from tests.browser.bed import Bed
from tests.browser.conftest import SignedIn, watch_of
from tests.browser.watching import violations


async def knock(url: str, identity: str, password: str, protocol: str = "ocpp1.6") -> Any:
    """A charger that connects as it was told to; the caller closes it."""
    header = "Basic " + base64.b64encode(f"{identity}:{password}".encode()).decode()
    return await websockets.connect(
        url, additional_headers={"Authorization": header}, subprotocols=[websockets.Subprotocol(protocol)]
    )


async def call(socket: Any, action: str, **payload: Any) -> Any:
    await socket.send(json.dumps([2, action + str(len(payload)), action, payload]))
    return json.loads(await socket.recv())[2]


async def entered(page: Page) -> tuple[str, str, str]:
    """(address, identity, password) as the page shows them."""
    shown = page.locator("pre")
    await expect(shown).to_have_count(3)
    address, identity, password = await shown.all_inner_texts()
    return address, identity, password


async def begin(page: Page, name: str, *, place: str = "Kiel ferry terminal") -> tuple[str, str, str]:
    await page.goto("/console/onboarding")
    await page.get_by_text("At a new place", exact=True).click()
    await page.get_by_label("Name of the place").fill(place)
    await page.get_by_label("Name of the charger").fill(name)
    await page.get_by_role("button", name="More settings").click()
    await page.get_by_text("Password", exact=True).click()
    await page.get_by_role("button", name="Show me what to enter").click()
    await page.wait_for_url(re.compile(r"/console/onboarding/[0-9a-f-]{36}"))
    return await entered(page)


def step(page: Page, code: str, state: str) -> Any:
    return page.locator(f'[data-step="{code}"][data-state="{state}"]')


async def test_a_charger_is_taken_in_while_the_page_watches(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("operator")
    url, identity, password = await begin(page, "Left of the entrance")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Left of the entrance")
    await expect(step(page, "reached", "waiting")).to_be_visible()
    async with await knock(url, identity, password) as charger:
        await expect(step(page, "password", "done")).to_be_visible()
        await call(charger, "BootNotification", chargePointVendor="Vltava", chargePointModel="Pillar")
        await expect(step(page, "booted", "done")).to_be_visible()
        for connector in (0, 1):
            await call(
                charger, "StatusNotification", connectorId=connector, errorCode="NoError", status="Available"
            )
        await expect(page.get_by_text("It is ready")).to_be_visible()
        assert await violations(page) == []


async def test_a_wrong_password_is_told_with_what_to_do(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    url, identity, password = await begin(page, "Second charger", place="Kiel bus depot")
    with pytest.raises(websockets.InvalidStatus) as refused:
        await knock(url, identity, "something else")
    assert refused.value.response.status_code == 401
    await expect(step(page, "password", "failed")).to_contain_text("letter by letter")
    await expect(page.get_by_role("button", name=re.compile("Wrong password"))).to_be_visible()
    with pytest.raises(websockets.InvalidStatus):
        await knock(url, identity, password.encode().hex())
    await expect(step(page, "password", "failed")).to_contain_text("hexadecimal")
    assert await violations(page) == []


async def test_an_unknown_version_of_ocpp_is_told(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    url, identity, password = await begin(page, "Third charger", place="Kiel market")
    with contextlib.suppress(websockets.InvalidHandshake):
        await knock(url, identity, password, "ocpp1.5")
    await expect(step(page, "subprotocol", "failed")).to_contain_text("ocpp1.5")


async def test_the_root_certificate_is_offered_where_tls_is_used(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/onboarding")
    await page.get_by_text("Decide later", exact=True).click()
    await page.get_by_role("button", name="More settings").click()
    await page.get_by_text("Password over TLS", exact=True).click()
    await page.get_by_role("button", name="Show me what to enter").click()
    await expect(page.locator("pre").first).to_contain_text("wss://")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Root certificate").click()
    path = await (await download.value).path()
    assert path.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert await violations(page) == []


async def test_a_lost_password_is_made_anew(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    _, _, before = await begin(page, "Fourth charger", place="Kiel fair")
    await page.reload()
    await expect(page.get_by_text("If it is lost, make a new one")).to_be_visible()
    await page.get_by_role("button", name="Make a new password").click()
    await page.get_by_role("dialog").get_by_role("button", name="Make a new password").click()
    await expect(page.locator("pre")).to_have_count(3)
    assert (await entered(page))[2] != before


async def test_who_knocked_at_a_wrong_address_is_listed(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    await page.goto("/console/onboarding/strangers")
    with contextlib.suppress(websockets.InvalidHandshake):
        await knock(f"{site.currant.ocpp_url}NOBODY-KNOWS-ME/and/more", "NOBODY", "x")
    await expect(page.get_by_role("button", name=re.compile("Wrong address|Unknown identity"))).to_be_visible(
        timeout=40_000
    )


async def test_the_identity_is_checked_before_it_is_sent(site: Bed, signed_in: SignedIn) -> None:
    page = await signed_in("owner")
    watch_of(page)
    await page.goto("/console/onboarding")
    await page.get_by_text("Decide later", exact=True).click()
    await page.get_by_role("button", name="More settings").click()
    await page.get_by_label("Identity").fill("has spaces")
    await page.get_by_role("button", name="Show me what to enter").click()
    await expect(page.get_by_text("Letters, digits and")).to_be_visible()
