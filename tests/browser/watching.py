"""A browser's page under watch: whatever goes wrong in it, or leaves this machine, fails the test at its end."""

import json
import re
from typing import Any

from playwright.async_api import ConsoleMessage, Page, Request, Route
from tests.browser.built import AXE

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A page that is left breaks off what it was still asking.
BROKEN_OFF = ("net::ERR_ABORTED", "net::ERR_NETWORK_CHANGED")


class Watch:
    """What went wrong on a page so far. `allow` takes out what a test provokes on purpose."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self._wrong: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        self._accepted: tuple[str, ...] = ()

    async def begin(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._wrong.append(f"error in the page: {error}"))
        self.page.on("requestfailed", self._failed)
        await self.page.route(lambda address: not self._ours(address), self._foreign)

    def allow(self, pattern: str) -> None:
        """Complaints that this is found in are no fault; such as `" 401 "` for a wrong password."""
        self._allowed.append(re.compile(pattern))

    def accept(self, origin: str) -> None:
        """Whoever else may be asked: such as the provider that people sign in at."""
        self._accepted += (origin,)

    @property
    def wrong(self) -> list[str]:
        return [each for each in self._wrong if not any(pattern.search(each) for pattern in self._allowed)]

    def _ours(self, address: str) -> bool:
        return address.startswith((self.origin, *self._accepted, "data:", "blob:", "about:"))

    def _said(self, message: ConsoleMessage) -> None:
        # Chromium draws maps without a graphics card here, and says that this is slow.
        if message.type in ("error", "warning") and "GL Driver Message" not in message.text:
            where = message.location.get("url", "")
            self._wrong.append(f"console {message.type}: {message.text} ({where})")

    def _failed(self, request: Request) -> None:
        reason = request.failure or ""
        if reason not in BROKEN_OFF:
            self._wrong.append(f"request failed: {request.method} {request.url}: {reason}")

    async def _foreign(self, route: Route) -> None:
        self._wrong.append(f"asked somebody else: {route.request.url}")
        await route.abort()


async def violations(page: Page, *, leaving_out: tuple[str, ...] = ()) -> list[str]:
    """What axe finds against the page as it is now: one line for each rule, with where."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = await page.evaluate(
        "([tags, out]) => axe.run({exclude: out}, {runOnly: tags, resultTypes: ['violations']})",
        [STANDARD, [[each] for each in leaving_out]],
    )
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: "
        + "; ".join(
            f"{json.dumps(node['target'])} {node['html'][:160]} {node.get('failureSummary', '')}"
            for node in each["nodes"][:4]
        )
        for each in found["violations"]
    ]


async def overflow(page: Page) -> int:
    """By how many pixels the page can be scrolled sideways: none, on a phone above all."""
    width: int = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width
