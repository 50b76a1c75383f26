"""An API whose clock stands still, whose letters are kept, and people at browsers who sign in to it."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pyotp
from argon2 import PasswordHasher
from served import KEY, LOCAL_KEY, PASSWORD, Api

from currant.api.authentication import CSRF_HEADER
from currant.api.services import ApiConfig
from currant.db.engine import Database
from currant.kit.clock import ManualClock, SystemClock
from currant.kit.http import Outbound
from currant.kit.mail import KeptMail, Mail
from currant.tenancy.oidc import Provider
from currant.tenancy.service import Tenancy


class Entrance(Api):
    """`clock` moves when told to; `letters` are those that were sent."""

    def __init__(self, database: Database, providers: tuple[Provider, ...] = ()) -> None:
        super().__init__(database, ApiConfig(requests_per_second=10_000, requests_burst=10_000))
        self.time = ManualClock(SystemClock().now())
        self.letters = KeptMail()
        self.outbound = Outbound(allow_private=True)
        self.tenancy = Tenancy(
            database,
            installation_key=KEY,
            clock=self.time,
            local_key=LOCAL_KEY,
            hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
            mailer=self.letters,
            base=lambda: "https://charge.example",
            providers=providers,
            outbound=self.outbound,
        )

    async def stop(self) -> None:
        await super().stop()
        await self.tenancy.mail_links.stop()
        await self.outbound.close()

    @property
    def by_name(self) -> str:
        """The address with a host name, as passkeys need it."""
        return f"http://localhost:{self.server.port}"

    def browser(self) -> "Browser":
        client = httpx.AsyncClient(base_url=self.by_name, timeout=20)
        self._open.append(client)
        return Browser(client)

    async def person(self, login: str, role: str = "operator", **more: Any) -> "Browser":
        """Somebody new with the password `PASSWORD`, signed in."""
        made = (
            await self.client(LOCAL_KEY).post("/api/v1/people", json={"login": login, "role": role, **more})
        ).json()
        browser = self.browser()
        await browser.enter(login, made["one_time_password"])
        body = {"current_password": made["one_time_password"], "new_password": PASSWORD}
        browser.took(await browser.post("/me/password", body))
        browser.person_id = made["person"]["id"]
        return browser

    async def letter_to(self, address: str) -> Mail:
        """The last letter to somebody; those under way are waited for."""
        await self.tenancy.mail_links.stop()
        return [mail for mail in self.letters.sent if mail.to == address][-1]


class Browser:
    """Somebody at a browser: keeps cookies and sends the CSRF token, as the pages do."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.person_id = ""
        self.secret = ""
        self.recovery_codes: list[str] = []

    async def enter(self, login: str, password: str = PASSWORD) -> httpx.Response:
        return self.took(await self.post("/login", {"login": login, "password": password}))

    def took(self, answer: httpx.Response) -> httpx.Response:
        """Remember the token of who was let in."""
        if answer.status_code == 200 and "csrf_token" in answer.json():
            self.client.headers[CSRF_HEADER] = answer.json()["csrf_token"]
        return answer

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self.client.post(f"/api/v1{path}", json=body)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}")

    async def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self.client.request(method, f"/api/v1{path}", json=body)

    async def set_up_totp(self, clock: ManualClock) -> None:
        """An authenticator app, confirmed; the next code is one that was not used."""
        self.secret = (await self.post("/me/totp")).json()["secret"]
        confirmed = await self.post("/me/totp/confirm", {"code": self.code(clock)})
        assert confirmed.status_code == 200, confirmed.text
        self.recovery_codes = confirmed.json()["recovery_codes"]
        clock.advance(timedelta(seconds=30))

    def code(self, clock: ManualClock) -> str:
        return pyotp.TOTP(self.secret).at(clock.now())


def word_in(mail: Mail) -> str:
    """The word of the link in a letter."""
    found = re.search(r"#token=([\w-]+)", mail.text)
    assert found is not None, mail.text
    return found[1]
