"""Stations are made what they shall be, whatever they do meanwhile; and it can be seen why one is not yet."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from currant.db.engine import Database
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.stations.commanding.remote import Reset
from currant.stations.commanding.variables import SetVariables, Variable, VariableValue
from currant.stations.desired.model import Pace, RolloutState, Scope, Standing
from currant.stations.groups import StationGroupDraft
from stations.desired_things import TENANT, Desiring, desiring


@pytest.fixture
async def network(database: Database) -> AsyncIterator[Desiring]:
    """On SQLite and on PostgreSQL."""
    async with desiring(database) as built:
        yield built


@pytest.fixture
async def small(sqlite_database: Database) -> AsyncIterator[Desiring]:
    async with desiring(sqlite_database) as built:
        yield built


def writes(charger) -> int:
    return sum(isinstance(command, SetVariables) for command in charger.told)


async def test_what_is_declared_for_all_reaches_every_station(network: Desiring) -> None:
    chargers = [await network.add(f"CP-{number}") for number in range(5)]
    away = await network.add("AWAY", connected=False)
    declared = await network.declare("Interval", "60", why="the new tariff")
    await network.settle()
    assert [charger.settings for charger in chargers] == [{"Interval": "60"}] * 5
    assert [writes(charger) for charger in chargers] == [1] * 5
    assert await network.standing("CP-0", "Interval") == ("in_step", "")
    assert away.told == []
    assert await network.standing("AWAY", "Interval") == ("waiting", "offline")
    progress = await network.desired.rollouts.get(TENANT, declared.rollout.id)
    assert progress.by_standing == {Standing.IN_STEP: 5, Standing.WAITING: 1}

    await network.connect("AWAY")
    await network.settle()
    assert away.settings == {"Interval": "60"}
    progress = await network.desired.rollouts.get(TENANT, declared.rollout.id)
    assert progress.rollout.state is RolloutState.DONE


async def test_a_station_that_is_in_step_is_told_nothing(network: Desiring) -> None:
    charger = await network.add("CP-1")
    charger.settings = {"Interval": "60"}
    await network.declare("Interval", "60")
    await network.settle()
    assert writes(charger) == 0
    assert await network.standing("CP-1", "Interval") == ("in_step", "")


async def test_what_is_narrower_prevails_and_the_view_says_over_what(network: Desiring) -> None:
    await network.add("CP-1", vendor="ABB", model="Terra")
    await network.add("CP-2", vendor="ABB", model="Terra")
    group = await network.groups.create(
        TENANT, StationGroupDraft(name="Depot", stations=("CP-2",)), by="olga"
    )
    await network.declare("Interval", "1")
    await network.declare("Interval", "2", scope=Scope.MODEL, vendor="abb", model="terra")
    await network.declare("Interval", "3", scope=Scope.GROUP, group="Depot")
    await network.settle()
    assert network.charger("CP-1").settings["Interval"] == "2"
    assert network.charger("CP-2").settings["Interval"] == "3"
    view = await network.desired.overview.of_station(TENANT, "CP-2")
    assert [other.declaration.value for other in view.keys[0].overruled] == ["2", "1"]
    assert "its group prevails over one for its model" in view.keys[0].overruled[0].why

    await network.groups.remove_members(TENANT, group.id, ["CP-2"], by="olga")
    await network.settle()
    assert network.charger("CP-2").settings["Interval"] == "2"


async def test_a_refusal_is_final_until_the_declaration_or_the_firmware_changes(network: Desiring) -> None:
    charger = await network.add("CP-1")
    charger.refuses = {"Interval"}
    await network.declare("Interval", "60")
    await network.settle()
    network.clock.advance(timedelta(days=1))
    await network.settle()
    assert await network.standing("CP-1", "Interval") == ("refused", "")
    assert writes(charger) == 1

    await network.boot("CP-1", firmware_version="2.0")
    await network.settle()
    assert writes(charger) == 2, "other firmware may take it"
    charger.refuses = set()
    await network.declare("Interval", "30")
    await network.settle()
    assert charger.settings == {"Interval": "30"}


async def test_a_person_may_have_a_refusal_tried_again(small: Desiring) -> None:
    charger = await small.add("CP-1")
    charger.refuses = {"Interval"}
    await small.declare("Interval", "60")
    await small.settle()
    charger.refuses = set()
    await small.desired.overview.retry(TENANT, "CP-1", by="olga")
    await small.settle()
    assert charger.settings == {"Interval": "60"}


@pytest.mark.parametrize("lost", ["loses_commands", "loses_answers"])
async def test_a_lost_answer_leads_to_reading_again_and_not_to_guessing(network: Desiring, lost: str) -> None:
    charger = await network.add("CP-1")
    await network.declare("Other", "1")
    await network.settle()
    setattr(charger, lost, 2)
    await network.declare("Interval", "60")
    await network.settle()
    assert await network.standing("CP-1", "Interval") == ("waiting", "unanswered")
    for _ in range(3):
        network.clock.advance(timedelta(minutes=2))
        await network.settle()
    assert charger.settings["Interval"] == "60"
    assert await network.standing("CP-1", "Interval") == ("in_step", "")


async def test_attempts_that_are_not_answered_come_more_and_more_rarely(small: Desiring) -> None:
    charger = await small.add("CP-1")
    charger.loses_commands = 1_000_000
    await small.declare("Interval", "60")
    await small.settle()
    for _ in range(24 * 60):
        small.clock.advance(timedelta(minutes=1))
        await small.desired.reconciler.look_for_due()
        await small.desired.reconciler.settled()
    tried = 1_000_000 - charger.loses_commands
    assert 24 <= tried <= 40, "first after seconds, then about once an hour"


async def test_what_is_accepted_and_not_kept_drifts_and_then_counts_as_refused(network: Desiring) -> None:
    charger = await network.add("CP-1")
    charger.settings = {"Interval": "300"}
    charger.forgets = {"Interval"}
    await network.declare("Interval", "60")
    await network.settle()
    seen = set()
    for _ in range(40):
        network.clock.advance(timedelta(seconds=20))
        await network.settle(rounds=1)
        seen.add(await network.standing("CP-1", "Interval"))
    assert ("drifting", "") in seen
    view = await network.desired.overview.of_station(TENANT, "CP-1")
    assert view.keys[0].standing is Standing.REFUSED
    assert "keeps 300" in view.keys[0].reason
    assert writes(charger) == 3
    await network.database.decide(lambda conn, changes: None, TENANT)
    findings = await network.inventory.list_findings(TENANT)
    assert [(found.code, found.field) for found in findings] == [("accepted-not-kept", "Interval")]


async def test_what_somebody_sets_by_hand_is_seen_and_put_right(network: Desiring) -> None:
    charger = await network.add("CP-1")
    await network.declare("Interval", "60")
    await network.settle()
    by_hand = SetVariables(values=(VariableValue(variable=Variable(name="Interval"), value="5"),))
    await network.commands.give(TENANT, "CP-1", by_hand, by="person:max")
    network.settings.booted(network.id_of("CP-1"))
    await network.settle()
    assert charger.settings == {"Interval": "60"}
    kept = await network.commands.list(TENANT, kind="SetVariables")
    assert [record.asked_by for record in kept.items][:2] == ["desired state", "person:max"]


async def test_a_station_in_session_is_left_alone_until_it_is_idle(network: Desiring) -> None:
    charger = await network.add("CP-1")
    charger.in_session = True
    charger.after_restart = {"Profile"}
    await network.declare("IdlePower", "7")
    await network.declare("Interval", "60")
    await network.declare("Profile", "2", may_restart=True)
    await network.settle()
    assert charger.settings == {"Interval": "60"}, "what hurts nobody is done at once"
    assert await network.standing("CP-1", "IdlePower") == ("waiting", "in_session")
    assert await network.standing("CP-1", "Profile") == ("waiting", "in_session")
    charger.in_session = False
    network.desired.reconciler.want(network.id_of("CP-1"))
    await network.settle()
    assert charger.restarts == 1
    await network.boot("CP-1")
    await network.settle()
    assert charger.settings == {"Interval": "60", "IdlePower": "7", "Profile": "2"}
    assert charger.restarts == 1
    assert charger.disturbed == 0
    assert await network.standing("CP-1", "Profile") == ("in_step", "")


async def test_a_session_that_begins_in_the_very_moment_is_not_disturbed_either(small: Desiring) -> None:
    charger = await small.add("CP-1")
    charger.after_restart = {"Profile"}
    charger.plugs_in_unnoticed = True
    await small.declare("IdlePower", "7")
    await small.declare("Profile", "2", may_restart=True)
    await small.settle()
    assert (charger.disturbed, charger.restarts) == (0, 0)
    assert await small.standing("CP-1", "IdlePower") == ("waiting", "in_session")
    assert await small.standing("CP-1", "Profile") == ("waiting", "in_session")
    charger.in_session = charger.plugs_in_unnoticed = False
    small.desired.reconciler.want(small.id_of("CP-1"))
    await small.settle()
    assert (charger.settings["IdlePower"], charger.restarts) == ("7", 1)


async def test_nothing_is_restarted_without_leave(small: Desiring) -> None:
    charger = await small.add("CP-1")
    charger.after_restart = {"Profile"}
    await small.declare("Profile", "2")
    await small.settle()
    assert charger.restarts == 0
    assert await small.standing("CP-1", "Profile") == ("waiting", "restart_not_allowed")
    await small.declare("Profile", "2", may_restart=True)
    await small.settle()
    assert charger.restarts == 1
    assert any(isinstance(command, Reset) for command in charger.told)


async def test_nothing_is_lost_when_currant_stops_in_the_middle(database: Database) -> None:
    async with desiring(database) as first:
        for number in range(6):
            charger = await first.add(f"CP-{number}")
            charger.loses_commands = 1_000
        await first.declare("Interval", "60")
        await first.settle()
        assert await first.standing("CP-3", "Interval") == ("waiting", "unanswered")
        chargers, clock = first.link.by_id, first.clock
    clock.advance(timedelta(minutes=1))
    async with desiring(database, clock=clock) as second:
        second.link.by_id = chargers
        for charger in chargers.values():
            charger.loses_commands = 0
        for number in range(6):
            await second.connect(f"CP-{number}")
        await second.settle()
        assert all(charger.settings == {"Interval": "60"} for charger in chargers.values())
        counts = await second.desired.overview.counts(TENANT)
        assert [(count.standing, count.stations) for count in counts] == [(Standing.IN_STEP, 6)]


async def test_a_rollout_that_had_just_begun_goes_on_after_a_restart(database: Database) -> None:
    async with desiring(database) as first:
        await first.add("CP-1")
        await first.desired.reconciler.stop()
        declared = await first.declare("Interval", "60")
        assert declared.rollout.state is RolloutState.STARTING
        chargers, clock = first.link.by_id, first.clock
    async with desiring(database, clock=clock) as second:
        second.link.by_id = chargers
        await second.connect("CP-1")
        await second.settle()
        progress = await second.desired.rollouts.get(TENANT, declared.rollout.id)
        assert progress.rollout.state is RolloutState.DONE
        assert second.charger("CP-1").settings == {"Interval": "60"}


async def test_two_nodes_never_work_on_one_station(database: Database) -> None:
    async with desiring(database) as one, desiring(database, clock=one.clock, node="node-2") as two:
        charger = await one.add("CP-1")
        station_id = one.id_of("CP-1")
        await two.directory.reload(identity="CP-1")
        # The old connection has not been noticed to be gone: both nodes hold one.
        two.link.by_id = one.link.by_id
        two.link.connected.add(station_id)
        await one.declare("Interval", "60")
        await one.settle()
        await two.settle()
        two.desired.reconciler.want(station_id)
        one.desired.reconciler.want(station_id)
        await one.settle()
        await two.settle()
        assert charger.settings == {"Interval": "60"}
        assert writes(charger) == 1


async def test_a_paced_rollout_begins_with_canaries_and_stops_when_they_fail(network: Desiring) -> None:
    for number in range(10):
        charger = await network.add(f"CP-{number}")
        charger.refuses = {"Interval"}
    pace = Pace(canary=3, at_once=5, stop_above_percent=50)
    declared = await network.declare("Interval", "60", pace=pace)
    await network.settle()
    told = [charger for charger in network.link.by_id.values() if charger.told]
    assert len(told) == 3
    progress = await network.desired.rollouts.get(TENANT, declared.rollout.id)
    assert progress.rollout.state is RolloutState.STOPPED
    assert "100 %" in progress.rollout.reason
    held = next(
        identity
        for identity in (f"CP-{number}" for number in range(10))
        if not network.charger(identity).told
    )
    assert await network.standing(held, "Interval") in (("waiting", "queued"), ("waiting", "paused"))
    for charger in network.link.by_id.values():
        charger.refuses = set()
    await network.desired.rollouts.resume(TENANT, declared.rollout.id, by="olga")
    await network.settle(rounds=6)
    done = [charger for charger in network.link.by_id.values() if charger.settings]
    assert len(done) == 7, "the three that refused are not asked again by themselves"


async def test_a_refusal_is_remembered_while_its_rollout_stands_still(small: Desiring) -> None:
    charger = await small.add("CP-1")
    charger.refuses = {"Interval"}
    await small.add("CP-2", connected=False)
    declared = await small.declare("Interval", "60", pace=Pace(at_once=1))
    await small.settle()
    assert await small.standing("CP-1", "Interval") == ("refused", "")
    told = len(charger.told)
    await small.desired.rollouts.pause(TENANT, declared.rollout.id, by="olga")
    small.desired.reconciler.want(small.id_of("CP-1"))
    await small.settle()
    assert await small.standing("CP-1", "Interval") == ("refused", "")
    charger.refuses = set()
    await small.desired.rollouts.resume(TENANT, declared.rollout.id, by="olga")
    await small.settle()
    assert len(charger.told) == told


@pytest.mark.parametrize(
    ("pace", "others"),
    [(Pace(canary=1), (0, 0)), (Pace(at_once=1), (0, 1))],
    ids=["canary", "at once"],
)
async def test_a_station_that_does_not_come_back_holds_its_place(
    small: Desiring, pace: Pace, others: tuple[int, int]
) -> None:
    names = [f"CP-{number}" for number in range(3)]
    small.settings.takes_long = {"Image"}
    for name in names:
        await small.add(name, connected=False)
    attended = {name: await small.connect(name) for name in names}

    async def begun() -> list[str]:
        await small.settle()
        page = await small.desired.rollouts.stations(TENANT, declared.rollout.id)
        return [each.station_identity for each in page.items if each.begun_at is not None]

    declared = await small.declare("Image", "2.0", pace=pace)
    (first,) = await begun()
    small.clock.advance(timedelta(seconds=5))
    small.disconnect(first)
    await small.stations.departed(attended[first], at=small.clock.now())
    assert len(await begun()) == 1 + others[0]
    small.clock.advance(timedelta(hours=2))
    assert len(await begun()) == 1 + others[1]


async def test_a_rollout_by_the_minute_takes_its_time(small: Desiring) -> None:
    for number in range(6):
        await small.add(f"CP-{number}")
    await small.declare("Interval", "60", pace=Pace(per_minute=2))

    def served() -> int:
        return sum(bool(charger.settings) for charger in small.link.by_id.values())

    await small.settle()
    assert served() == 2
    small.clock.advance(timedelta(seconds=61))
    await small.settle()
    assert served() == 4


async def test_a_paused_rollout_does_nothing_until_it_is_resumed(small: Desiring) -> None:
    for number in range(4):
        await small.add(f"CP-{number}")
    declared = await small.declare("Interval", "60", pace=Pace(canary=1))
    small.charger("CP-0").loses_commands = 1
    await small.delivery.settled()
    await small.desired.reconciler.look_after_rollouts(all_of_them=True)
    rollout = await small.desired.rollouts.pause(TENANT, declared.rollout.id, by="olga")
    assert rollout.state is RolloutState.PAUSED
    await small.settle()
    before = sum(bool(charger.settings) for charger in small.link.by_id.values())
    assert before <= 1
    await small.desired.rollouts.resume(TENANT, declared.rollout.id, by="olga")
    for _ in range(4):
        small.clock.advance(timedelta(minutes=1))
        await small.settle()
    assert all(charger.settings for charger in small.link.by_id.values())


async def test_a_station_that_comes_to_be_meant_later_takes_its_turn(small: Desiring) -> None:
    await small.add("CP-1")
    declared = await small.declare("Interval", "60", pace=Pace(at_once=1))
    await small.desired.rollouts.get(TENANT, declared.rollout.id)
    small.charger("CP-1").loses_commands = 1_000
    await small.settle()
    later = await small.add("CP-2")
    await small.settle()
    assert later.settings == {}, "the other one is still under way"
    assert await small.standing("CP-2", "Interval") == ("waiting", "queued")


async def test_a_pause_of_an_aspect_holds_everything_of_it(network: Desiring) -> None:
    charger = await network.add("CP-1")
    await network.desired.declarations.pause(TENANT, "settings", by="olga")
    await network.declare("Interval", "60")
    await network.settle()
    assert writes(charger) == 0
    assert await network.standing("CP-1", "Interval") == ("waiting", "paused")
    await network.desired.declarations.resume(TENANT, "settings", by="olga")
    await network.settle()
    assert charger.settings == {"Interval": "60"}


async def test_a_change_is_undone_as_a_whole(network: Desiring) -> None:
    charger = await network.add("CP-1")
    first = await network.declare("Interval", "60")
    await network.settle()
    second = await network.declare("Interval", "30")
    await network.settle()
    assert charger.settings == {"Interval": "30"}
    with pytest.raises(Conflict):
        await network.desired.declarations.undo(TENANT, first.revision.id, by="olga")
    undone = await network.desired.declarations.undo(TENANT, second.revision.id, by="olga", why="too often")
    await network.settle()
    assert charger.settings == {"Interval": "60"}
    assert undone.revision.undoes == second.revision.id
    with pytest.raises(Conflict):
        await network.desired.declarations.undo(TENANT, second.revision.id, by="olga")
    revisions = await network.desired.declarations.revisions(TENANT)
    assert [(each.kind.value, each.undone_by is not None) for each in revisions.items] == [
        ("undone", False),
        ("declared", True),
        ("declared", False),
    ]


async def test_what_is_declared_no_more_is_forgotten_and_left_as_it_is(network: Desiring) -> None:
    charger = await network.add("CP-1")
    declared = await network.declare("Interval", "60")
    await network.settle()
    await network.desired.declarations.remove(TENANT, [declared.declarations[0].id], by="olga")
    await network.settle()
    assert (await network.desired.overview.of_station(TENANT, "CP-1")).keys == ()
    assert await network.desired.overview.counts(TENANT) == ()
    assert charger.settings == {"Interval": "60"}
    with pytest.raises(NotFound):
        await network.desired.declarations.get(TENANT, declared.declarations[0].id)


async def test_a_preview_says_who_would_change_and_changes_nothing(network: Desiring) -> None:
    await network.add("CP-1", vendor="ABB", model="Terra")
    await network.add("CP-2", connected=False)
    await network.declare("Interval", "60")
    await network.settle()
    from currant.stations.desired.model import DeclarationDraft

    draft = DeclarationDraft(
        scope=Scope.MODEL, vendor="ABB", model="Terra", aspect="settings", key="Interval", value="5"
    )
    preview = await network.desired.declarations.preview(TENANT, [draft])
    assert (preview.stations, preview.connected) == (1, 1)
    change = preview.examples[0].changes[0]
    assert change.before is not None
    assert change.after is not None
    assert (change.before.value, change.after.value) == ("60", "5")
    same = DeclarationDraft(scope=Scope.ALL, aspect="settings", key="Interval", value="60")
    assert (await network.desired.declarations.preview(TENANT, [same])).stations == 0
    assert len((await network.desired.declarations.search(TENANT)).items) == 1


async def test_declaring_the_same_again_changes_nothing(small: Desiring) -> None:
    await small.declare("Interval", "60")
    again = await small.declare("Interval", "60")
    assert again.rollout is None
    assert len((await small.desired.declarations.revisions(TENANT)).items) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": Scope.STATION},
        {"scope": Scope.ALL, "station": "CP-1"},
        {"scope": Scope.MODEL, "vendor": "ABB"},
        {"scope": Scope.ALL, "version": "3.0"},
        {"scope": Scope.ALL, "firmware": "1"},
        {"scope": Scope.ALL, "pace": Pace(at_once=0)},
        {"scope": Scope.ALL, "pace": Pace(stop_above_percent=100)},
    ],
)
async def test_a_declaration_for_nobody_in_particular_is_turned_down(small: Desiring, wrong) -> None:
    await small.add("CP-1")
    with pytest.raises(Invalid):
        await small.declare("Interval", "60", **wrong)
    assert (await small.desired.declarations.search(TENANT)).items == ()


async def test_a_node_that_has_not_heard_of_a_change_takes_it_on_all_the_same(
    sqlite_database: Database,
) -> None:
    here = Desiring(sqlite_database)
    await here.add("CP-1", connected=False)
    await here.declare("Interval", "60")
    await here.desired.rollouts.look_after(all_of_them=True)
    elsewhere = Desiring(sqlite_database, node="node-2")
    await elsewhere.stations.start()
    declared = await elsewhere.declare("Interval", "30")
    await here.desired.rollouts.look_after(all_of_them=True)
    progress = await here.desired.rollouts.get(TENANT, declared.rollout.id)
    assert progress.by_standing == {Standing.WAITING: 1}
