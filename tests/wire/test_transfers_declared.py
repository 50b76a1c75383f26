"""Firmware that is declared, in a whole Currant: stations of every version come to it, over real sockets."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from carrying import FAST

from currant.app.container import Currant, running
from currant.app.settings import load
from currant.simulator import EvseSpec, Fleet, StationSpec
from currant.tenancy.local_key import read_local_key


@pytest.fixture
async def currant(tmp_path: Path) -> AsyncIterator[Currant]:
    options: dict[str, Any] = {
        "data_dir": tmp_path,
        "ocpp.port": 0,
        "ocpp.tls": False,
        "ocpp.allow_unauthenticated": True,
        "ocpp.unknown_stations": "open",
        "http.port": 0,
        "http.tls": True,
    }
    thresholds = gc.get_threshold()
    async with running(load(options=options, environment={})) as built:
        yield built
    # A server sets the garbage collector of its process, and here that is the tests' own.
    gc.set_threshold(*thresholds)
    gc.unfreeze()


async def test_stations_of_every_version_come_to_the_firmware_that_is_declared(currant: Currant) -> None:
    specs = [
        StationSpec(
            identity=f"SIM-{version}",
            version=version,
            evses=(EvseSpec(),),
            sessions_per_day=0,
            transfers=True,
            ca_file=str(currant.authority.root),
        )
        for version in ("1.6", "2.0.1", "2.1")
    ]
    fleet = Fleet(specs, f"{currant.ocpp_url}{{identity}}", speed=FAST)
    fleet.start()
    async with httpx.AsyncClient(
        base_url=f"{currant.api_url}/api/v1/",
        headers={"Authorization": f"Bearer {read_local_key(currant.place.folder)}"},
        verify=ssl.create_default_context(cafile=str(currant.authority.root)),
        timeout=30,
    ) as api:

        async def firmware() -> set[str]:
            found = (await api.get("stations/")).json()["items"]
            return {each["firmware_version"] for each in found if each["connection"]["connected"]}

        async def come_to(wanted: set[str]) -> None:
            while await firmware() != wanted or (await api.get("stations/count")).json()["count"] < 3:
                await asyncio.sleep(0.2)

        try:
            async with asyncio.timeout(20):
                while fleet.status().connected < 3 or len(await firmware()) < 1:
                    await asyncio.sleep(0.1)
            content = b"CURRANT-SIM 9.9\n" + b"x" * 50_000
            image = (await api.post("firmware/", params={"version": "9.9"}, content=content)).json()
            declared = await api.post(
                "desired/declarations",
                json={
                    "declarations": [
                        {
                            "scope": "all",
                            "aspect": "firmware",
                            "key": "station",
                            "value": {"version": "9.9", "firmware_id": image["id"]},
                            "may_restart": True,
                        }
                    ]
                },
            )
            assert declared.status_code == 201, declared.text
            async with asyncio.timeout(60):
                await come_to({"9.9"})
            transfers = (await api.get("transfers", params={"firmware_id": image["id"]})).json()["items"]
            assert [each["version"] for each in transfers] == ["9.9"] * 3
            assert {each["asked_by"] for each in transfers} == {"desired state"}
        finally:
            await fleet.stop()
