"""Commands: recorded, sent, and ended with what came of them."""

from datetime import timedelta

import pytest

from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import TenantId
from currant.stations.commanding.remote import (
    Reset,
    SetAvailability,
    StartCharging,
    StopCharging,
    TransferData,
    Trigger,
    Unlock,
)
from currant.stations.commanding.variables import GetVariables, SetVariables, Variable, VariableValue
from currant.stations.commands import StationNotAccepted
from currant.stations.drafts import StationDraft
from currant.stations.model import CommandOutcome, CommandStatus

TENANT = TenantId("tenant-1")


async def connected(network, identity: str = "CP-1"):
    await network.inventory.create_station(TENANT, StationDraft(identity=identity), by="olga")
    return await network.attended(identity)


async def test_a_command_is_sent_and_kept_with_its_outcome(network):
    station = await connected(network)
    outcome = CommandOutcome(
        status=CommandStatus.REFUSED,
        reason="The station refused.",
        answer={"status": "Rejected"},
        variables=(VariableValue(variable=Variable(name="X"), value="1"),),
    )
    network.link.outcome = outcome
    record = await network.commands.give(TENANT, "CP-1", Unlock(evse=1), by="olga")
    assert (record.status, record.reason, record.answer) == (outcome.status, outcome.reason, outcome.answer)
    assert network.link.sent == [(station.station_id, Unlock(evse=1))]
    assert await network.commands.get(TENANT, record.id) == record


async def test_an_offline_station_is_an_outcome_and_no_error(small):
    await small.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    record = await small.commands.give(TENANT, "CP-1", Reset(), by="olga")
    assert record.status is CommandStatus.OFFLINE


async def test_every_remote_start_has_a_number_of_its_own(network):
    await connected(network)
    ids = set()
    for _ in range(3):
        record = await network.commands.give(TENANT, "CP-1", StartCharging(token_uid="ABC"), by="olga")
        assert isinstance(record.command, StartCharging)
        ids.add(record.command.remote_start_id)
    assert len(ids) == 3
    assert None not in ids


async def test_a_start_transaction_is_related_to_the_remote_start_before_it(network):
    station = await connected(network)
    command = StartCharging(token_uid="DEADBEEF", evse=1)
    record = await network.commands.give(TENANT, "CP-1", command, by="olga")

    async def follows(uid: str, evse: int | None, minutes: int) -> int | None:
        at = network.clock.now() + timedelta(minutes=minutes)
        return await network.database.read(
            lambda conn: network.commands.remote_start_of(
                conn, TENANT, station.station_id, token_uid=uid, evse=evse, at=at
            )
        )

    number = record.command.remote_start_id
    assert await follows("deadbeef", 1, 1) == number
    assert await follows("DEADBEEF", None, 1) == number
    assert await follows("DEADBEEF", 2, 1) is None
    assert await follows("OTHER", 1, 1) is None
    assert await follows("DEADBEEF", 1, 11) is None

    network.link.outcome = CommandOutcome(status=CommandStatus.REFUSED)
    await network.commands.give(TENANT, "CP-1", command, by="olga")
    assert await follows("DEADBEEF", 1, 1) == number, "a refused remote start begins nothing"


async def test_a_station_that_is_not_accepted_can_only_be_found_out_about(small):
    await small.stations.unknown_station("NEW")
    await small.attended("NEW")
    for allowed in (Reset(), Trigger(message="boot"), GetVariables()):
        record = await small.commands.give(TENANT, "NEW", allowed, by="olga")
        assert record.status is CommandStatus.ACCEPTED
    for forbidden in (StartCharging(token_uid="A"), Unlock(evse=1), SetAvailability(operative=True)):
        with pytest.raises(StationNotAccepted):
            await small.commands.give(TENANT, "NEW", forbidden, by="olga")
    assert len((await small.commands.list(TENANT)).items) == 3


@pytest.mark.parametrize(
    "command",
    [
        StartCharging(token_uid=""),
        StartCharging(token_uid="x" * 256),
        StartCharging(token_uid="A", evse=0),
        StopCharging(transaction_id=""),
        Unlock(evse=-1),
        Trigger(message=""),
        SetAvailability(operative=True, connector=1),
        SetVariables(values=()),
        SetVariables(values=(VariableValue(variable=Variable(name="X")),)),
        GetVariables(variables=tuple(Variable(name="X") for _ in range(501))),
        TransferData(vendor_id=""),
        TransferData(vendor_id="A", data="x" * 70_000),
    ],
)
async def test_what_no_version_could_say_is_neither_recorded_nor_sent(small, command):
    await connected(small)
    with pytest.raises(Invalid):
        await small.commands.give(TENANT, "CP-1", command, by="olga")
    assert small.link.sent == []
    assert (await small.commands.list(TENANT)).items == ()


async def test_commands_are_listed_latest_first_by_station_kind_and_status(network):
    first = await connected(network)
    await connected(network, "CP-2")
    for identity in ("CP-1", "CP-2", "CP-1"):
        await network.commands.give(TENANT, identity, Trigger(message="heartbeat"), by="olga")
    await network.commands.give(TENANT, "CP-1", Reset(), by="olga")
    page = await network.commands.list(TENANT, station_id=first.station_id, limit=2)
    assert [type(record.command) for record in page.items] == [Reset, Trigger]
    rest = await network.commands.list(TENANT, station_id=first.station_id, limit=2, cursor=page.next_cursor)
    assert [type(record.command) for record in rest.items] == [Trigger]
    assert rest.next_cursor is None
    assert len((await network.commands.list(TENANT, kind="Trigger")).items) == 3
    assert (await network.commands.list(TENANT, status=CommandStatus.UNANSWERED)).items == ()
    assert (await network.commands.list(TenantId("another"))).items == ()


async def test_another_tenants_station_cannot_be_told_anything(small):
    await connected(small)
    with pytest.raises(NotFound):
        await small.commands.give(TenantId("another"), "CP-1", Reset(), by="mallory")


async def test_a_command_left_open_by_a_stopped_server_is_ended_at_the_next_start(network):
    await connected(network)

    class Stopped(Exception):
        pass

    async def stop(*_: object, **__: object) -> CommandOutcome:
        raise Stopped

    network.link.send = stop
    with pytest.raises(Stopped):
        await network.commands.give(TENANT, "CP-1", Reset(), by="olga")
    (open_one,) = (await network.commands.list(TENANT)).items
    assert open_one.status is CommandStatus.SENT
    network.clock.advance(timedelta(hours=1))
    await network.commands.start()
    assert (await network.commands.get(TENANT, open_one.id)).status is CommandStatus.UNANSWERED
