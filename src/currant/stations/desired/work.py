"""What is done at one station: look at everything that is desired of it, take one step, and look anew.

Every look begins with what the station reports, so it does not matter what was lost before it: an
answer, a process, or what somebody else set by hand. What is remembered between looks stands in
the database (`AspectState`) and says only what is of no use to try, and when to try again.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import CurrantError, Invalid, StoreUnavailable
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.remote import Reset, ResetKind
from currant.stations.commands import CommandService, kind_of
from currant.stations.desired import checking, store
from currant.stations.desired import standing as rules
from currant.stations.desired.aspect import Aspect, Desired, ReadsAhead, Refusal, Reported, Step
from currant.stations.desired.books import Books
from currant.stations.desired.model import (
    Cause,
    Standing,
)
from currant.stations.desired.resolution import AspectKey
from currant.stations.desired.turn import Loaded, Turn
from currant.stations.desired.writing import EXAMPLE_MAX, Writing
from currant.stations.directory import DirectoryEntry
from currant.stations.link import NOT_IDLE, StationLink
from currant.stations.model import Admission, CommandRecord, CommandStatus

log = logging.getLogger(__name__)

BY = "desired state"
"""Who commands of the reconciler are asked by."""
STEPS_A_TURN = 20
"""After so many steps other stations have their turn."""
CLAIM_S = 180
CHECK_WITHIN_S = 30.0
RESTARTS_WITHIN = timedelta(minutes=10)
SEEN_AFTER_BOOT_S = 20
RESTART = "restart"
IN_SESSION = "It waits until no session is running at the station."


class Busy(Protocol):
    """The port through which sessions are asked for; charging stands behind it."""

    async def has_session(self, tenant_id: TenantId, station_id: StationId) -> bool: ...


class _Chosen(msgspec.Struct, frozen=True):
    """The step to take, the keys that it is about, and its word."""

    aspect: Aspect
    step: Step
    about: Sequence[Desired]
    word: str


class Worker:
    """Serves one station after the other, or many side by side."""

    def __init__(
        self,
        database: Database,
        commands: CommandService,
        link: StationLink,
        busy: Busy,
        books: Books,
        aspects: Mapping[str, Aspect],
        clock: Clock,
        *,
        node: str,
        answer_within_s: float,
        chance: Callable[[], float],
    ) -> None:
        """`chance` is a number from 0 to 1 that spreads retries."""
        self._database = database
        self._commands = commands
        self._link = link
        self._busy = busy
        self._books = books
        self._aspects = sorted(aspects.values(), key=lambda aspect: (aspect.order, aspect.name))
        self._reading_ahead = [aspect for aspect in self._aspects if isinstance(aspect, ReadsAhead)]
        self._known = frozenset(aspects)
        self._clock = clock
        self._node = node
        self._answer_within_s = answer_within_s
        self._chance = chance
        self._writing = Writing(database, clock)

    def _now(self) -> int:
        return micros(self._clock.now())

    async def prepare(self, stations: Sequence[Loaded]) -> list[Turn]:
        """The turns of some stations of one tenant, with everything done that is cheaper done for all at once."""
        if not stations:
            return []
        tenant = await self._books.of(stations[0].entry.tenant_id)
        turns = [Turn(station, tenant, now=self._now) for station in stations]
        for turn in turns:
            turn.resolve()
        telling = [turn for turn in turns if not turn.is_as_left and self._may_be_told(turn)]
        if telling:
            await self._claim(telling)
        try:
            for aspect in self._reading_ahead:
                await self._read_ahead(aspect, turns)
        except BaseException:
            for turn in turns:
                self.end(turn)
            raise
        return turns

    async def _read_ahead(self, aspect: ReadsAhead, turns: Sequence[Turn]) -> None:
        name = aspect.name
        wanted = {turn.entry.station_id: turn.desired[name] for turn in turns if name in turn.desired}
        if not wanted:
            return
        try:
            await aspect.read_ahead(turns[0].tenant_id, wanted)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("Aspect %s could not read ahead for %d stations", name, len(wanted))

    async def serve(self, turn: Turn) -> bool | None:
        """Take a station as far as it can be taken now; whether anything is left that is not in step.

        None when another node works on it.
        """
        try:
            turn.resolve()
            await self._check(turn)
            for _ in range(STEPS_A_TURN):
                turn.resolve()
                chosen = await self._choose(turn)
                if chosen is None:
                    break
                if not turn.claimed:
                    await self._claim([turn])
                    if not turn.claimed:
                        return None
                await self._take(turn, chosen)
        finally:
            try:
                await self._writing.save(turn)
            finally:
                self.end(turn)
        return any(state.standing is not Standing.IN_STEP for state in turn.states.values())

    async def _claim(self, turns: Sequence[Turn]) -> None:
        """Have stations to this node alone for a while; one may be connected twice for a moment."""
        now, tenant_id = self._now(), turns[0].tenant_id
        ids = [turn.entry.station_id for turn in turns]

        def claim(conn: Connection, changes: ChangeSet) -> set[str]:
            elsewhere = store.states.claimed_elsewhere(conn, tenant_id, ids, node=self._node, now=now)
            for station_id in ids:
                if station_id not in elsewhere:
                    until = now + CLAIM_S * rules.SECOND
                    store.states.claim(changes, tenant_id, station_id, node=self._node, until=until)
            return elsewhere

        elsewhere = await self._database.decide(claim, tenant_id)
        for turn in turns:
            turn.claimed = turn.entry.station_id not in elsewhere

    def end(self, turn: Turn) -> None:
        """Let go of what was read ahead for a turn, and of the station."""
        for aspect in self._reading_ahead:
            aspect.let_go(turn.entry.station_id)
        if turn.claimed:
            turn.claimed = False
            row = (True, turn.entry.station_id, turn.tenant_id, self._node)
            self._database.note(store.tables.RELEASE, row)

    async def _choose(self, turn: Turn) -> _Chosen | None:
        """The next step by order of the aspects; on the way every key gets its standing."""
        if not self._link.is_connected(turn.entry.station_id):
            self._hold_open(turn, Cause.OFFLINE, "The station is not connected.")
            return None
        if turn.entry.admission is not Admission.ACCEPTED:
            told = f"The station is {turn.entry.admission.value}: accept it first."
            self._hold_open(turn, Cause.NOT_ACCEPTED, told)
            return None
        for name in turn.desired.keys() - self._known:
            for desired in turn.desired[name]:
                told = f"This Currant knows no aspect {name}."
                turn.set(
                    desired, rules.moved(turn.state(desired), Standing.UNKNOWN, now=self._now(), reason=told)
                )
        restarting: list[tuple[Aspect, Desired]] = []
        for aspect in self._aspects:
            wanted = turn.desired.get(aspect.name)
            if not wanted:
                continue
            try:
                chosen = await self._look_at(aspect, wanted, turn, restarting)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("Aspect %s failed at %s with %s", aspect.name, turn.entry.identity, wanted)
                self._fail(turn, wanted, "Currant could not work this out: see its log.")
                continue
            if chosen is not None:
                return chosen
        return await self._restart(turn, restarting)

    def _may_be_told(self, turn: Turn) -> bool:
        return self._link.is_connected(turn.entry.station_id) and turn.entry.admission is Admission.ACCEPTED

    @staticmethod
    def _hold_open(turn: Turn, cause: Cause, reason: str) -> None:
        for some in turn.desired.values():
            for desired in some:
                state = turn.state(desired)
                if state.standing is Standing.IN_STEP or rules.is_settled(state):
                    turn.set(desired, state)
                else:
                    turn.hold([desired], cause, reason)

    def _fail(self, turn: Turn, some: Sequence[Desired], reason: str) -> None:
        for desired in some:
            state = turn.state(desired)
            if not rules.is_settled(state):
                failed = rules.later(state, Cause.FAILED, reason, now=self._now(), chance=self._chance())
                turn.set(desired, failed)

    async def _look_at(
        self,
        aspect: Aspect,
        wanted: Sequence[Desired],
        turn: Turn,
        restarting: list[tuple[Aspect, Desired]],
    ) -> _Chosen | None:
        """Give every key of an aspect its standing, and find the first step that may be taken now."""
        version = turn.facts.version
        reported = await aspect.reported(turn.entry, version, wanted)
        turn.reported[aspect.name] = rules.digest([(key, reported[key].value) for key in sorted(reported)])
        differing: list[Desired] = []
        for desired in wanted:
            state, known = turn.state(desired), reported.get(desired.key)
            now = self._now()
            if aspect.agrees(desired, known):
                if known is not None and known.restart_pending:
                    restarting.append((aspect, desired))
                else:
                    state = rules.in_step(state, wanted=turn.word_of(desired), now=now)
                turn.set(desired, state)
                continue
            turn.set(desired, state)
            held = turn.held_back(desired)
            if rules.is_settled(state):
                continue  # what it refused while others were held back it has refused when they go on
            if held is not None:
                turn.hold([desired], *held)
            elif not rules.must_rest(state, now=now):
                differing.append(desired)
        while differing:
            steps = await aspect.steps(turn.entry, version, differing, reported)
            if isinstance(steps, Refusal):
                for desired in differing:
                    refused = rules.refused(
                        turn.state(desired), steps, now=self._now(), chance=self._chance()
                    )
                    turn.set(desired, refused)
                return None
            if not steps:
                for desired in differing:
                    state = rules.working(turn.state(desired), now=self._now())
                    patient = self._now() + rules.PATIENCE // timedelta(microseconds=1)
                    turn.set(desired, msgspec.structs.replace(state, next_at=patient))
                return None
            step = steps[0]
            about = [desired for desired in differing if desired.key in step.keys] or differing
            left_out = await self._not_now(turn, step, about) or self._not_again(turn, step, about, reported)
            if not left_out:
                return _Chosen(aspect, step, about, word_of(step.command))
            differing = [desired for desired in differing if desired.key not in left_out]
        return None

    async def _not_now(self, turn: Turn, step: Step, about: Sequence[Desired]) -> set[str]:
        """Keys of a step that must wait for the station to be idle, or for leave to restart it."""
        if step.restarts:
            forbidden = [desired for desired in about if not desired.may_restart]
            if forbidden:
                told = "It takes a restart, and its declaration does not allow one."
                turn.hold(forbidden, Cause.RESTART_NOT_ALLOWED, told)
                return {desired.key for desired in forbidden}
        if (step.needs_idle or step.restarts) and await self._busy.has_session(
            turn.tenant_id, turn.entry.station_id
        ):
            turn.hold(about, Cause.IN_SESSION, IN_SESSION)
            return {desired.key for desired in about}
        return set()

    def _not_again(
        self, turn: Turn, step: Step, about: Sequence[Desired], reported: Mapping[str, Reported]
    ) -> set[str]:
        """Keys of a step that was accepted before in vain, and is not given again now or ever."""
        word, left_out = word_of(step.command), set[str]()
        for desired in about:
            known = reported.get(desired.key)
            found = rules.repeated(
                turn.state(desired),
                word,
                reported="" if known is None else str(known.value)[:EXAMPLE_MAX],
                now=self._now(),
                chance=self._chance(),
            )
            if found is None:
                continue
            turn.set(desired, found.state)
            if found.finding:
                # C15 of the known quirks: accepted, and not taken.
                turn.findings.append((kind_of(step.command), desired.key, found.state.reason))
            if not found.again:
                left_out.add(desired.key)
        return left_out

    async def _restart(self, turn: Turn, pending: Sequence[tuple[Aspect, Desired]]) -> _Chosen | None:
        """Restart a station for what it has taken and will obey only then: when it is idle, and where it may be."""
        about: list[tuple[Aspect, Desired]] = []
        for aspect, desired in pending:
            held = turn.held_back(desired)
            if held is not None:
                turn.hold([desired], *held)
            elif not desired.may_restart:
                told = "The station has taken it and obeys it from its next restart, which is not allowed."
                turn.hold([desired], Cause.RESTART_NOT_ALLOWED, told)
            elif not rules.is_settled(turn.state(desired)) and not rules.must_rest(
                turn.state(desired), now=self._now()
            ):
                about.append((aspect, desired))
        if not about:
            return None
        wanted = [desired for _, desired in about]
        step = Step(
            command=Reset(kind=ResetKind.ON_IDLE),
            keys=tuple(desired.key for desired in wanted),
            needs_idle=True,
            restarts=True,
        )
        if await self._not_now(turn, step, wanted):
            return None
        left_out: set[AspectKey] = set()
        for desired in wanted:
            found = rules.repeated(
                turn.state(desired),
                RESTART,
                reported="its old value until it restarts",
                now=self._now(),
                chance=self._chance(),
                within=RESTARTS_WITHIN,
            )
            if found is not None:
                state = found.state
                if turn.facts.booted_at > state.given_at and not found.again:
                    # It has restarted; what it took is about to be seen.
                    soon = self._now() + SEEN_AFTER_BOOT_S * rules.SECOND
                    state = msgspec.structs.replace(state, next_at=soon)
                turn.set(desired, state)
                if not found.again:
                    left_out.add((desired.aspect, desired.key))
        wanted = [desired for desired in wanted if (desired.aspect, desired.key) not in left_out]
        return _Chosen(_NoAspect(), step, wanted, RESTART) if wanted else None

    async def _take(self, turn: Turn, chosen: _Chosen) -> None:
        """Give a command and take note of what came of it."""
        step, command = chosen.step, chosen.step.command
        # Asked again: a driver may have begun while this node laid claim to the station.
        if await self._not_now(turn, step, chosen.about):
            return
        for desired in chosen.about:
            turn.set(desired, rules.working(turn.state(desired), now=self._now()))
        # In the same batch as the command's own record: it costs no commit of its own.
        marked = self._writing.write(turn, before_step=True)
        try:
            record = await self._commands.give(
                turn.tenant_id,
                turn.entry.station_id,
                command,
                by=BY,
                deadline_s=min(step.deadline_s, self._answer_within_s),
                recorded_after=chosen.word.startswith(rules.READS),
                only_if_idle=step.needs_idle or step.restarts,
            )
        except StoreUnavailable:
            raise
        except CurrantError as error:
            refusal = Refusal(reason=error.message, final=isinstance(error, Invalid))
            for desired in chosen.about:
                refused = rules.refused(turn.state(desired), refusal, now=self._now(), chance=self._chance())
                turn.set(desired, refused)
            return
        finally:
            if marked is not None:
                await marked
        if record.status is NOT_IDLE.status and record.reason == NOT_IDLE.reason:
            # One began in the moment before it was sent.
            turn.hold(chosen.about, Cause.IN_SESSION, IN_SESSION)
            return
        says = await chosen.aspect.took(turn.entry, step, record)
        for desired in chosen.about:
            turn.commands[desired.aspect] = record.id
            told = rules.answered(
                turn.state(desired),
                record.status,
                record.reason,
                step=chosen.word,
                says=says.get(desired.key),
                heard=desired.key in says,
                now=self._now(),
                chance=self._chance(),
            )
            turn.set(desired, told)
        await self._read_back(turn, chosen, record)

    async def _read_back(self, turn: Turn, chosen: _Chosen, record: CommandRecord) -> None:
        command = checking.read_back(chosen.step, record) if chosen.aspect.name == checking.ASPECT else None
        if command is not None:
            await self._commands.give(
                turn.tenant_id,
                turn.entry.station_id,
                command,
                by=BY,
                deadline_s=min(CHECK_WITHIN_S, self._answer_within_s),
                recorded_after=True,
            )

    async def _check(self, turn: Turn) -> None:
        """Ask a station that has booted for what it was made to have: it may have forgotten."""
        wanted, state = turn.desired.get(checking.ASPECT), turn.states.get(checking.ASPECT)
        if not wanted or state is None or checking.ASPECT not in self._known:
            return
        since = max(turn.facts.booted_at, self._now() - checking.CHECKED_FOR_S * rules.SECOND)
        if state.checked_at >= since or not self._may_be_told(turn):
            return
        if not any(each.standing is Standing.IN_STEP for each in state.keys.values()):
            return
        command = checking.after_boot(wanted)
        if command is not None:
            record = await self._commands.give(
                turn.tenant_id,
                turn.entry.station_id,
                command,
                by=BY,
                deadline_s=min(CHECK_WITHIN_S, self._answer_within_s),
                recorded_after=True,
            )
            if record.status in (CommandStatus.UNANSWERED, CommandStatus.OFFLINE):
                return
        turn.checked[checking.ASPECT] = self._now()


def word_of(command: AnyCommand) -> str:
    """A short word for a command; those that only ask, and change nothing, begin alike."""
    reads = rules.READS if kind_of(command).startswith("Get") else ""
    return reads + rules.digest(command)


class _NoAspect:
    """What a restart is a step of: no aspect's own, and so nothing to tell one."""

    name = ""
    order = 0

    def check(self, key: str, value: object) -> object:
        return value

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        return {}

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        return True

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        return ()

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        return {}
