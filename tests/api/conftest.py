"""The API over real sockets, on a real database, with stations that answer what the test says."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from entering import Entrance
from served import LOCAL_KEY, Api, MakeApi

from currant.api.services import ApiConfig
from services import fresh_database


@pytest.fixture
async def make_api(tmp_path: Path) -> AsyncIterator[MakeApi]:
    """Starts an API with the settings a test is about."""
    started: list[Api] = []

    async def make(**config: Any) -> Api:
        database = fresh_database(tmp_path / f"{len(started)}.sqlite")
        api = Api(database, ApiConfig(**config))
        started.append(api)
        return await api.start()

    yield make
    for api in started:
        await api.stop()
        await api.database.close()


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    return await make_api(requests_per_second=10_000, requests_burst=10_000)


@pytest.fixture
async def entrance(tmp_path: Path) -> AsyncIterator[Entrance]:
    """An API whose clock stands still and whose letters are kept."""
    database = fresh_database(tmp_path / "entrance.sqlite")
    entrance = Entrance(database)
    await entrance.start()
    yield entrance
    await entrance.stop()
    await database.close()


@pytest.fixture
def owner(api: Api) -> httpx.AsyncClient:
    """The command line on the same machine, which may do everything."""
    return api.client(LOCAL_KEY)
