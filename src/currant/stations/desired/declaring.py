"""What operators declare: checked, kept with its history, previewed and undone. Nothing here talks to a station."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TenantId, new_id
from currant.stations import paging
from currant.stations import store as stations_store
from currant.stations.admission import entry_of
from currant.stations.desired import store
from currant.stations.desired.aspect import Aspect, NamesKeys
from currant.stations.desired.books import Books
from currant.stations.desired.drafting import check_count, check_pace, check_scope, check_why, slot_of
from currant.stations.desired.events import DeclarationsChanged, DesiredPaused
from currant.stations.desired.facts import groups_by_station
from currant.stations.desired.model import (
    UNPACED,
    Change,
    Declaration,
    DeclarationDraft,
    Pace,
    Pause,
    Revision,
    RevisionKind,
    Rollout,
    RolloutState,
    Scope,
)
from currant.stations.desired.resolution import Book, Difference, differences, keys_of
from currant.stations.directory import StationDirectory
from currant.stations.model import Page

DECLARATIONS_MAX = 100_000
"""Declarations of a tenant."""
VALUE_MAX = 256 * 1024
"""Bytes of a value as JSON."""
KEY_MAX = 500
HELD_MAX = 200
"""Paced rollouts of a tenant that have not ended."""
SHOWN_MAX = 100
"""Stations named in a preview; they are counted beyond that."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A change of declarations, what stands now, and the rollout that brings it to the stations."""

    revision: Revision
    rollout: Rollout | None = None
    """None when nothing was changed."""
    declarations: tuple[Declaration, ...] = ()


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a change would mean, without making it."""

    stations: int
    """How many stations something would change for."""
    connected: int
    """How many of them are connected now."""
    examples: tuple["PreviewedStation", ...] = ()


class PreviewedStation(msgspec.Struct, frozen=True, kw_only=True):
    station_id: str
    identity: str
    connected: bool
    changes: tuple["PreviewedChange", ...] = ()


class PreviewedChange(msgspec.Struct, frozen=True, kw_only=True):
    """What would be desired of a key instead of what is: None where nothing is declared."""

    aspect: str
    key: str
    before: Declaration | None = None
    after: Declaration | None = None


class Declarations:
    """The verbs of somebody who declares."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        books: Books,
        aspects: Mapping[str, Aspect],
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._books = books
        self._aspects = aspects
        self._clock = clock

    async def declare(
        self,
        tenant_id: TenantId,
        drafts: Sequence[DeclarationDraft],
        *,
        by: str,
        why: str = "",
        pace: Pace = UNPACED,
    ) -> Declared:
        """Declare things together, over what is declared for the same stations and keys: one change, one rollout."""
        check_pace(pace)
        check_why(why)
        wanted = await self._drafted(tenant_id, drafts, by=by)
        revision_id, rollout_id = new_id(), new_id()

        def make(conn: Connection, changes: ChangeSet) -> Declared:
            made = _merged(conn, tenant_id, wanted, revision_id)
            if store.declarations.count(conn, tenant_id) + len(made) > DECLARATIONS_MAX:
                raise Conflict(f"There are {DECLARATIONS_MAX:,} declarations already: remove some first.")
            return self._keep(
                conn,
                changes,
                made,
                RevisionKind.DECLARED,
                revision_id=revision_id,
                rollout_id=rollout_id,
                by=by,
                why=why,
                pace=pace,
            )

        return await self._made(tenant_id, await self._database.decide(make, tenant_id))

    async def remove(
        self,
        tenant_id: TenantId,
        ids: Sequence[str],
        *,
        by: str,
        why: str = "",
        pace: Pace = UNPACED,
    ) -> Declared:
        """Declare things no more. What stations have stays as it is, unless a wider declaration holds now."""
        check_pace(pace)
        check_why(why)
        check_count(ids)
        revision_id, rollout_id = new_id(), new_id()

        def make(conn: Connection, changes: ChangeSet) -> Declared:
            known = store.declarations.by_ids(conn, tenant_id, list(ids))
            for each in ids:
                if each not in known:
                    raise _unknown(each)
            made = [Change(declaration_id=each, before=known[each]) for each in dict.fromkeys(ids)]
            return self._keep(
                conn,
                changes,
                made,
                RevisionKind.REMOVED,
                revision_id=revision_id,
                rollout_id=rollout_id,
                by=by,
                why=why,
                pace=pace,
            )

        return await self._made(tenant_id, await self._database.decide(make, tenant_id))

    async def undo(
        self, tenant_id: TenantId, revision_id: str, *, by: str, why: str = "", pace: Pace | None = None
    ) -> Declared:
        """Have declarations as they were before a change; Conflict where they were changed again since.

        The pace is that of the change that is undone, unless another is given.
        """
        if pace is not None:
            check_pace(pace)
        check_why(why)
        new_revision, new_rollout = new_id(), new_id()
        now = self._clock.now()

        def make(conn: Connection, changes: ChangeSet) -> Declared:
            undone = store.declarations.revision(conn, tenant_id, revision_id)
            if undone is None:
                raise NotFound(f"There is no change {revision_id}.", field="revision")
            if undone.undone_by is not None:
                raise Conflict("This change was undone already.", revision=undone.undone_by)
            done = store.declarations.changes_of(conn, tenant_id, revision_id)
            current = store.declarations.by_ids(conn, tenant_id, [change.declaration_id for change in done])
            made = []
            for change in done:
                stands = current.get(change.declaration_id)
                if stands != change.after:
                    since = "removed" if stands is None else f"changed in {stands.revision_id}"
                    raise Conflict(
                        f"{_named(change)} was {since} since: undo that first.",
                        declaration=change.declaration_id,
                    )
                before = change.before
                if before is not None:
                    before = msgspec.structs.replace(
                        before, revision_id=new_revision, declared_at=now, declared_by=by
                    )
                made.append(Change(declaration_id=change.declaration_id, before=change.after, after=before))
            clashing = store.declarations.by_slots(
                conn,
                tenant_id,
                [slot_of(change.after) for change in made if change.after and change.before is None],
            )
            if clashing:
                raise Conflict(
                    "Something else was declared in its place since: remove that first.",
                    declaration=next(iter(clashing.values())).id,
                )
            rollout = store.rollouts.by_id(conn, tenant_id, undone.rollout_id)
            kept = self._keep(
                conn,
                changes,
                made,
                RevisionKind.UNDONE,
                revision_id=new_revision,
                rollout_id=new_rollout,
                by=by,
                why=why,
                pace=pace or (UNPACED if rollout is None else rollout.pace),
                undoes=revision_id,
            )
            changes.write(store.tables.MARK_UNDONE, (new_revision, revision_id, tenant_id))
            if rollout is not None:
                ended = msgspec.structs.replace(
                    rollout, state=RolloutState.UNDONE, reason=f"Undone by {by}.", ended_at=now
                )
                store.rollouts.save(changes, ended)
            return kept

        return await self._made(tenant_id, await self._database.decide(make, tenant_id))

    async def preview(
        self,
        tenant_id: TenantId,
        drafts: Sequence[DeclarationDraft] = (),
        *,
        remove: Sequence[str] = (),
        by: str = "",
    ) -> Preview:
        """Which stations would change if this were declared and that removed, how many, and what each would lose."""
        if not drafts and not remove:
            raise Invalid("Say what would be declared or removed.", field="declarations")
        wanted = await self._drafted(tenant_id, drafts, by=by) if drafts else []
        tenant = await self._books.of(tenant_id)

        def look(conn: Connection) -> list[Change]:
            known = store.declarations.by_ids(conn, tenant_id, list(remove))
            for each in remove:
                if each not in known:
                    raise _unknown(each)
            gone = [Change(declaration_id=each.id, before=each) for each in known.values()]
            return _merged(conn, tenant_id, wanted, "") + gone

        made = await self._database.read(look)
        before = tenant.book.about(keys_of(made))
        after = Book(before)
        for change in made:
            after.remove(change.declaration_id)
            if change.after is not None:
                after.put(change.after)
        groups = groups_by_station(self._directory, tenant_id)

        def compare(conn: Connection) -> tuple[dict[str, list[Difference]], set[str]]:
            found: dict[str, list[Difference]] = {}
            stations = store.states.facts_of(conn, tenant_id, groups)
            for difference in differences(before, after, stations):
                found.setdefault(difference.station_id, []).append(difference)
            return found, {facts.station_id for facts in stations if facts.connected}

        found, connected = await self._database.read(compare)
        return Preview(
            stations=len(found),
            connected=len(connected & found.keys()),
            examples=tuple(
                PreviewedStation(
                    station_id=station_id,
                    identity=self._identity(station_id),
                    connected=station_id in connected,
                    changes=tuple(
                        PreviewedChange(
                            aspect=each.aspect, key=each.key, before=each.before, after=each.after
                        )
                        for each in found[station_id]
                    ),
                )
                for station_id in list(found)[:SHOWN_MAX]
            ),
        )

    async def get(self, tenant_id: TenantId, declaration_id: str) -> Declaration:
        found = await self._database.read(
            lambda conn: store.declarations.by_ids(conn, tenant_id, [declaration_id])
        )
        if declaration_id not in found:
            raise _unknown(declaration_id)
        return found[declaration_id]

    async def search(
        self,
        tenant_id: TenantId,
        *,
        aspect: str | None = None,
        key: str | None = None,
        scope: Scope | None = None,
        target: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Declaration]:
        """The latest made first. `target` is the id of a station or a group."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        if key is not None and aspect is not None:
            spells: object = self._aspects.get(aspect)
            key = spells.canonical(key) if isinstance(spells, NamesKeys) else key
        rows = await self._database.read(
            lambda conn: store.declarations.search(
                conn,
                tenant_id,
                aspect=aspect,
                key=key,
                scope=None if scope is None else scope.value,
                target=target,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda declaration: paging.encode(declaration.id))

    async def revisions(
        self, tenant_id: TenantId, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Revision]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.declarations.search_revisions(conn, tenant_id, before=before, limit=limit + 1)
        )
        return paging.page(rows, limit, lambda revision: paging.encode(revision.id))

    async def changes(self, tenant_id: TenantId, revision_id: str) -> tuple[Revision, tuple[Change, ...]]:
        """A change of declarations, with what it did to each."""
        revision, made = await self._database.read(
            lambda conn: (
                store.declarations.revision(conn, tenant_id, revision_id),
                store.declarations.changes_of(conn, tenant_id, revision_id),
            )
        )
        if revision is None:
            raise NotFound(f"There is no change {revision_id}.", field="revision")
        return revision, tuple(made)

    async def pause(self, tenant_id: TenantId, aspect: str, *, by: str, why: str = "") -> Pause:
        """Change nothing of one aspect (empty: of any) at any station until it is resumed."""
        check_why(why)
        if aspect:
            self._aspect(aspect)
        pause = Pause(tenant_id=tenant_id, aspect=aspect, by=by, at=self._clock.now(), why=why)
        changes = ChangeSet(tenant_id)
        store.declarations.save_pause(changes, pause)
        self._tell_pause(changes, aspect, paused=True, by=by)
        await self._database.commit(changes)
        await self._books.take_in_pauses(tenant_id)
        return pause

    async def resume(self, tenant_id: TenantId, aspect: str, *, by: str) -> None:
        changes = ChangeSet(tenant_id)
        changes.write(store.tables.DELETE_PAUSE, (tenant_id, aspect))
        self._tell_pause(changes, aspect, paused=False, by=by)
        await self._database.commit(changes)
        await self._books.take_in_pauses(tenant_id)

    async def pauses(self, tenant_id: TenantId) -> tuple[Pause, ...]:
        return tuple(await self._database.read(lambda conn: store.declarations.pauses_of(conn, tenant_id)))

    def _tell_pause(self, changes: ChangeSet, aspect: str, *, paused: bool, by: str) -> None:
        changes.emit(
            DesiredPaused(
                tenant_id=changes.tenant_id,
                happened_at=self._clock.now(),
                aspect=aspect,
                paused=paused,
                by=by,
            )
        )

    def _keep(
        self,
        conn: Connection,
        changes: ChangeSet,
        made: Sequence[Change],
        kind: RevisionKind,
        *,
        revision_id: str,
        rollout_id: str,
        by: str,
        why: str,
        pace: Pace,
        undoes: str | None = None,
    ) -> Declared:
        """Add a change, its history and its rollout to a change set, within a decision."""
        now = self._clock.now()
        tenant_id = changes.tenant_id
        revision = Revision(
            id=revision_id,
            tenant_id=tenant_id,
            kind=kind,
            by=by,
            at=now,
            why=why,
            undoes=undoes,
            rollout_id=rollout_id,
            changes=len(made),
        )
        if not made:
            return Declared(revision=msgspec.structs.replace(revision, id="", rollout_id=""))
        if pace.is_held:
            holding = [each for each in store.rollouts.open_of(conn, tenant_id) if each.holds]
            if len(holding) >= HELD_MAX:
                raise Conflict(f"{HELD_MAX} paced rollouts are under way: release or undo one first.")
        for change in made:
            if change.after is None:
                assert change.before is not None
                store.declarations.delete(changes, change.before)
            elif change.before is None:
                store.declarations.insert(changes, change.after, slot_of(change.after))
            else:
                store.declarations.save(changes, change.after)
        rollout = Rollout(
            id=rollout_id,
            tenant_id=tenant_id,
            revision_id=revision_id,
            state=RolloutState.STARTING,
            pace=pace,
            by=by,
            began_at=now,
        )
        store.declarations.insert_revision(changes, revision, made)
        store.rollouts.insert(changes, rollout)
        changes.emit(
            DeclarationsChanged(
                tenant_id=tenant_id,
                happened_at=now,
                revision_id=revision_id,
                rollout_id=rollout_id,
                declarations=len(made),
                by=by,
                why=why,
            )
        )
        return Declared(
            revision=revision,
            rollout=rollout,
            declarations=tuple(change.after for change in made if change.after is not None),
        )

    async def _made(self, tenant_id: TenantId, declared: Declared) -> Declared:
        if declared.rollout is not None:
            await self._books.take_in(tenant_id, declared.revision.id)
        return declared

    async def _drafted(
        self, tenant_id: TenantId, drafts: Sequence[DeclarationDraft], *, by: str
    ) -> Sequence[Declaration]:
        """The declarations that drafts describe; raises Invalid or NotFound where one cannot be."""
        check_count(drafts)
        groups = {draft.group for draft in drafts if draft.group is not None}
        known = await self._database.read(
            lambda conn: {
                name: stations_store.groups.by_id(conn, tenant_id, name)
                or stations_store.groups.by_name(conn, tenant_id, name)
                for name in groups
            }
        )
        now = self._clock.now()
        found: dict[str, Declaration] = {}
        for draft in drafts:
            check_scope(draft)
            group = None if draft.group is None else known[draft.group]
            if draft.group is not None and group is None:
                raise NotFound(f"There is no station group {draft.group}.", field="group")
            declaration = Declaration(
                id=new_id(),
                tenant_id=tenant_id,
                scope=draft.scope,
                station_id=(
                    entry_of(self._directory, tenant_id, draft.station).station_id if draft.station else None
                ),
                group_id=None if group is None else group.id,
                vendor=draft.vendor or "",
                model=draft.model or "",
                firmware=draft.firmware,
                version=draft.version,
                aspect=draft.aspect,
                key=self._key(draft),
                value=self._checked(draft),
                may_restart=draft.may_restart,
                priority=draft.priority,
                declared_at=now,
                declared_by=by,
            )
            slot = slot_of(declaration)
            if slot in found:
                raise Invalid(
                    f"{draft.aspect} {draft.key} is declared twice for the same.", field="declarations"
                )
            found[slot] = declaration
        return list(found.values())

    def _key(self, draft: DeclarationDraft) -> str:
        aspect = self._aspect(draft.aspect)
        if not 1 <= len(draft.key) <= KEY_MAX or not draft.key.isprintable():
            raise Invalid(f"A key is 1 to {KEY_MAX} printable characters.", field="key")
        return aspect.canonical(draft.key) if isinstance(aspect, NamesKeys) else draft.key

    def _checked(self, draft: DeclarationDraft) -> object:
        aspect = self._aspect(draft.aspect)
        value = aspect.check(draft.key, draft.value)
        if len(msgspec.json.encode(value)) > VALUE_MAX:
            raise Invalid(f"A value has at most {VALUE_MAX // 1024} KiB as JSON.", field="value")
        return value

    def _aspect(self, name: str) -> Aspect:
        aspect = self._aspects.get(name)
        if aspect is None:
            raise Invalid(
                f"There is no aspect {name!r}: use one of {', '.join(sorted(self._aspects))}.", field="aspect"
            )
        return aspect

    def _identity(self, station_id: str) -> str:
        entry = self._directory.by_id(station_id)  # type: ignore[arg-type]
        return "" if entry is None else entry.identity


def _merged(
    conn: Connection, tenant_id: TenantId, wanted: Sequence[Declaration], revision_id: str
) -> "list[Change]":
    """What is different when these are declared over what stands; those that say the same are left out."""
    slots = [slot_of(declaration) for declaration in wanted]
    standing = store.declarations.by_slots(conn, tenant_id, slots)
    made = []
    for slot, declaration in zip(slots, wanted, strict=True):
        before = standing.get(slot)
        after = msgspec.structs.replace(
            declaration, id=declaration.id if before is None else before.id, revision_id=revision_id
        )
        if before is None or _said(before) != _said(after):
            made.append(Change(declaration_id=after.id, before=before, after=after))
    return made


def _said(declaration: Declaration) -> tuple[object, bool, int]:
    return declaration.value, declaration.may_restart, declaration.priority


def _named(change: Change) -> str:
    declaration = change.after or change.before
    return "It" if declaration is None else f"{declaration.aspect} {declaration.key}"


def _unknown(declaration_id: str) -> NotFound:
    return NotFound(f"There is no declaration {declaration_id}.", field="declaration")
