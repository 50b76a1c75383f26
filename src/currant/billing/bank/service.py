"""The verbs of bank statements: take them in, book what is certain, and leave the rest to a person."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.billing.bank import store
from currant.billing.bank.matching import match, overdue
from currant.billing.bank.model import (
    BankLine,
    Certainty,
    Expected,
    ExpectedKind,
    LineState,
    Match,
    Statement,
)
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.event import Event
from currant.kit.ids import TenantId, new_id
from currant.stations import paging
from currant.stations.model import Page

T = TypeVar("T")

LINES_AT_ONCE = 500
TRIES = 5
OPEN_MAX = 5_000
EXPECTED_MAX = 20_000
NOTE_MAX = 500
LATE_AFTER = timedelta(days=5)
OVERDUE_SHOWN = 200


class BankLineSettled(Event, frozen=True, kw_only=True):
    """A line of a bank statement is known, set aside, or open again."""

    line_id: str
    state: LineState
    what: str = ""
    about: str = ""
    by: str = ""


class Expecting(Protocol):
    """Whoever expects money: payments its payouts, documents their payment."""

    async def open(self, tenant_id: TenantId, *, limit: int) -> Sequence[Expected]:
        """What has not come yet."""
        ...

    def settle(
        self, connection: Connection, changes: ChangeSet, tenant_id: TenantId, id_: str, line: BankLine
    ) -> None:
        """Book that it came with this line, once. Raises Conflict when it has come already, NotFound."""
        ...


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file."""

    statements: int = 0
    lines: int = 0
    known: int = 0
    """Lines that were there already."""
    settled: int = 0
    proposed: int = 0
    gaps: tuple[str, ...] = ()
    """Accounts whose statement does not go on where the last one ended: one is missing between."""


class WorkList(msgspec.Struct, frozen=True, kw_only=True):
    """What needs a person: lines that nobody knows, and money that should have come."""

    open_lines: int
    overdue: tuple[Expected, ...]


class BankService:
    """Bank statements of an organisation, against what it expects."""

    def __init__(self, database: Database, clock: Clock, expecting: Mapping[ExpectedKind, Expecting]) -> None:
        self._database = database
        self._clock = clock
        self._expecting = expecting

    async def take_in(self, tenant_id: TenantId, found: Sequence[Statement], *, by: str) -> Imported:
        """Keep statements and book what is certain. The same file again changes nothing."""
        total = Imported()
        for statement in found:
            total = await self._keep(tenant_id, statement, total, by=by)
        settled, proposed = await self.look_again(tenant_id)
        return replace(total, settled=settled, proposed=proposed)

    async def _keep(self, tenant_id: TenantId, statement: Statement, total: Imported, *, by: str) -> Imported:
        known = new = 0
        for start in range(0, len(statement.lines), LINES_AT_ONCE):
            part = statement.lines[start : start + LINES_AT_ONCE]

            def keep(connection: Connection, changes: ChangeSet, part: Sequence = part) -> int:  # type: ignore[type-arg]
                there = store.known_keys(connection, tenant_id, [line.key for line in part])
                fresh = [line for line in part if line.key not in there]
                for line in fresh:
                    store.save(
                        changes,
                        BankLine(
                            id=new_id(),
                            tenant_id=tenant_id,
                            account=statement.account,
                            statement=statement.name,
                            line=line,
                            imported_at=self._clock.now(),
                        ),
                    )
                return len(fresh)

            fresh = await self._at_last(keep, tenant_id)
            new, known = new + fresh, known + len(part) - fresh

        def finish(connection: Connection, changes: ChangeSet) -> bool:
            if store.has_statement(connection, tenant_id, statement.account, statement.name):
                return False
            before = store.last_closing(connection, tenant_id, statement.account)
            store.add_statement(changes, new_id(), tenant_id, statement, at=self._clock.now(), by=by)
            return before is not None and statement.opening is not None and before != statement.opening

        gap = await self._at_last(finish, tenant_id)
        return replace(
            total,
            statements=total.statements + 1,
            lines=total.lines + new,
            known=total.known + known,
            gaps=(*total.gaps, statement.account) if gap else total.gaps,
        )

    async def _at_last(self, function: Callable[[Connection, ChangeSet], T], tenant_id: TenantId) -> T:
        """Decide; when somebody kept the same lines in the same moment, look again."""
        for _ in range(TRIES):
            try:
                return await self._database.decide(function, tenant_id)
            except Conflict:
                continue
        return await self._database.decide(function, tenant_id)

    async def look_again(self, tenant_id: TenantId) -> tuple[int, int]:
        """Match open lines with what is expected now: how many were settled, and how many have proposals."""
        expected = await self._expected(tenant_id)
        open_lines = await self._database.read(
            lambda conn: store.search(conn, tenant_id, state=LineState.OPEN, limit=OPEN_MAX)
        )
        by_key = {kept.line.key: kept for kept in open_lines}
        settled = proposed = 0
        for key, matches in match([kept.line for kept in reversed(open_lines)], expected).items():
            kept = by_key[key]
            if matches[0].certainty is Certainty.CERTAIN:
                try:
                    await self._settle(tenant_id, kept.id, matches[0].kind, matches[0].id, by="")
                except (Conflict, NotFound):
                    continue  # Somebody was faster.
                settled += 1
                continue
            proposed += 1
            if matches != kept.proposed:
                await self._propose(tenant_id, kept.id, matches)
        return settled, proposed

    async def _expected(self, tenant_id: TenantId) -> list[Expected]:
        found: list[Expected] = []
        for source in self._expecting.values():
            found += await source.open(tenant_id, limit=EXPECTED_MAX)
        return found

    async def _propose(self, tenant_id: TenantId, line_id: str, matches: tuple[Match, ...]) -> None:
        def propose(connection: Connection, changes: ChangeSet) -> None:
            kept = store.one(connection, tenant_id, line_id)
            if kept is not None and kept.state is LineState.OPEN:
                store.save(changes, replace(kept, proposed=matches))

        await self._database.decide(propose, tenant_id)

    async def settle(
        self, tenant_id: TenantId, line_id: str, kind: ExpectedKind, id_: str, *, by: str
    ) -> BankLine:
        """A person says what a line is for, and it is booked. Raises NotFound, Conflict."""
        return await self._settle(tenant_id, line_id, kind, id_, by=by)

    async def _settle(
        self, tenant_id: TenantId, line_id: str, kind: ExpectedKind, id_: str, *, by: str
    ) -> BankLine:
        source = self._expecting.get(kind)
        if source is None:
            raise Invalid(f"Nothing here expects {kind}.", field="kind")

        def settle(connection: Connection, changes: ChangeSet) -> BankLine:
            kept = _open(connection, tenant_id, line_id)
            source.settle(connection, changes, tenant_id, id_, kept)
            settled = replace(
                kept, state=LineState.MATCHED, matched_kind=kind, matched_id=id_, proposed=(), by=by
            )
            store.save(changes, settled)
            changes.emit(self._told(settled))
            return settled

        return await self._database.decide(settle, tenant_id)

    async def set_aside(self, tenant_id: TenantId, line_id: str, note: str, *, by: str) -> BankLine:
        """A line is none of ours, for a reason that is kept. Raises NotFound, Conflict, Invalid."""
        if not note.strip() or len(note) > NOTE_MAX:
            raise Invalid(f"Say in 1 to {NOTE_MAX} characters why it is set aside.", field="note")

        def aside(connection: Connection, changes: ChangeSet) -> BankLine:
            kept = replace(
                _open(connection, tenant_id, line_id), state=LineState.SET_ASIDE, note=note.strip(), by=by
            )
            store.save(changes, kept)
            changes.emit(self._told(kept))
            return kept

        return await self._database.decide(aside, tenant_id)

    async def reopen(self, tenant_id: TenantId, line_id: str, *, by: str) -> BankLine:
        """Look again at a line that was set aside. Raises NotFound; Conflict for one that is booked."""

        def reopen(connection: Connection, changes: ChangeSet) -> BankLine:
            kept = _line(connection, tenant_id, line_id)
            if kept.state is not LineState.SET_ASIDE:
                raise Conflict(f"This line is {kept.state}: only what was set aside can be opened again.")
            kept = replace(kept, state=LineState.OPEN, by=by)
            store.save(changes, kept)
            changes.emit(self._told(kept))
            return kept

        return await self._database.decide(reopen, tenant_id)

    async def lines(
        self,
        tenant_id: TenantId,
        *,
        state: LineState | None = None,
        since: date | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[BankLine]:
        """Lines, those imported last first, in pages."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        found = await self._database.read(
            lambda conn: store.search(
                conn, tenant_id, state=state, since=since, before=before, limit=limit + 1
            )
        )
        return paging.page(found, limit, lambda kept: paging.encode(kept.id))

    async def work_list(self, tenant_id: TenantId) -> WorkList:
        """What needs a person."""
        expected = await self._expected(tenant_id)
        late = overdue(expected, self._clock.now().date(), grace=LATE_AFTER)
        return WorkList(
            open_lines=await self._database.read(lambda conn: store.count_open(conn, tenant_id)),
            overdue=late[:OVERDUE_SHOWN],
        )

    def _told(self, kept: BankLine) -> BankLineSettled:
        at: datetime = self._clock.now()
        return BankLineSettled(
            tenant_id=kept.tenant_id,
            happened_at=at,
            line_id=kept.id,
            state=kept.state,
            what=kept.matched_kind or "",
            about=kept.matched_id,
            by=kept.by,
        )


def _line(connection: Connection, tenant_id: TenantId, line_id: str) -> BankLine:
    kept = store.one(connection, tenant_id, line_id)
    if kept is None:
        raise NotFound("There is no such line.", field="line_id")
    return kept


def _open(connection: Connection, tenant_id: TenantId, line_id: str) -> BankLine:
    kept = _line(connection, tenant_id, line_id)
    if kept.state is not LineState.OPEN:
        raise Conflict(f"This line is {kept.state} already.")
    return kept
