"""A town with chargers, drivers and prices, for tests of the whole."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop

sys.path += [str(Path(__file__).parent.parent / folder) for folder in ("drivers", "conformance", "wire")]

from riding import Town, town_in


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Charges are made at once."""
    options = {"charges.settle_after_s": 0, "payments.sandbox": True}
    async with town_in(tmp_path_factory.mktemp("town"), **options) as town:
        yield town
