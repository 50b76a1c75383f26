"""Displayed messages and tariffs as desired state: read once after a boot, set, cleared, and never guessed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from currant.kit.errors import Invalid
from currant.kit.ids import CommandId, TenantId, new_id
from currant.stations.commanding.displays import ClearDisplayMessage, GetDisplayMessages, SetDisplayMessage
from currant.stations.commanding.tariffs import ClearTariffs, GetTariffs, SetDefaultTariff, StationTariff
from currant.stations.desired.aspect import Desired, Refusal, Step
from currant.stations.desired.displays import DisplayMessages
from currant.stations.desired.tariffs import Tariffs, Untold, installed
from currant.stations.drafts import StationDraft
from currant.stations.model import BootReport, CommandRecord, CommandStatus

TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WELCOME = {"texts": [{"text": "Welcome"}]}
PRICES = {"id": "day", "currency": "EUR", "energy": {"prices": [{"price": "0.45"}]}}


async def station(network):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    return network.directory.find("CP-1")


def wish(aspect, key: str, value: Any) -> Desired:
    return Desired(
        aspect=aspect.name,
        key=key,
        value=aspect.check(key, value),
        declaration_id="d",
        declared_at=NOW,
    )


async def next_step(aspect, entry, wanted: Sequence[Desired], version: str = "2.1") -> Step | None:
    """The step that is due now; None when everything is in step."""
    reported = await aspect.reported(entry, version, wanted)
    differing = [each for each in wanted if not aspect.agrees(each, reported.get(each.key))]
    if not differing:
        return None
    steps = await aspect.steps(entry, version, differing, reported)
    assert not isinstance(steps, Refusal)
    return steps[0]


def answered(entry, step: Step, status=CommandStatus.ACCEPTED, **more: Any) -> CommandRecord:
    return CommandRecord(
        id=CommandId(new_id()),
        tenant_id=TENANT,
        station_id=entry.station_id,
        command=step.command,
        asked_by="desired state",
        asked_at=NOW,
        status=status,
        **more,
    )


async def test_a_message_is_set_once_and_again_only_after_a_boot_that_lost_it(network):
    entry, aspect = await station(network), DisplayMessages(network.database, network.clock)
    wanted = [wish(aspect, "7", WELCOME)]
    step = await next_step(aspect, entry, wanted)
    assert isinstance(step.command, GetDisplayMessages)
    await aspect.took(entry, step, answered(entry, step))
    step = await next_step(aspect, entry, wanted)
    assert isinstance(step.command, SetDisplayMessage)
    assert step.command.message.id == 7
    await aspect.took(entry, step, answered(entry, step))
    assert await next_step(aspect, entry, wanted) is None

    attended = await network.attended("CP-1", version="2.1")
    network.clock.advance(timedelta(minutes=1))
    await network.stations.boot(attended, BootReport(), at=network.clock.now())
    step = await next_step(aspect, entry, wanted)
    assert isinstance(step.command, GetDisplayMessages)


async def test_what_shall_not_be_shown_or_is_over_is_cleared(network):
    entry, aspect = await station(network), DisplayMessages(network.database, network.clock)
    ends = (network.clock.now() + timedelta(hours=1)).isoformat()
    wanted = [wish(aspect, "1", None), wish(aspect, "2", {**WELCOME, "ends_at": ends})]
    step = await next_step(aspect, entry, wanted)
    there = [{"id": 1, **WELCOME}, {"id": 2, **WELCOME, "ends_at": ends}]
    await aspect.took(entry, step, answered(entry, step, report=tuple(there)))
    step = await next_step(aspect, entry, wanted)
    assert step.command == ClearDisplayMessage(id=1)
    await aspect.took(entry, step, answered(entry, step))
    assert await next_step(aspect, entry, wanted) is None, "a time is the same however it is spelled"
    network.clock.advance(timedelta(hours=2))
    step = await next_step(aspect, entry, wanted)
    assert step.command == ClearDisplayMessage(id=2)


async def test_after_a_lost_answer_everything_is_read_again(small):
    entry, aspect = await station(small), DisplayMessages(small.database, small.clock)
    wanted = [wish(aspect, "7", WELCOME)]
    step = await next_step(aspect, entry, wanted)
    await aspect.took(entry, step, answered(entry, step))
    step = await next_step(aspect, entry, wanted)
    await aspect.took(entry, step, answered(entry, step, CommandStatus.UNANSWERED))
    step = await next_step(aspect, entry, wanted)
    assert isinstance(step.command, GetDisplayMessages)


async def test_a_report_that_broke_off_is_not_taken_for_the_whole(small):
    entry, aspect = await station(small), DisplayMessages(small.database, small.clock)
    wanted = [wish(aspect, "7", WELCOME)]
    step = await next_step(aspect, entry, wanted)
    half = answered(entry, step, reason="The report broke off.", report=({"id": 1, **WELCOME},))
    says = await aspect.took(entry, step, half)
    assert says["7"] is not None
    assert not says["7"].final
    assert isinstance((await next_step(aspect, entry, wanted)).command, GetDisplayMessages)


async def test_a_tariff_with_the_same_id_and_other_prices_is_set_again(network):
    entry, aspect = await station(network), Tariffs(network.database, network.clock)
    step = await next_step(aspect, entry, [wish(aspect, "0", PRICES)])
    assert isinstance(step.command, GetTariffs)
    there = {"id": "day", "kind": "default", "evses": [1, 2]}
    await aspect.took(entry, step, answered(entry, step, report=(there,)))
    step = await next_step(aspect, entry, [wish(aspect, "0", PRICES)])
    assert isinstance(step.command, SetDefaultTariff), "its prices are not known"
    await aspect.took(entry, step, answered(entry, step))
    assert await next_step(aspect, entry, [wish(aspect, "0", PRICES)]) is None
    dearer = {**PRICES, "energy": {"prices": [{"price": "0.50"}]}}
    step = await next_step(aspect, entry, [wish(aspect, "0", dearer)])
    assert isinstance(step.command, SetDefaultTariff)
    step = await next_step(aspect, entry, [wish(aspect, "0", None)])
    assert step.command == ClearTariffs(evse=0)
    await aspect.took(entry, step, answered(entry, step))
    assert await next_step(aspect, entry, [wish(aspect, "0", None)]) is None


async def test_the_prices_in_force_follow_every_change_of_them(small):
    said: dict[int, Any] = {0: StationTariff(id="v1", currency="EUR")}
    aspect = Tariffs(small.database, small.clock, prices_at=lambda station, evse: said.get(evse))
    entry, wanted = await station(small), [wish(aspect, "0", "prices")]
    step = await next_step(aspect, entry, wanted)
    assert isinstance(step.command, GetTariffs)
    await aspect.took(entry, step, answered(entry, step))
    step = await next_step(aspect, entry, wanted)
    assert step.command == SetDefaultTariff(tariff=said[0], evse=0)
    await aspect.took(entry, step, answered(entry, step))
    assert await next_step(aspect, entry, wanted) is None

    said[0] = StationTariff(id="v2", currency="EUR")
    step = await next_step(aspect, entry, wanted)
    assert step.command == SetDefaultTariff(tariff=said[0], evse=0)
    await aspect.took(entry, step, answered(entry, step))

    said[0] = Untold(reason="It has steps.")
    step = await next_step(aspect, entry, wanted)
    assert step.command == ClearTariffs(evse=0), "an old price must not go on being shown"
    await aspect.took(entry, step, answered(entry, step))
    reported = await aspect.reported(entry, "2.1", wanted)
    assert not aspect.agrees(wanted[0], reported["0"])
    assert await aspect.steps(entry, "2.1", wanted, reported) == Refusal(reason="It has steps.")

    del said[0]
    assert await next_step(aspect, entry, wanted) is None, "nothing has a price, and none is shown"


def test_a_tariff_on_every_evse_is_the_stations_own():
    taken = {"0": PRICES}
    same = [{"id": "day", "kind": "default", "evses": [1, 2]}, {"id": "x", "kind": "driver", "evses": [1]}]
    assert installed(same, taken) == {"0": PRICES, "1": PRICES, "2": PRICES}
    mixed = [{"id": "day", "kind": "default", "evses": [1]}, {"id": "x", "kind": "default", "evses": [2]}]
    assert installed(mixed, taken) == {"1": PRICES, "2": {"id": "x"}}


@pytest.mark.parametrize(
    ("kind", "version"), [(DisplayMessages, "1.6"), (Tariffs, "1.6"), (Tariffs, "2.0.1")]
)
async def test_a_version_without_such_things_is_said_to_be_so(small, kind, version):
    entry, aspect = await station(small), kind(small.database, small.clock)
    wanted = [wish(aspect, "1", WELCOME if kind is DisplayMessages else PRICES)]
    refusal = await aspect.steps(entry, version, wanted, {})
    assert isinstance(refusal, Refusal)
    assert refusal.unsupported


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        (DisplayMessages, "one", WELCOME),
        (DisplayMessages, "01", WELCOME),
        (DisplayMessages, "1", "Welcome"),
        (DisplayMessages, "1", {**WELCOME, "id": 5}),
        (DisplayMessages, "1", {**WELCOME, "transaction_id": "t"}),
        (DisplayMessages, "1", {"texts": []}),
        (Tariffs, "-1", PRICES),
        (Tariffs, "0", {**PRICES, "currency": "euro"}),
        (Tariffs, "0", {"id": "x"}),
    ],
)
async def test_what_no_station_could_take_is_not_declared(small, kind, key, value):
    with pytest.raises(Invalid):
        kind(small.database, small.clock).check(key, value)
