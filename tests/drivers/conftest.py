"""A whole installation for drivers: its public API, chargers that follow a script, browsers of drivers."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop

sys.path.insert(0, str(Path(__file__).parent))
# The chargers and the installation of the conformance tests. At the end: each folder has a conftest.
sys.path += [str(Path(__file__).parent.parent / folder) for folder in ("conformance", "pki", "wire")]

from riding import Town, town_in


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One installation for all tests of a module; every test has places, stations and drivers of its own."""
    async with town_in(tmp_path_factory.mktemp("currant")) as built:
        yield built
