"""What stations say of their variables is learned here, and asked for across the network.

Whoever hears a value (a report's part, the answer to a question, an event) hands it over with `learn` and
goes on: the values of a station are gathered, compared with what is known, and what is new is written in
one change set. Ten thousand stations that say what they said yesterday write nothing.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit import crypto
from currant.kit.clock import Clock, instant, micros
from currant.kit.errors import CurrantError, StoreUnavailable
from currant.kit.ids import StationId, TenantId
from currant.stations import paging
from currant.stations.commanding.variables import Traits, Variable, VariableValue
from currant.stations.device import mapping16, naming, store
from currant.stations.device.asking import ATTRIBUTE_NUMBERS, FleetQuestions
from currant.stations.device.holding import Held, Holding
from currant.stations.device.learning import Differences, Learned, Place, Row, differences
from currant.stations.device.limits import LIMITING, Limits, limits_from
from currant.stations.device.model import (
    HOWS,
    Extent,
    How,
    KnownVariable,
    ModelState,
)
from currant.stations.device.store.models import SOME, KnownRow
from currant.stations.model import Page

log = logging.getLogger(__name__)

WAITING_MAX = 500_000
"""Values that wait to be kept; what comes beyond them is not kept, and read again another time."""
AT_ONCE = 4
REMEMBERED_MAX = 200_000
"""Numbers of names, kinds and stations held in memory; beyond it all are forgotten and looked up again."""
VALUE_MAX = 2_500
"""What OCPP lets a value have; longer ones are cut."""
ROOM = 5_000
"""Values kept of one station."""
PROBLEM_MAX = 500

_Spelling = tuple[str, str, str, str | None, str | None]


class Whose(Protocol):
    """A station: its directory entry, what its connection holds, a command given to it."""

    @property
    def tenant_id(self) -> TenantId: ...

    @property
    def station_id(self) -> StationId: ...


class _Told(msgspec.Struct, frozen=True, gc=False):
    value: VariableValue
    how: How
    at: int


class _Name(NamedTuple):
    """What is remembered of a name, so that nothing is worked out for every value."""

    number: int
    secret: bool


class _Batch:
    """What a station told and is not kept yet."""

    __slots__ = ("extent", "kept", "problem", "station_id", "tenant_id", "told")

    def __init__(self, tenant_id: TenantId, station_id: StationId) -> None:
        self.tenant_id = tenant_id
        self.station_id = station_id
        self.told: list[_Told] = []
        self.extent = Extent.PART
        self.problem = ""
        self.kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class DeviceModel(FleetQuestions):
    """The variables of all stations. Everything a node hears goes through the one that it has."""

    def __init__(self, database: Database, clock: Clock, *, key: bytes) -> None:
        """`key` is the installation's own: what nobody shall read is kept as a digest made with it."""
        super().__init__(database)
        self._clock = clock
        self._key = key
        self._waiting: dict[StationId, _Batch] = {}
        self._count = 0
        self._under_way: dict[StationId, asyncio.Task[None]] = {}
        self._stations: dict[StationId, int] = {}
        self._names: dict[_Spelling, _Name] = {}
        self._traits: dict[tuple[TenantId, Traits], int] = {}
        self._limits: dict[StationId, Limits] = {}
        # The numbers of the variables that tell limits.
        self._limiting: set[int] = set()
        self._holding = Holding(
            database,
            numbers=self._stations,
            limits=self._limits,
            is_telling=self._under_way.__contains__,
        )

    # Learning

    def learn(
        self,
        station: Whose,
        values: Sequence[VariableValue],
        how: How,
        *,
        extent: Extent = Extent.PART,
        problem: str = "",
        at: datetime | None = None,
    ) -> "asyncio.Future[None]":
        """Keep what a station told or took; resolves once it is durable, for whoever wants to wait for that.

        Their `status` says what became of each: Accepted (or nothing), RebootRequired, a refusal.
        `extent` says whether this was a reading of the whole model, and `problem` why something is
        missing from it. Names are those of 2.x; a plain key of 1.6 is understood too.
        """
        if self._count + len(values) > WAITING_MAX:
            log.warning(
                "%d values of station %s are not kept: too many wait.", len(values), station.station_id
            )
            return _refused()
        batch = self._waiting.get(station.station_id)
        if batch is None:
            batch = self._waiting[station.station_id] = _Batch(station.tenant_id, station.station_id)
            # Most callers do not wait, and what goes wrong is logged where it does.
            batch.kept.add_done_callback(_looked_at)
        moment = micros(at or self._clock.now())
        batch.told += [_Told(value, how, moment) for value in values]
        if extent is not Extent.PART:
            batch.extent, batch.problem = extent, problem[:PROBLEM_MAX]
        self._count += len(values)
        self._go_on()
        return batch.kept

    async def caught_up(self, station_id: StationId) -> None:
        """Wait until what a station told so far is kept, or could not be."""
        while True:
            batch, task = self._waiting.get(station_id), self._under_way.get(station_id)
            kept = task if batch is None else batch.kept
            if kept is None:
                return
            await asyncio.wait([kept])

    async def settled(self) -> None:
        """Wait until everything that was told is kept."""
        while self._waiting or self._under_way:
            waiting: list[asyncio.Future[None]] = [batch.kept for batch in self._waiting.values()]
            await asyncio.wait(waiting or list(self._under_way.values()))

    async def stop(self) -> None:
        """Keep what waits."""
        await self.settled()

    def _go_on(self) -> None:
        """Begin to keep what waits, a few stations at a time and each one in its order."""
        for station_id in list(self._waiting)[: 2 * AT_ONCE]:
            if len(self._under_way) >= AT_ONCE:
                return
            if station_id in self._under_way:
                continue
            batch = self._waiting.pop(station_id)
            task = asyncio.get_running_loop().create_task(self._keep(batch))
            self._under_way[station_id] = task

    async def _keep(self, batch: _Batch) -> None:
        try:
            await self._write(batch)
        except CurrantError as error:
            log.warning("What station %s told could not be kept: %s", batch.station_id, error)
            batch.kept.set_exception(error)
        except Exception as error:
            log.exception("What station %s told could not be kept", batch.station_id)
            batch.kept.set_exception(error)
        else:
            batch.kept.set_result(None)
        finally:
            self._count -= len(batch.told)
            del self._under_way[batch.station_id]
            self._go_on()

    async def _write(self, batch: _Batch) -> None:
        tenant_id, station_id = batch.tenant_id, batch.station_id
        station = await self._numbered(batch)
        learned = [each for told in batch.told if (each := self._learned(tenant_id, told)) is not None]
        read, whole = batch.extent is not Extent.PART, batch.extent is Extent.WHOLE
        few = None if read else sorted({each.place.variable for each in learned})
        if few is not None and len(few) > SOME:
            few = None
        held = None if read else self._held(batch)
        identity = None
        if held is not None:
            known: Mapping[Place, Row] = {place: each.row for place, each in held.rows.items()}
        else:
            known, identity = await self._database.read(
                lambda conn: (
                    store.models.rows_of(conn, tenant_id, station, few),
                    store.models.identity_of(conn, tenant_id, station_id) if read else None,
                )
            )
        found = differences(known, learned, whole=whole, room=ROOM)
        changes = ChangeSet(tenant_id)
        self._gather(changes, station, found)
        if identity is not None:
            now = micros(self._clock.now())
            changes.write(store.tables.MODEL_READ, (*identity, now, whole, 0, None, batch.problem, station))
        if any(
            row.pending is not None and (place not in known or known[place].pending is None)
            for place, row in found.written.items()
        ):
            changes.write(store.tables.MODEL_PENDING, (micros(self._clock.now()), station))
        if changes:
            try:
                await self._database.commit(changes)
            except CurrantError:
                self._holding.forget(station_id)
                raise
            self._hold_written(batch, found)
        if any(place[0] in self._limiting for place in (*found.written, *found.removed)):
            self._limits.pop(station_id, None)

    def _held(self, batch: _Batch) -> Held | None:
        """What is held of the station, if that is all there is to know of what it told."""
        return self._holding.of(
            batch.station_id, (naming.folded(mapping16.in_model(told.value.variable)) for told in batch.told)
        )

    def _hold_written(self, batch: _Batch, found: Differences) -> None:
        if not self._holding.holds(batch.station_id):
            return
        if batch.extent is not Extent.PART:
            self._holding.forget(batch.station_id)
            return
        names: dict[int, tuple[str, Variable]] = {}
        traits: dict[int, Traits] = {}
        for told in batch.told:
            variable = mapping16.in_model(told.value.variable)
            name = self._names.get(_spelled(batch.tenant_id, told.value.variable))
            if name is not None:
                names[name.number] = (naming.folded(variable), naming.bare(variable))
            kind = told.value.traits
            if kind is not None and (number := self._traits.get((batch.tenant_id, kind))):
                traits[number] = kind
        self._holding.wrote(batch.station_id, found.written, found.removed, names, traits)

    @staticmethod
    def _gather(changes: ChangeSet, station: int, found: Differences) -> None:
        for place in found.removed:
            changes.write(store.tables.DELETE_VALUE, (station, *place))
        for place, row in found.written.items():
            changes.write(store.tables.SAVE_VALUE, store.models.value_row(station, place, row))

    async def _numbered(self, batch: _Batch) -> int:
        """The station's number; gives numbers to it and to names and kinds that have none."""
        tenant_id, station_id = batch.tenant_id, batch.station_id
        if len(self._names) + len(self._traits) + len(self._stations) > REMEMBERED_MAX:
            self._names.clear()
            self._traits.clear()
            self._stations.clear()
        names: dict[str, Variable] = {}
        spelled: dict[_Spelling, str] = {}
        traits: dict[str, str] = {}
        bodies: dict[tuple[TenantId, Traits], str] = {}
        for told in batch.told:
            key = _spelled(tenant_id, told.value.variable)
            if key not in self._names and key not in spelled:
                variable = mapping16.in_model(told.value.variable)
                spelled[key] = naming.folded(variable)
                names[spelled[key]] = variable
            known_kind = told.value.traits
            if known_kind is None:
                continue
            kind = (tenant_id, known_kind)
            if kind not in self._traits and kind not in bodies:
                body = msgspec.json.encode(known_kind)
                bodies[kind] = crypto.digest(body, key=b"").hex()
                traits[bodies[kind]] = body.decode()
        known = self._stations.get(station_id)
        if known is not None and not names and not traits:
            return known
        numbers = await self._database.decide(
            lambda conn, _: store.models.number(conn, tenant_id, station_id, names, traits), tenant_id
        )
        self._stations[station_id] = numbers.station
        for key, folded in spelled.items():
            if folded in numbers.names:
                self._names[key] = _Name(numbers.names[folded], is_secret(names[folded]))
                if folded in LIMITING:
                    self._limiting.add(numbers.names[folded])
        for kind, digest in bodies.items():
            if digest in numbers.traits:
                self._traits[kind] = numbers.traits[digest]
        return numbers.station

    def _learned(self, tenant_id: TenantId, told: _Told) -> Learned | None:
        """One value with its numbers; None for a name beyond those that are kept."""
        said = told.value
        variable, value, traits = said.variable, said.value, said.traits
        name = self._names.get(_spelled(tenant_id, variable))
        attribute = ATTRIBUTE_NUMBERS.get(variable.attribute)
        if name is None or attribute is None:
            return None
        evse, connector = variable.evse or 0, variable.connector or 0
        if not variable.component:
            evse = mapping16.in_model(variable).evse or 0
        hidden = bool(value) and (name.secret or (traits is not None and traits.mutability == "WriteOnly"))
        return Learned(
            Place(name.number, evse, connector if evse else 0, attribute),
            None if hidden or value is None else value[:VALUE_MAX],
            said.status,
            0 if traits is None else self._traits.get((tenant_id, traits), 0),
            told.how,
            told.at,
            self.digest(value) if value and (hidden or told.how is How.SET) else None,
            hidden,
        )

    def digest(self, value: str) -> str:
        """What is kept in place of a value that nobody shall read."""
        return crypto.digest(value.encode(), key=self._key).hex()

    async def not_read(self, station: Whose, *, attempts: int, next_at: datetime, problem: str) -> None:
        """Take note that a station's model could not be read, and when to try again."""
        tenant_id, station_id = station.tenant_id, station.station_id
        number = await self._database.decide(
            lambda conn, _: store.models.number(conn, tenant_id, station_id, {}, {}).station, tenant_id
        )
        self._stations[station_id] = number
        changes = ChangeSet(tenant_id)
        changes.write(store.tables.MODEL_NOT_READ, (attempts, micros(next_at), problem[:PROBLEM_MAX], number))
        await self._database.commit(changes)

    # Asking

    async def limits_of(self, station: Whose) -> Limits:
        """How much the station takes in one message, as far as it has said: a moment ago counts too."""
        await self.caught_up(station.station_id)
        known = self._limits.get(station.station_id)
        if known is not None:
            return known
        tenant_id, station_id = station.tenant_id, station.station_id
        rows = await self._database.read(
            lambda conn: store.models.variables_of(
                conn, tenant_id, station_id, folded=sorted(LIMITING), limit=100
            )
        )
        if len(self._limits) >= REMEMBERED_MAX:
            self._limits.clear()
        limits = self._limits[station_id] = limits_from({row.folded: row.row.value for row in rows})
        return limits

    async def hold(self, tenant_id: TenantId, wanted: Mapping[StationId, Sequence[Variable]]) -> None:
        """Read what stations that are about to be worked on have of some variables, for all of them at once.

        `known` and `limits_of` are then answered from memory, until `let_go`. At most some hundred stations.
        """
        await self._holding.read(tenant_id, wanted)

    def let_go(self, station_id: StationId) -> None:
        """The work at a station is done."""
        self._holding.forget(station_id)

    async def state(self, tenant_id: TenantId, station_id: StationId) -> ModelState:
        """How far the station's model is known."""
        found = await self._database.read(lambda conn: store.models.state_of(conn, tenant_id, station_id))
        if found is None:
            return ModelState(station_id=station_id)
        row, count = found
        return ModelState(
            station_id=station_id,
            variables=count,
            read_at=_at(row.read_at),
            complete=row.complete,
            vendor=row.vendor,
            model=row.model,
            firmware_version=row.firmware_version,
            attempts=row.attempts,
            next_attempt_at=_at(row.next_at),
            problem=row.problem,
            restart_pending_since=_at(row.pending_since),
        )

    async def variables(
        self,
        tenant_id: TenantId,
        station_id: StationId,
        *,
        component: str | None = None,
        name: str | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[KnownVariable]:
        """A station's variables by name; `text` is looked for in their names. A key of 1.6 is a name too."""
        limit = paging.bounded(limit)
        after: Any = None if cursor is None else paging.decode(cursor, str, int, int, int)
        if component is None and name is not None and mapping16.is_mapped(name):
            variable = mapping16.variable_of(name)
            component, name = variable.component, variable.name
        rows = await self._database.read(
            lambda conn: store.models.variables_of(
                conn,
                tenant_id,
                station_id,
                component=component,
                name=name,
                text_in_name=text,
                after=after,
                limit=limit + 1,
            )
        )
        page = paging.page(rows, limit, lambda row: paging.encode(row.folded, *row.place[1:]))
        return Page(items=tuple(map(known_variable, page.items)), next_cursor=page.next_cursor)

    async def known(
        self, tenant_id: TenantId, station_id: StationId, variables: Sequence[Variable]
    ) -> Mapping[str, KnownVariable]:
        """What the station has of these (a few hundred at most), by their names in one line and in lower case."""
        wanted = {naming.text_of(variable).lower(): naming.folded(variable) for variable in variables}
        folded = set(wanted.values())
        held = self._holding.of(station_id, folded)
        if held is not None:
            rows = [each for each in held.rows.values() if each.folded in folded]
        else:
            rows = await self._database.read(
                lambda conn: store.models.variables_of(
                    conn, tenant_id, station_id, folded=sorted(folded), limit=ROOM
                )
            )
        found = {variable.key.lower(): variable for variable in map(known_variable, rows)}
        return {key: found[key] for key in wanted if key in found}

    async def value(self, tenant_id: TenantId, station_id: StationId, key: str) -> str | None:
        """A variable's value by its name in one line, or by a key of 1.6; None when it is not known."""
        variable = mapping16.in_model(naming.read(key))
        found = await self.known(tenant_id, station_id, [variable])
        return next((known.value for known in found.values()), None)


def known_variable(found: KnownRow) -> KnownVariable:
    row, place = found.row, found.place
    variable = naming.placed(
        found.variable,
        evse=place.evse,
        connector=place.connector,
        attribute=naming.ATTRIBUTES[place.attribute],
    )
    return KnownVariable(
        key=naming.text_of(variable),
        variable=variable,
        value=row.value,
        known_since=instant(row.known_at),
        how=HOWS[row.how],
        pending=row.pending,
        digest=row.digest,
        traits=found.traits,
        ocpp16_key=mapping16.key_of(variable),
    )


_SECRETS = frozenset({"securityctrlr.basicauthpassword", "ocpp16.authorizationkey"})
_SECRET_WORDS = ("password", "passphrase", "secret", "privatekey", "psk", "apikey")


def is_secret(variable: Variable) -> bool:
    """Whether a variable's value is kept as a digest alone, whatever the station says of it."""
    name = variable.name.lower()
    return naming.folded(variable) in _SECRETS or any(word in name for word in _SECRET_WORDS)


def _spelled(tenant_id: TenantId, variable: Variable) -> _Spelling:
    """A name as a station spells it, so that the usual ones need no folding."""
    return (
        tenant_id,
        variable.component,
        variable.name,
        variable.component_instance,
        variable.instance,
    )


def _at(moment: int | None) -> datetime | None:
    return None if moment is None else instant(moment)


def _refused() -> "asyncio.Future[None]":
    refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    refused.add_done_callback(_looked_at)
    refused.set_exception(StoreUnavailable("Too many values wait to be kept: read them again later."))
    return refused


def _looked_at(future: "asyncio.Future[None]") -> None:
    if not future.cancelled():
        future.exception()
