"""Firmware that is declared: one attempt after the other, never two at once, and not for ever."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.stations.conftest import KEY, NOW, TENANT, Network

from currant.db.numbers import Numbers
from currant.kit.errors import Invalid
from currant.kit.ids import FirmwareId, StationId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.remote import Reset
from currant.stations.commanding.transfers import GetLog, LogKind, UpdateFirmware
from currant.stations.desired.aspect import Desired, Refusal, Step
from currant.stations.directory import DirectoryEntry
from currant.stations.drafts import StationDraft
from currant.stations.events import StationBooted
from currant.stations.model import Admission, AttendedStation, BootReport, CommandOutcome, CommandStatus
from currant.stations.transfers.addressing import Addressing, Bases
from currant.stations.transfers.aspect import ATTEMPTS_MAX, FirmwareAspect
from currant.stations.transfers.files import FileLimits, FileService
from currant.stations.transfers.firmware import FirmwareDraft, FirmwareLibrary
from currant.stations.transfers.model import Family, Stage, TransferStatus
from currant.stations.transfers.service import TransferService
from currant.stations.transfers.shelf import Shelf


class Image:
    """An image on its way into the library."""

    name, media_type, announced = "fw.bin", "", 5

    async def __aiter__(self) -> Any:
        yield b"image"


class Declared:
    """One station that shall have firmware 2.0, and the hands of a reconciler."""

    def __init__(
        self, network: Network, folder: Path, *, plain: str = "", protocols: frozenset[str] = frozenset()
    ) -> None:
        self.network = network

        async def protocols_of(tenant_id: TenantId, station_id: StationId) -> frozenset[str]:
            return protocols

        self.shelf = Shelf(folder, node="n", free_bytes_min=0)
        self.shelf.prepare()
        addressing = Addressing(
            KEY, lambda: Bases(public="https://csms.example.org", plain=plain), network.clock
        )
        self.transfers = TransferService(
            network.database,
            network.directory,
            network.commands,
            network.inventory,
            network.link,
            Numbers(network.database),
            addressing,
            network.clock,
            protocols_of=protocols_of,
        )
        limits = FileLimits()
        files = FileService(network.database, self.shelf, self.transfers, addressing, network.clock, limits)
        self.library = FirmwareLibrary(network.database, self.shelf, files, network.clock, limits)
        self.aspect = FirmwareAspect(self.transfers, network.inventory, network.clock)

    async def start(self, **described: Any) -> "Declared":
        await self.network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="a test")
        self.attended: AttendedStation = await self.network.attended("CP-1", version="2.0.1")
        entry = self.network.directory.find("CP-1")
        assert entry is not None
        self.entry: DirectoryEntry = entry
        await self.boots("1.0")
        draft = FirmwareDraft(version="2.0", **described)
        image = await self.library.add(TENANT, Image(), lambda: draft, by="a test")
        self.desired = Desired(
            aspect="firmware",
            key="station",
            value=self.aspect.check("station", {"version": "2.0", "firmware_id": image.id}),
            declaration_id="d",
            declared_at=NOW,
            may_restart=True,
        )
        return self

    def declare_again(self) -> None:
        now = self.network.clock.now()
        self.desired = msgspec.structs.replace(self.desired, declared_at=now, declaration_id="again")

    async def boots(self, firmware: str) -> None:
        report = BootReport(vendor="Acme", model="M1", firmware_version=firmware)
        await self.network.stations.boot(self.attended, report, at=self.network.clock.now())
        await self.transfers.booted(
            StationBooted(
                tenant_id=TENANT,
                happened_at=self.network.clock.now(),
                station_id=self.entry.station_id,
                identity="CP-1",
                admission=Admission.ACCEPTED,
                firmware_version=firmware,
            )
        )

    async def agrees(self) -> bool:
        reported = await self.aspect.reported(self.entry, "2.0.1", [self.desired])
        return self.aspect.agrees(self.desired, reported.get("station"))

    async def steps(self) -> Sequence[Step] | Refusal:
        reported = await self.aspect.reported(self.entry, "2.0.1", [self.desired])
        return await self.aspect.steps(self.entry, "2.0.1", [self.desired], reported)

    async def step(self) -> Step:
        steps = await self.steps()
        assert not isinstance(steps, Refusal)
        (step,) = steps
        return step

    async def take(self, step: Step) -> None:
        record = await self.network.commands.give(TENANT, "CP-1", step.command, by="desired state")
        await self.aspect.took(self.entry, step, record)

    async def says(self, stage: Stage, command: AnyCommand) -> None:
        assert isinstance(command, UpdateFirmware)
        await self.transfers.report(
            self.attended, Family.FIRMWARE, stage, said=stage.value, request_id=command.request_id
        )


@pytest.fixture
async def declared(network: Network, tmp_path: Path) -> Declared:
    """On SQLite and on PostgreSQL."""
    return await Declared(network, tmp_path).start()


async def test_a_station_is_brought_to_the_version_that_is_wanted(declared: Declared) -> None:
    assert not await declared.agrees()
    step = await declared.step()
    assert (step.restarts, step.needs_idle) == (True, True)
    assert isinstance(step.command, UpdateFirmware)
    await declared.take(step)
    assert await declared.steps() == ()
    await declared.says(Stage.INSTALLED, step.command)
    # It has a while to start it by itself.
    assert await declared.steps() == ()
    await declared.boots("2.0")
    assert await declared.agrees()
    (transfer,) = (await declared.transfers.list(TENANT)).items
    assert (transfer.status, transfer.version_before, transfer.version_after) == (
        TransferStatus.DONE,
        "1.0",
        "2.0",
    )


async def test_looking_twice_plans_once(declared: Declared) -> None:
    first, second = await declared.step(), await declared.step()
    assert isinstance(first.command, UpdateFirmware)
    assert isinstance(second.command, UpdateFirmware)
    assert first.command.request_id == second.command.request_id
    # What was only planned is nobody's concern yet.
    assert (await declared.transfers.list(TENANT)).items == ()


async def test_an_update_that_somebody_else_began_is_waited_for(declared: Declared) -> None:
    await declared.transfers.update_firmware(TENANT, "CP-1", by="person:ada", url="https://x.example/f")
    assert await declared.steps() == ()


async def test_a_station_that_does_not_start_its_new_firmware_is_restarted(declared: Declared) -> None:
    step = await declared.step()
    await declared.take(step)
    await declared.says(Stage.INSTALLED, step.command)
    declared.network.clock.advance(timedelta(minutes=16))
    restart = await declared.step()
    assert isinstance(restart.command, Reset)
    assert restart.restarts


@pytest.mark.parametrize("declared_again_after", ["planned", "installed"])
async def test_firmware_that_waits_for_its_start_is_not_sent_again(
    declared: Declared, declared_again_after: str
) -> None:
    step = await declared.step()
    declared.network.clock.advance(timedelta(seconds=5))
    if declared_again_after == "planned":
        declared.declare_again()
        step = await declared.step()
    await declared.take(step)
    await declared.says(Stage.INSTALLED, step.command)
    declared.network.clock.advance(timedelta(seconds=5))
    if declared_again_after == "installed":
        declared.declare_again()
    assert await declared.steps() == ()


async def test_firmware_declared_anew_after_failures_is_tried_at_once(declared: Declared) -> None:
    step = await declared.step()
    await declared.take(step)
    await declared.says(Stage.TRANSFER_FAILED, step.command)
    assert await declared.steps() == ()
    declared.network.clock.advance(timedelta(seconds=5))
    declared.declare_again()
    assert isinstance((await declared.step()).command, UpdateFirmware)


async def test_failures_are_repeated_ever_later_and_then_no_more(declared: Declared) -> None:
    for attempt in range(ATTEMPTS_MAX):
        step = await declared.step()
        await declared.take(step)
        await declared.says(Stage.TRANSFER_FAILED, step.command)
        if attempt < ATTEMPTS_MAX - 1:
            assert await declared.steps() == ()
            declared.network.clock.advance(timedelta(minutes=15 * 2**attempt))
    refusal = await declared.steps()
    assert isinstance(refusal, Refusal)
    assert "3 attempts" in refusal.reason
    assert "could not transfer" in refusal.reason


async def test_a_refused_step_is_an_attempt_too(declared: Declared) -> None:
    declared.network.link.outcome = CommandOutcome(status=CommandStatus.REFUSED, reason="It said Rejected.")
    await declared.take(await declared.step())
    (transfer,) = (await declared.transfers.list(TENANT)).items
    assert (transfer.status, transfer.reason) == (TransferStatus.REFUSED, "It said Rejected.")
    assert await declared.steps() == ()


async def test_an_image_for_other_models_is_not_given(small: Network, tmp_path: Path) -> None:
    declared = await Declared(small, tmp_path).start(vendor="acme", models=("M7",))
    refusal = await declared.steps()
    assert isinstance(refusal, Refusal)
    assert "for M7, and this is a M1" in refusal.reason


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("other", {"version": "2.0", "firmware_id": "f"}),
        ("station", None),
        ("station", {"version": "2.0"}),
        ("station", {"version": "2.0", "firmware_id": "f", "when": "now"}),
    ],
)
async def test_what_no_station_could_have_is_not_declared(declared: Declared, key: str, value: Any) -> None:
    with pytest.raises(Invalid):
        declared.aspect.check(key, value)


async def test_a_silent_transfer_is_given_up_by_the_sweep(declared: Declared) -> None:
    step = await declared.step()
    await declared.take(step)
    assert await declared.transfers.sweep() == 0
    declared.network.clock.advance(timedelta(hours=3))
    assert await declared.transfers.sweep() == 1
    (transfer,) = (await declared.transfers.list(TENANT)).items
    assert transfer.status is TransferStatus.GIVEN_UP
    await declared.boots("2.0")
    (transfer,) = (await declared.transfers.list(TENANT)).items
    assert transfer.status is TransferStatus.DONE


async def test_a_station_without_tls_is_given_an_address_without_it(small: Network, tmp_path: Path) -> None:
    declared = await Declared(small, tmp_path, plain="http://10.0.0.1:8080").start()
    await declared.transfers.request_log(TENANT, "CP-1", LogKind.SECURITY, by="a test")
    command = small.link.sent[-1][1]
    assert isinstance(command, GetLog)
    assert command.url.startswith("http://10.0.0.1:8080/files/up/")
    plain = await declared.transfers.update_firmware(
        TENANT, "CP-1", by="a test", firmware_id=FirmwareId(declared.desired.value["firmware_id"])
    )
    assert plain.status is TransferStatus.ACCEPTED
    told = small.link.sent[-1][1]
    assert isinstance(told, UpdateFirmware)
    assert told.url.startswith("http://10.0.0.1:8080/files/down/")


async def test_an_address_of_a_kind_that_the_station_does_not_know_is_refused(
    small: Network, tmp_path: Path
) -> None:
    declared = await Declared(small, tmp_path, protocols=frozenset({"HTTPS", "SFTP"})).start()
    with pytest.raises(Invalid, match="by HTTPS, SFTP and not by FTP"):
        await declared.transfers.request_log(
            TENANT, "CP-1", LogKind.SECURITY, by="a test", url="ftp://files.example.org/"
        )
    sent = await declared.transfers.request_log(
        TENANT, "CP-1", LogKind.SECURITY, by="a test", url="sftp://files.example.org/"
    )
    assert sent.status is TransferStatus.ACCEPTED


async def test_what_a_station_does_by_itself_is_of_no_transfer(declared: Declared) -> None:
    async def says(stage: Stage) -> bool:
        return await declared.transfers.report(declared.attended, Family.FIRMWARE, stage, said=stage.value)

    assert not await says(Stage.TRANSFERRING)
    step = await declared.step()
    await declared.take(step)
    assert await says(Stage.TRANSFER_FAILED)
    declared.network.clock.advance(timedelta(hours=7))
    assert not await says(Stage.TRANSFERRING)
    (transfer,) = (await declared.transfers.list(TENANT)).items
    assert transfer.status is TransferStatus.FAILED
