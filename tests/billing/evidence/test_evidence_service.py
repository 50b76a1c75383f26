"""Evidence is taken when a session ends, kept when its readings go, and holds back what does not hold."""

import base64

import pytest

from billing.evidence.signing import Meter, rd
from charging.made import TENANT, Network, sample, value
from currant.billing.evidence.events import EvidenceJudged, MeterKeyChanged
from currant.billing.evidence.model import EvidenceStanding, KeyStanding
from currant.billing.evidence.service import EvidenceService, MeterKeyChange, MeterKeyDraft
from currant.charging.events import SessionEnded
from currant.charging.model import Session
from currant.db.engine import Database
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import StationId, TenantId

STATION = StationId("station")


@pytest.fixture
async def network(database: Database) -> Network:
    return Network(database)


@pytest.fixture
async def evidence(network: Network) -> EvidenceService:
    return EvidenceService(network.database, network.charging, network.clock)


async def charged(network: Network, begin: str, end: str, *, wh: int = 8000, key: str = "") -> Session:
    """A session whose station sends these signed values."""
    connection = await network.connect()
    await network.token()
    answer = await connection.start()
    for minutes, text, context in ((1, begin, "Transaction.Begin"), (59, end, "Transaction.End")):
        if text:
            signed = {"signedMeterData": base64.b64encode(text.encode()).decode(), "publicKey": key}
            await connection.meter(
                minutes,
                sample(
                    minutes, value(0, "Energy.Active.Import.Register", "Wh", context=context, signed=signed)
                ),
                transaction_id=str(answer.number),
            )
    await connection.stop(answer.number, wh=1000 + wh)
    return await connection.only()


async def test_a_session_is_judged_when_it_ends(network: Network, evidence: EvidenceService) -> None:
    told: list[object] = []
    network.database.listen(lambda _, events: told.extend(events))
    device = Meter()
    session = await charged(network, device.ocmf(rd("B", "1.0")), device.ocmf(rd("E", "9.0")), key=device.key)
    ended = next(event for event in told if isinstance(event, SessionEnded))
    await evidence.told(ended)
    found = await evidence.of(TENANT, session.id)
    assert found is not None
    assert found.judgement.standing is EvidenceStanding.UNCONFIRMED
    assert len(found.records) == 2
    assert await evidence.holds_back(session) == ""
    (key,) = await evidence.keys(TENANT, STATION)
    assert (key.key, key.standing, key.evse) == (device.key, KeyStanding.TOLD, 1)
    judged = [event for event in told if isinstance(event, EvidenceJudged)]
    assert [event.standing for event in judged] == [EvidenceStanding.UNCONFIRMED]
    # Told once more, as happens after a crash: nothing new.
    await evidence.told(ended)
    assert len([event for event in told if isinstance(event, EvidenceJudged)]) == 1
    assert len(await evidence.keys(TENANT, STATION)) == 1

    confirmed = await evidence.change_key(
        TENANT, STATION, key.id, MeterKeyChange(standing=KeyStanding.CONFIRMED), by="ada"
    )
    assert confirmed.by == "ada"
    again = await evidence.of(TENANT, session.id)
    assert again is not None
    assert again.judgement.standing is EvidenceStanding.VERIFIED
    assert isinstance(told[-1], EvidenceJudged | MeterKeyChanged)


async def test_what_does_not_hold_keeps_a_session_from_being_billed(
    network: Network, evidence: EvidenceService
) -> None:
    device = Meter()
    session = await charged(network, device.ocmf(rd("B", "1.0")), device.ocmf(rd("E", "5.0")), key=device.key)
    assert await evidence.holds_back(session) == "evidence_failed"
    found = await evidence.of(TENANT, session.id)
    assert found is not None
    assert [problem.code for problem in found.judgement.problems] == ["energy_differs"]


async def test_where_a_meter_is_known_to_sign_its_silence_is_noticed(
    network: Network, evidence: EvidenceService
) -> None:
    session = await charged(network, "", "")
    assert await evidence.holds_back(session) == ""
    device = Meter()
    await evidence.enter_key(
        TENANT,
        STATION,
        MeterKeyDraft(key=base64.b64encode(device.der).decode(), evse=1, meter_serial="M1"),
        by="ada",
    )
    assert await evidence.holds_back(session) == "evidence_none"
    (key,) = await evidence.keys(TENANT, STATION, evse=1)
    assert (key.key, key.meter_serial, key.standing) == (device.key, "M1", KeyStanding.CONFIRMED)
    # Before the meter was there, nothing could sign.
    await evidence.change_key(
        TENANT, STATION, key.id, MeterKeyChange(valid_until=session.started_at), by="ada"
    )
    assert await evidence.holds_back(session) == ""


async def test_evidence_outlives_the_readings_it_came_from(
    network: Network, evidence: EvidenceService
) -> None:
    device = Meter()
    session = await charged(network, device.ocmf(rd("B", "1.0")), device.ocmf(rd("E", "9.0")), key=device.key)
    before = await evidence.judge(TENANT, session.id)
    assert before is not None
    await network.charging.delete_readings(before=network.clock.now().replace(year=2040))
    after = await evidence.judge(TENANT, session.id)
    assert after is not None
    assert after.records == before.records
    assert after.judgement == before.judgement


async def test_keys_are_entered_changed_and_refused_with_reasons(
    network: Network, evidence: EvidenceService
) -> None:
    with pytest.raises(Invalid, match="no public key"):
        await evidence.enter_key(TENANT, STATION, MeterKeyDraft(key="hello"), by="ada")
    with pytest.raises(NotFound):
        await evidence.change_key(TENANT, STATION, "nobody", MeterKeyChange(), by="ada")
    device = Meter()
    once = await evidence.enter_key(TENANT, STATION, MeterKeyDraft(key=device.key), by="ada")
    twice = await evidence.enter_key(
        TENANT, STATION, MeterKeyDraft(key=device.key, meter_serial="M2"), by="bob"
    )
    assert (once.id, twice.meter_serial) == (twice.id, "M2")
    assert await evidence.keys(TenantId("another"), STATION) == []
    with pytest.raises(NotFound):
        await evidence.change_key(TenantId("another"), STATION, once.id, MeterKeyChange(), by="eve")
