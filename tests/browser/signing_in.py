"""What tests of signing in do over and over: fill in the form, read the mail, show what an app would show."""

import re
import time
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pyotp
from playwright.async_api import CDPSession, Page
from tests.browser.bed import PASSWORD, Bed

NOT_SIGNED_IN = r"status of 401"
"""What Chromium says to the console when the first question finds nobody signed in."""


async def fill_in(page: Page, login: str, password: str = PASSWORD) -> None:
    await page.get_by_label("E-mail or name").fill(login)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def choose_password(page: Page, password: str, *, label: str = "New password") -> None:
    await page.get_by_label(label, exact=True).fill(password)
    await page.get_by_label("The same once more").fill(password)


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await page.get_by_role("heading", name="Sign in").wait_for()


async def type_code(page: Page, code: str) -> None:
    """Six digits, each in its own field; the last one sends them."""
    await page.get_by_label("Digit 1").click()
    await page.keyboard.type(code)


def shown_by_app(secret: str, *, steps_later: int = 0) -> str:
    """A code works once: the next sign-in takes a later one."""
    return pyotp.TOTP(secret).at(time.time() + 30 * steps_later)


async def set_up_totp(page: Page) -> str:
    """Set up an authenticator app on the account's page; the secret it was given."""
    await page.get_by_role("button", name="Set up an authenticator app").click()
    dialog = page.get_by_role("dialog")
    secret = (await dialog.locator("pre").inner_text()).replace(" ", "").strip()
    await type_code(page, shown_by_app(secret))
    await page.get_by_text("Keep these codes").wait_for()
    return secret


class Finger:
    """The reader of fingerprints that a device has: made up by the browser, and always the right finger."""

    def __init__(self, devices: CDPSession, authenticator: str) -> None:
        self._devices, self._id = devices, authenticator

    async def kept(self) -> list[dict[str, Any]]:
        """The passkeys in it."""
        found = await self._devices.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        return list(found["credentials"])

    async def touches(self, enabled: bool) -> None:
        """Whether somebody touches it whenever the browser asks."""
        wanted = {"authenticatorId": self._id, "enabled": enabled}
        await self._devices.send("WebAuthn.setAutomaticPresenceSimulation", wanted)

    async def is_known(self, known: bool) -> None:
        """Whether it is the right finger."""
        wanted = {"authenticatorId": self._id, "isUserVerified": known}
        await self._devices.send("WebAuthn.setUserVerified", wanted)


async def give_finger(page: Page) -> Finger:
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Finger(devices, made["authenticatorId"])


async def link_in_mail(site: Bed, folder: Path, path: str) -> str:
    """The address below the installation that the newest mail leads to."""

    async def look() -> str:
        for letter in sorted(folder.glob("*.eml"), reverse=True):
            message = message_from_bytes(letter.read_bytes(), policy=default)
            body = message.get_body(("plain",))
            found = re.search(rf"({re.escape(path)}#\S+)", body.get_content() if body else "")
            if found:
                return site.url + found[1]
        return ""

    return await site.eventually(look)
