"""An installation of Currant for chargers that follow a script, and an operator at its public API."""

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from charger import Answer, ScriptedCharger, charger

from currant.app.container import Currant, running
from currant.app.settings import Settings, load
from currant.tenancy.local_key import read_local_key

_numbers = itertools.count(1)


class Site:
    """A running Currant and a client of its API with an operator's rights."""

    def __init__(self, currant: Currant, api: httpx.AsyncClient) -> None:
        self.currant = currant
        self.api = api

    @property
    def url(self) -> str:
        return f"{self.currant.ocpp_url}"

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """Call the API under /api/v1; the body of the answer, which must be a success."""
        answer = await self.api.request(method, f"/api/v1{path}", **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def register(self, identity: str = "", *, password: str | None = None, **draft: Any) -> str:
        """Register a station, accepted; its identity, a new one when none is given."""
        identity = identity or f"CP-{next(_numbers)}"
        await self.ask("POST", "/stations/", json={"identity": identity, **draft})
        if password is not None:
            await self.ask("POST", f"/stations/{identity}/password", json={"password": password})
        return identity

    async def token(self, uid: str, **draft: Any) -> Any:
        return await self.ask("POST", "/tokens/", json={"uid": uid, **draft})

    async def command(self, identity: str, command: str, *, deadline_s: float = 10.0, **fields: Any) -> Any:
        """Give a command and wait for what comes of it (CommandRecord)."""
        return await self.ask(
            "POST",
            f"/stations/{identity}/commands",
            json={"command": command, **fields},
            params={"deadline_s": deadline_s},
        )

    async def sessions(self, identity: str, **params: Any) -> list[Any]:
        found = await self.ask("GET", "/sessions/", params={"station": identity, **params})
        return list(found["items"])

    def charger(
        self,
        identity: str,
        version: str = "2.0.1",
        *,
        answers: dict[str, Answer] | None = None,
        **more: Any,
    ) -> AbstractAsyncContextManager[ScriptedCharger]:
        return charger(self.url, identity, version, answers=answers, **more)

    async def eventually(self, look: Callable[[], Any], *, within_s: float = 30.0) -> Any:
        """What `look` (awaited) returns once it is true."""
        async with asyncio.timeout(within_s):
            while True:
                found = await look()
                if found:
                    return found
                await asyncio.sleep(0.05)


def settings_for(folder: Path, **options: Any) -> Settings:
    """An installation of its own: free ports, plain and TLS, stations without passwords let in.

    Options are dotted, as on the command line (`**{"ocpp.allow_unauthenticated": False}`).
    """
    return load(
        options={
            "data_dir": folder,
            "ocpp.port": 0,
            "ocpp.tls_port": 0,
            "ocpp.allow_unauthenticated": True,
            "ocpp.unknown_stations": "refused",
            "http.port": 0,
            "http.tls": False,
            **options,
        },
        environment={},
    )


@asynccontextmanager
async def installation(folder: Path, **options: Any) -> AsyncIterator[Site]:
    """A running Currant with these settings (as for `settings_for`), and an operator at it."""
    thresholds = gc.get_threshold()
    async with running(settings_for(folder, **options)) as currant:
        key = read_local_key(folder)
        async with httpx.AsyncClient(
            base_url=currant.api_url, headers={"Authorization": f"Bearer {key}"}, timeout=40
        ) as api:
            yield Site(currant, api)
    # A server sets the garbage collector of its process, and here that is the tests' own.
    gc.set_threshold(*thresholds)
    gc.unfreeze()
