"""A town with chargers and drivers: an installation, what an operator makes in it, and browsers that drive."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from installation import Site, installation
from sqlalchemy import text

from currant.db.engine import Database
from currant.db.migrating import newest_version
from currant.db.tables import load_stores
from currant.kit.mail import KeptMail

_numbers = itertools.count(1)
BERLIN = (52.52, 13.405)


class Refused(AssertionError):
    """The API did not do it: `status`, `code` and the rest of the problem."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.problem = answer.json() if answer.content else {}
        self.code = self.problem.get("code", "")
        self.facts = self.problem.get("facts", {})
        super().__init__(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")


class Browser:
    """A driver's browser: it keeps the cookie and sends the CSRF token."""

    def __init__(self, url: str, *, host: str = "", language: str = "en") -> None:
        headers = {"Accept-Language": language} | ({"Host": host} if host else {})
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=30)
        self.me: dict[str, Any] = {}

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """Ask under /driver/v1; the body of the answer. `Refused` when it is no success."""
        answer = await self.raw(method, path, **more)
        if not answer.is_success:
            raise Refused(answer)
        return answer.json() if answer.content else None

    async def raw(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"X-CSRF-Token": self.me.get("csrf_token", "")} | more.pop("headers", {})
        answer = await self.http.request(method, f"/driver/v1{path}", headers=headers, **more)
        # httpx would send no cookie to a host name of its own making.
        if cookie := answer.cookies.get("currant_driver"):
            self.http.headers["Cookie"] = f"currant_driver={cookie}"
        return answer

    async def guest(self) -> "Browser":
        self.me = await self.ask("POST", "/guest", json={"language": "en"})
        return self

    async def refused(self, method: str, path: str, **more: Any) -> Refused:
        """What is said to a request that must not be done."""
        answer = await self.raw(method, path, **more)
        assert not answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return Refused(answer)


class Town(Site):
    """A site with drivers."""

    def __init__(self, site: Site, stack: AsyncExitStack) -> None:
        super().__init__(site.currant, site.api)
        self.mail = KeptMail()
        self.currant.drivers.sign_in.mailer = self.mail
        self._stack = stack

    def browser(self, **options: Any) -> Browser:
        browser = Browser(self.currant.api_url, **options)
        self._stack.push_async_callback(browser.http.aclose)
        return browser

    async def guest(self, **options: Any) -> Browser:
        return await self.browser(**options).guest()

    async def driver(self, email: str = "", **options: Any) -> Browser:
        """A driver with an account, signed in by a letter."""
        browser = self.browser(**options)
        await self.sign_in(browser, email or f"driver{next(_numbers)}@example.com")
        return browser

    async def sign_in(self, browser: Browser, email: str) -> None:
        await browser.ask("POST", "/sign-in/mail", json={"email": email})
        browser.me = await browser.ask("POST", "/sign-in/link", json={"token": self.link_to(email)})

    def link_to(self, email: str) -> str:
        """The word of the last link sent to an address."""
        letter = next(mail for mail in reversed(self.mail.sent) if mail.to == email)
        return letter.text.partition("?token=")[2].split()[0]

    async def place(self, name: str = "", **draft: Any) -> str:
        """A location; its id."""
        made = {"name": name or f"Place {next(_numbers)}", "latitude": BERLIN[0], "longitude": BERLIN[1]}
        return str((await self.ask("POST", "/locations/", json=made | draft))["id"])

    async def station(self, place: str | None, *, evses: int | list[Any] = 1, **draft: Any) -> str:
        """A registered station with EVSEs as they are described, or so many of 22 kW; its identity."""
        if isinstance(evses, int):
            connector = {"number": 1, "max_power_w": 22_000, "standard": "IEC_62196_T2"}
            evses = [{"number": number, "connectors": [connector]} for number in range(1, evses + 1)]
        return await self.register(draft.pop("identity", ""), location_id=place, evses=evses, **draft)

    async def settled(self) -> None:
        """Wait until everybody has heard of everything."""
        await self.currant.delivery.settled()


@asynccontextmanager
async def town_in(folder: Path, **options: Any) -> AsyncIterator[Town]:
    """A running installation with a database that has every table that stores declare."""
    load_stores()
    database = Database.open(f"sqlite:///{folder}/currant.sqlite", create_all=True)

    def stamp(connection: Any, _: Any) -> None:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(
            text("INSERT INTO alembic_version VALUES (:version)"), {"version": newest_version()}
        )

    await database.decide(stamp, "")  # type: ignore[arg-type]
    await database.close()
    async with (
        AsyncExitStack() as stack,
        installation(folder, **({"outbound.allow_private_addresses": True} | options)) as site,
    ):
        yield Town(site, stack)
