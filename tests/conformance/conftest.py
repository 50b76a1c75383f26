"""The whole of Currant, as an installation runs it, for chargers that follow a script; driven through its public API."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop

sys.path.insert(0, str(Path(__file__).parent))
# Authorities and networks of the tests' own. At the end: each folder has a conftest.
sys.path += [str(Path(__file__).parent.parent / folder) for folder in ("pki", "wire")]

from installation import Site, installation


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One installation for all tests of a module; every test registers stations and tokens of its own."""
    async with installation(tmp_path_factory.mktemp("currant")) as built:
        yield built
