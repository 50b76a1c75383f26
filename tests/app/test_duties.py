"""What the server does by itself, on a whole server of its own within the test's process."""

import asyncio
import gc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from currant.app.container import duties_of, running
from currant.app.settings import load
from currant.kit.clock import ManualClock, SystemClock
from currant.stations.commanding.remote import Reset
from currant.stations.drafts import StationDraft
from currant.stations.inventory import Inventory
from currant.tenancy.local_key import read_local_key

OPTIONS = {"http.port": 0, "ocpp.port": 0, "ocpp.tls": False, "retention.findings_days": 30}


@pytest.fixture(autouse=True)
def _the_collector_as_it_was() -> Iterator[None]:
    """A server sets the garbage collector of its process, and here that is the tests' own."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


async def test_the_status_counts_whom_the_door_turned_away(tmp_path: Path) -> None:
    async with running(load(options={"data_dir": tmp_path, **OPTIONS}, environment={})) as currant:
        port = currant.gateway.ports.plain
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01\x02\x00\x01")
        assert await reader.read() == b""
        writer.close()
        key = read_local_key(tmp_path)
        async with httpx.AsyncClient(base_url=currant.api_url) as client:
            answer = await client.get("/api/v1/status", headers={"Authorization": f"Bearer {key}"})
        assert answer.json()["turned_away"] == {"tls_on_plain_port": 1}


async def test_what_was_kept_long_enough_is_forgotten(tmp_path: Path) -> None:
    # Ids tell the real time, so it is from there that this clock goes on.
    clock = ManualClock(SystemClock().now())
    settings = load(options={"data_dir": tmp_path, **OPTIONS}, environment={})
    async with running(settings, clock=clock) as currant:
        tenant_id = currant.tenancy.host_tenant_id
        retention = next(duty for duty in duties_of(currant) if duty.name == "retention")
        station = await currant.inventory.create_station(tenant_id, StationDraft(identity="CP"), by="a test")
        attended = await currant.stations.attend(
            currant.directory.by_id(station.id),
            version="1.6",
            security_profile=1,
            remote_address="192.0.2.1",
            at=clock.now(),
        )

        async def kept(inventory: Inventory) -> tuple[int, int, int]:
            await retention.run()
            return (
                len((await currant.commands.list(tenant_id)).items),
                len((await inventory.list_security_events(tenant_id)).items),
                len(await inventory.list_findings(tenant_id)),
            )

        await currant.commands.give(tenant_id, station.id, Reset(), by="a test")
        # A station may well say that something happened in the far future.
        at = clock.now() + timedelta(days=20_000)
        await currant.stations.security_event(tenant_id, identity="CP", kind="Tampering", at=at)
        currant.stations.note_findings(attended, "Heartbeat", [("string-too-long", "x", "y")])
        currant.stations.flush_findings()
        assert await kept(currant.inventory) == (1, 1, 1)
        clock.advance(timedelta(days=31))
        assert await kept(currant.inventory) == (1, 1, 0)
        clock.advance(timedelta(days=335))
        assert await kept(currant.inventory) == (0, 0, 0)
