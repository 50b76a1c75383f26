"""OCPP 2.0.1, block J: what meters say, by the clock or by samples, with and without a session, signed or not."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from charger import ScriptedCharger, now
from installation import Site
from plugged import Visit
from shows import shows

from currant.kit.clock import SystemClock, wire_time

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIGNATURE = {
    "signedMeterData": "c2lnbmVkIGJ5IHRoZSBtZXRlcg==",
    "signingMethod": "ECDSA-secp256r1-SHA256",
    "encodingMethod": "OCMF",
    "publicKey": "cHVibGljIGtleQ==",
}
INTERVAL = timedelta(seconds=10)


@asynccontextmanager
async def there(site: Site) -> AsyncIterator[ScriptedCharger]:
    """A station with two EVSEs."""
    async with site.charger(await site.register()) as station:
        await station.boot()
        for evse in (1, 2):
            await station.status("Available", evse)
        yield station


async def visit(site: Site, station: ScriptedCharger) -> Visit:
    uid = f"CARD-{station.identity}"
    await site.token(uid)
    return Visit(station, uid)


def times(count: int) -> list[datetime]:
    """So many instants at equal distance, the last one now."""
    latest = SystemClock().now().replace(microsecond=0)
    return [latest - INTERVAL * back for back in reversed(range(count))]


def measured(at: datetime, energy_wh: float, context: str, *, signed: bool = False) -> dict[str, Any]:
    value: dict[str, Any] = {
        "value": energy_wh,
        "context": context,
        "measurand": "Energy.Active.Import.Register",
        "unitOfMeasure": {"unit": "Wh"},
    }
    if signed:
        value["signedMeterValue"] = SIGNATURE
    return {"timestamp": wire_time(at), "sampledValue": [value]}


async def fiscal_event(station: ScriptedCharger, at: datetime, energy_wh: float, evse: int) -> None:
    component: dict[str, Any] = {"name": "FiscalMetering"}
    if evse:
        component["evse"] = {"id": evse}
    event = {
        "eventId": evse + 1,
        "timestamp": wire_time(at),
        "trigger": "Periodic",
        "actualValue": str(energy_wh),
        "eventNotificationType": "HardWiredMonitor",
        "component": component,
        "variable": {"name": "EnergyImport"},
    }
    assert await station.call("NotifyEvent", generatedAt=now(), seqNo=0, eventData=[event]) == {}


async def readings(site: Site, station: ScriptedCharger) -> list[Any]:
    [session] = await site.sessions(station.identity)
    return list((await site.ask("GET", f"/sessions/{session['id']}/readings"))["items"])


async def session_of(site: Site, station: ScriptedCharger) -> Any:
    [session] = await site.sessions(station.identity)
    return session


def told(found: Sequence[Any]) -> list[tuple[datetime, float, str]]:
    return [
        (
            datetime.fromisoformat(each["at"]),
            each["energy_wh"],
            each.get("context", "Sample.Periodic"),
        )
        for each in found
    ]


@shows("TC_J_01_CSMS")
async def test_meters_are_read_by_the_clock_while_nobody_charges(site: Site) -> None:
    async with there(site) as station:
        for number, at in enumerate(times(3)):
            for evse in (0, 1, 2):
                value = measured(at, 100.0 + number, "Sample.Clock")
                assert await station.call("MeterValues", evseId=evse, meterValue=[value]) == {}
                await fiscal_event(station, at, 100.0 + number, evse)
        assert await site.sessions(station.identity) == []
        events = await site.ask(
            "GET", f"/stations/{station.identity}/events", params={"component": "FiscalMetering"}
        )
        assert {event["trigger"] for event in events["items"]} == {"periodic"}
        assert len(events["items"]) == 9


@shows("TC_J_02_CSMS")
async def test_meters_are_read_by_the_clock_while_somebody_charges(site: Site) -> None:
    async with there(site) as station:
        driver = await visit(site, station)
        await driver.started()
        taken = []
        for number, at in enumerate(times(3)):
            for evse in (0, 2):
                value = measured(at, 5.0, "Sample.Clock")
                assert await station.call("MeterValues", evseId=evse, meterValue=[value]) == {}
                await fiscal_event(station, at, 5.0, evse)
            value = measured(at, 1_000.0 + 250 * number, "Sample.Clock")
            assert await driver.event("MeterValueClock", timestamp=wire_time(at), meterValue=[value]) == {}
            taken.append((at, 1_000.0 + 250 * number, "Sample.Clock"))
        assert told(await readings(site, station)) == taken
        assert (await session_of(site, station))["energy_wh"] == 500


async def ends(site: Site, sampled: str, *, signed: bool = False) -> None:
    """A session that tells of its meter when it ends: the samples of the whole session, and the last one."""
    async with there(site) as station:
        driver = await visit(site, station)
        await driver.started()
        *during, end = times(4)
        values = [
            *(
                measured(at, 1_000.0 + 100 * number, sampled, signed=signed)
                for number, at in enumerate(during)
            ),
            measured(end, 1_300.0, "Transaction.End", signed=signed),
        ]
        await driver.stopped()
        await driver.left(meterValue=values)
        session = await session_of(site, station)
        assert (session["phase"], session["meter_stop_wh"], session["energy_wh"]) == ("ended", 1_300, 300)
        found = await readings(site, station)
        assert [(value, context) for _, value, context in told(found)] == [
            (1_000.0, sampled),
            (1_100.0, sampled),
            (1_200.0, sampled),
            (1_300.0, "Transaction.End"),
        ]
        assert [at for at, _, _ in told(found)] == [*during, end]
        for each in found:
            kept = each.get("signed", [])
            assert len(kept) == signed
            for signature in kept:
                assert SIGNATURE.items() <= signature.items()


@shows("TC_J_03_CSMS")
async def test_a_session_ends_with_readings_by_the_clock(site: Site) -> None:
    await ends(site, "Sample.Clock")


@shows("TC_J_04_CSMS")
async def test_signed_readings_by_the_clock_are_kept_as_they_came(site: Site) -> None:
    await ends(site, "Sample.Clock", signed=True)


@shows("TC_J_07_CSMS")
async def test_a_session_begins_with_a_reading_when_the_cable_is_plugged_in(site: Site) -> None:
    async with there(site) as station:
        driver = await visit(site, station)
        [at] = times(1)
        begin = measured(at, 700.0, "Transaction.Begin")
        await driver.plugged_in(meterValue=[begin], timestamp=wire_time(at))
        session = await session_of(site, station)
        assert (session["phase"], session["meter_start_wh"], session["evse"]) == ("active", 700, 1)
        assert told(await readings(site, station)) == [(at, 700.0, "Transaction.Begin")]


@shows("TC_J_08_CSMS")
async def test_a_session_that_began_at_no_evse_yet_has_its_first_reading_when_that_is_known(
    site: Site,
) -> None:
    async with there(site) as station:
        driver = await visit(site, station)
        await driver.authorized()
        assert (await session_of(site, station))["evse"] is None
        [at] = times(1)
        begin = measured(at, 700.0, "Transaction.Begin")
        await driver.plugged_in(meterValue=[begin])
        await driver.charging()
        session = await session_of(site, station)
        assert (session["meter_start_wh"], session["evse"], session["activity"]) == (700, 1, "charging")
        assert told(await readings(site, station)) == [(at, 700.0, "Transaction.Begin")]


@shows("TC_J_09_CSMS")
async def test_a_session_is_metered_while_it_goes_on(site: Site) -> None:
    async with there(site) as station:
        driver = await visit(site, station)
        await driver.started()
        taken = []
        for number, at in enumerate(times(3)):
            value = measured(at, 1_000.0 + 250 * number, "Sample.Periodic")
            assert await driver.event("MeterValuePeriodic", timestamp=wire_time(at), meterValue=[value]) == {}
            taken.append((at, 1_000.0 + 250 * number, "Sample.Periodic"))
        assert told(await readings(site, station)) == taken
        assert (await session_of(site, station))["energy_wh"] == 500


@shows("TC_J_10_CSMS")
async def test_a_session_ends_with_sampled_readings(site: Site) -> None:
    await ends(site, "Sample.Periodic")


@shows("TC_J_11_CSMS")
async def test_signed_samples_are_kept_as_they_came(site: Site) -> None:
    await ends(site, "Sample.Periodic", signed=True)
