"""Logs and firmware for stations that are not there yet, and for many stations at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.stations.conftest import TENANT, Network

from currant.db.numbers import Numbers
from currant.kit.errors import Invalid
from currant.kit.ids import StationId
from currant.stations.commanding.transfers import GetLog, LogKind, UpdateFirmware
from currant.stations.drafts import StationDraft
from currant.stations.events import CommandEnded
from currant.stations.model import CommandOutcome, CommandRecord, CommandStatus
from currant.stations.queue_terms import Terms
from currant.stations.queueing import CommandQueue
from currant.stations.transfers.addressing import Addressing, Bases
from currant.stations.transfers.links import Direction
from currant.stations.transfers.model import Family, Stage, Transfer, TransferStatus
from currant.stations.transfers.service import TransferService, When

S = TransferStatus
ELSEWHERE = "https://logs.example.org/in"


class Waiting:
    """A queue, and transfers that may wait in it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.addressing = Addressing(b"key", lambda: Bases(public="https://csms.example.org"), network.clock)
        self.queue = CommandQueue(
            network.database, network.directory, network.link, network.commands, network.clock
        )
        self.transfers = TransferService(
            network.database,
            network.directory,
            network.commands,
            network.inventory,
            network.link,
            Numbers(network.database),
            self.addressing,
            network.clock,
            queue=self.queue,
        )

    async def station(self, identity: str) -> StationId:
        made = await self.network.inventory.create_station(TENANT, StationDraft(identity=identity), by="olga")
        return made.id

    def comes(self, *stations: StationId) -> None:
        self.network.link.connected.update(stations)

    def until(self, hours: int) -> When:
        return When(queue_until=self.network.clock.now() + timedelta(hours=hours))

    async def ended(self, transfer: Transfer) -> CommandRecord:
        """The transfer's command once it has ended, of which the transfers are told."""
        assert transfer.command_id is not None
        for _ in range(250):
            record = await self.network.commands.get(TENANT, transfer.command_id)
            if record.ended_at is not None:
                await self.transfers.command_ended(told(record))
                return record
            await asyncio.sleep(0.02)
        raise AssertionError(f"still {record.status}")


def told(record: CommandRecord) -> CommandEnded:
    assert record.ended_at is not None
    return CommandEnded(
        tenant_id=record.tenant_id,
        happened_at=record.ended_at,
        command_id=record.id,
        station_id=record.station_id,
        command=type(record.command).__name__,
        status=record.status,
        reason=record.reason,
        asked_by=record.asked_by,
    )


@pytest.fixture
async def waiting(network: Network) -> AsyncIterator[Waiting]:
    waiting = Waiting(network)
    await waiting.transfers.start()
    await waiting.queue.start()
    yield waiting
    await waiting.queue.stop()


async def test_a_log_is_asked_for_when_its_station_comes_by_a_link_that_begins_then(waiting: Waiting) -> None:
    station = await waiting.station("CP-1")
    asked = await waiting.transfers.request_log(
        TENANT, "CP-1", LogKind.SECURITY, by="olga", when=waiting.until(24 * 30)
    )
    assert asked.status is S.WAITING
    assert asked.command_id is not None
    kept = await waiting.network.commands.get(TENANT, asked.command_id)
    assert isinstance(kept.command, GetLog)
    assert kept.command.url == "https://csms.example.org/files/up/***/"

    waiting.network.clock.advance(timedelta(days=10))
    waiting.comes(station)
    await waiting.ended(asked)
    command = waiting.network.link.sent[-1][1]
    assert isinstance(command, GetLog)
    link = waiting.addressing.read(command.url.split("/")[-2], Direction.UP)
    assert link.transfer_id == asked.id
    found = await waiting.transfers.get(TENANT, asked.id)
    assert found.status is S.ACCEPTED
    assert [step.status for step in found.steps] == [S.WAITING, S.REQUESTED, S.ACCEPTED]


async def test_a_station_that_is_there_is_asked_at_once(waiting: Waiting) -> None:
    waiting.comes(await waiting.station("CP-1"))
    asked = await waiting.transfers.request_log(
        TENANT, "CP-1", LogKind.SECURITY, by="olga", when=waiting.until(1)
    )
    assert asked.status is S.ACCEPTED


async def test_a_log_of_a_station_that_never_came_expires_with_its_command(waiting: Waiting) -> None:
    await waiting.station("CP-1")
    asked = await waiting.transfers.request_log(
        TENANT, "CP-1", LogKind.SECURITY, by="olga", when=waiting.until(1)
    )
    waiting.network.clock.advance(timedelta(hours=2))
    await waiting.queue._expire()
    assert (await waiting.ended(asked)).status is CommandStatus.EXPIRED
    found = await waiting.transfers.get(TENANT, asked.id)
    assert (found.status, found.ended_at is not None) == (S.EXPIRED, True)


async def test_a_log_is_taken_back_with_its_command(waiting: Waiting) -> None:
    await waiting.station("CP-1")
    asked = await waiting.transfers.request_log(
        TENANT, "CP-1", LogKind.SECURITY, by="olga", when=waiting.until(1)
    )
    assert asked.command_id is not None
    await waiting.queue.cancel(TENANT, asked.command_id, by="otto")
    await waiting.ended(asked)
    found = await waiting.transfers.get(TENANT, asked.id)
    assert (found.status, found.reason) == (S.CANCELLED, "Taken back by otto.")


async def test_a_station_that_goes_before_it_is_asked_has_its_transfer_wait_again(waiting: Waiting) -> None:
    station = await waiting.station("CP-1")
    asked = await waiting.transfers.request_log(
        TENANT, "CP-1", LogKind.SECURITY, by="olga", when=waiting.until(1)
    )
    waiting.network.link.outcomes = [CommandOutcome(status=CommandStatus.OFFLINE)]
    waiting.comes(station)
    await waiting.ended(asked)
    found = await waiting.transfers.get(TENANT, asked.id)
    assert [step.status for step in found.steps] == [
        S.WAITING,
        S.REQUESTED,
        S.WAITING,
        S.REQUESTED,
        S.ACCEPTED,
    ]


async def test_what_waits_is_not_what_a_report_without_a_number_is_about(waiting: Waiting) -> None:
    station = await waiting.station("CP-1")
    attended = await waiting.network.attended("CP-1")
    first = await waiting.transfers.request_log(TENANT, "CP-1", LogKind.DIAGNOSTICS, by="olga")
    later = When(not_before=waiting.network.clock.now() + timedelta(hours=1))
    second = await waiting.transfers.request_log(TENANT, "CP-1", LogKind.DIAGNOSTICS, by="olga", when=later)
    assert await waiting.transfers.report(attended, Family.LOG, Stage.TRANSFERRING, said="Uploading")
    assert (await waiting.transfers.get(TENANT, first.id)).status is S.TRANSFERRING
    assert (await waiting.transfers.get(TENANT, second.id)).status is S.WAITING
    assert station in waiting.network.link.connected


async def test_fifty_stations_are_asked_for_their_logs_in_one_go(waiting: Waiting) -> None:
    stations = [await waiting.station(f"CP-{number}") for number in range(50)]
    await waiting.network.admissions.retire(TENANT, "CP-49", by="olga")
    waiting.comes(*stations[:20])
    batch = await waiting.transfers.request_logs(
        TENANT, stations, LogKind.SECURITY, Terms(by="olga", at_once=10, note="the odd resets")
    )
    assert batch.stations == 49
    for _ in range(400):
        progress = await waiting.queue.progress(TENANT, batch.id)
        if progress.by_status.get("accepted") == 20:
            break
        await asyncio.sleep(0.02)
    assert progress.by_status == {"accepted": 20, "queued": 29}
    page = await waiting.transfers.list(TENANT, batch_id=batch.id, limit=100)
    assert len({each.request_id for each in page.items}) == 49
    for each in page.items:
        assert each.command_id is not None
        record = await waiting.network.commands.get(TENANT, each.command_id)
        if record.ended_at is not None:
            await waiting.transfers.command_ended(told(record))
    found = (await waiting.transfers.list(TENANT, batch_id=batch.id, limit=100)).items
    assert [each.status for each in found].count(S.ACCEPTED) == 20
    assert [each.status for each in found].count(S.WAITING) == 29
    urls = {command.url for _, command in waiting.network.link.sent if isinstance(command, GetLog)}
    assert len(urls) == 20


async def test_a_command_that_somebody_wrote_himself_has_a_transfer_too(waiting: Waiting) -> None:
    waiting.comes(await waiting.station("CP-1"))
    command = GetLog(kind=LogKind.DIAGNOSTICS, url=ELSEWHERE, request_id=77)
    record = await waiting.transfers.give(TENANT, "CP-1", command, by="olga")
    assert (record.status, record.command) == (CommandStatus.ACCEPTED, command)
    (found,) = (await waiting.transfers.list(TENANT)).items
    assert (found.request_id, found.status, found.url) == (77, S.ACCEPTED, ELSEWHERE)
    assert found.command_id == record.id


async def test_a_command_that_somebody_wrote_himself_may_wait(waiting: Waiting) -> None:
    station = await waiting.station("CP-1")
    command = UpdateFirmware(url=ELSEWHERE, request_id=78, retrieve_at=waiting.network.clock.now())
    record = await waiting.transfers.give(TENANT, "CP-1", command, by="olga", when=waiting.until(1))
    (found,) = (await waiting.transfers.list(TENANT)).items
    assert (record.status, found.status) == (CommandStatus.QUEUED, S.WAITING)
    waiting.comes(station)
    await waiting.ended(found)
    sent = waiting.network.link.sent[-1][1]
    assert isinstance(sent, UpdateFirmware)
    assert (sent.url, sent.request_id) == (ELSEWHERE, 78)


async def test_an_address_with_a_password_does_not_wait(waiting: Waiting) -> None:
    await waiting.station("CP-1")
    with pytest.raises(Invalid, match="password"):
        await waiting.transfers.request_log(
            TENANT,
            "CP-1",
            LogKind.SECURITY,
            by="olga",
            url="ftp://me:secret@logs.example.org/",
            when=waiting.until(1),
        )
    assert (await waiting.transfers.list(TENANT)).items == ()
