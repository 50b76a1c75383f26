"""Fixtures of the wire tests: a network on loopback, under uvloop as in production."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

sys.path.insert(0, str(Path(__file__).parent))

from network import Network, network

from currant.stations.service import UnknownStations


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def open_network(tmp_path: Path) -> AsyncIterator[Network]:
    """Every station that comes is taken in, with or without a password."""
    async with network(tmp_path, unknown=UnknownStations.OPEN) as built:
        yield built


@pytest.fixture
async def closed_network(tmp_path: Path) -> AsyncIterator[Network]:
    """Stations need a password; unknown ones have to wait for acceptance."""
    async with network(tmp_path, allow_unauthenticated=False) as built:
        yield built
