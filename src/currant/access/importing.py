"""Tokens in bulk, into Currant and out of it; an import can be repeated, since a token is known by kind and uid."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection

from currant.access import store, uids
from currant.access.drafts import check_token, token_of
from currant.access.model import Token, TokenChange, TokenDraft
from currant.access.service import AccessService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError, Invalid
from currant.kit.ids import GroupId, PolicyId, TenantId
from currant.stations.bulk import (
    Counts,
    Errors,
    Format,
    ImportReport,
    Outcome,
    Problems,
    Row,
    convert,
    export,
    in_two_rounds,
    listed,
    read_rows,
    report,
)
from currant.stations.drafts import changed

EXPORT_AT_ONCE = 500
COLUMNS = tuple("group_uid" if name == "group_id" else name for name in TokenDraft.__struct_fields__)


class _Token(msgspec.Struct, frozen=True):
    row: int
    key: str
    draft: TokenDraft
    change: TokenChange
    group_uid: str | None
    policies: tuple[str, ...] | None
    """Names or ids; None where the row does not say."""


class TokenImports:
    """Reads and writes tokens in bulk."""

    def __init__(self, database: Database, access: AccessService, clock: Clock) -> None:
        self._database = database
        self._access = access
        self._clock = clock

    async def import_tokens(
        self,
        tenant_id: TenantId,
        content: bytes,
        form: Format,
        *,
        by: str,
        dry_run: bool = False,
        partial: bool = False,
    ) -> ImportReport:
        """Create and change tokens. With one problem nothing is written, unless `partial` takes the good rows.

        Beside the fields of a token a row may have `group_uid`, the group's parent uid. Its `policies`
        are named by name or id; an empty field takes them all.
        """
        # Up to 100,000 rows: read beside the loop, so that no station waits for a spreadsheet.
        rows, good, problems = await asyncio.to_thread(_read_tokens, content, form)
        counts = Counts()

        async def apply(some: Sequence[_Token], *, really: bool, counted: Counts) -> None:
            def decide(conn: Connection, changes: ChangeSet) -> Outcome:
                return self._save(conn, changes, tenant_id, some, by=by)

            done = await (
                self._database.decide(decide, tenant_id)
                if really
                else self._database.read(lambda conn: decide(conn, ChangeSet(tenant_id)))
            )
            counted.add(done, problems)

        applied = await in_two_rounds(good, apply, counts, problems, dry_run=dry_run, partial=partial)
        return report(rows, counts, problems, applied=applied)

    def _save(
        self, conn: Connection, changes: ChangeSet, tenant_id: TenantId, some: Sequence[_Token], *, by: str
    ) -> Outcome:
        counts, errors = Counts(), Errors()
        known = store.queries.tokens_by_key(conn, tenant_id, [each.key for each in some])
        wanted = [each.group_uid for each in some if each.group_uid]
        groups = store.queries.groups_by_parent_uid(conn, tenant_id, wanted) if wanted else {}
        names = sorted({name for each in some for name in each.policies or ()})
        policies = self._access.policies.named(conn, tenant_id, names)
        now = self._clock.now()
        for each in some:
            before = known.get((each.key, each.draft.kind.value))
            fields: tuple[str, ...]
            try:
                draft, change = each.draft, each.change
                if each.group_uid:
                    group = groups.get(each.group_uid)
                    if group is None:
                        raise Invalid(f"There is no group with the uid {each.group_uid}.", field="group_uid")
                    draft = msgspec.structs.replace(draft, group_id=group.id)
                    change = msgspec.structs.replace(change, group_id=group.id)
                if each.policies is not None:
                    given = tuple(dict.fromkeys(policies.get(name, PolicyId(name)) for name in each.policies))
                    draft = msgspec.structs.replace(draft, policies=given)
                    change = msgspec.structs.replace(change, policies=given)
                if before is None:
                    after, fields = token_of(tenant_id, draft, now=now), ("created",)
                else:
                    after, fields = changed(before, change)
                    check_token(after)
                if fields:
                    self._access.save_token(conn, changes, after, fields, by)
                counts.count(fields)
            except CurrantError as error:
                errors.append((each.row, error))
        return counts, errors

    async def export_tokens(self, tenant_id: TenantId, form: Format) -> AsyncIterator[bytes]:
        group_uids: dict[GroupId, str] = {}
        cursor: str | None = None
        while True:
            page = await self._access.list_groups(tenant_id, cursor=cursor, limit=EXPORT_AT_ONCE)
            group_uids.update((group.id, group.parent_uid) for group in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break
        policy_names: dict[PolicyId, str] = {}
        cursor = None
        while True:
            policies = await self._access.policies.list_policies(
                tenant_id, cursor=cursor, limit=EXPORT_AT_ONCE
            )
            policy_names.update((policy.id, policy.name) for policy in policies.items)
            cursor = policies.next_cursor
            if cursor is None:
                break
        async for chunk in export(
            lambda cursor: self._access.list_tokens(tenant_id, cursor=cursor, limit=EXPORT_AT_ONCE),
            lambda token: [_row_of(token, group_uids, policy_names)],
            COLUMNS,
            form,
        ):
            yield chunk


def _read_tokens(content: bytes, form: Format) -> tuple[int, list[_Token], Problems]:
    """How many rows there are, those that can be taken, and what is wrong with the others."""
    rows, problems = read_rows(content, form), Problems()
    prepared: dict[tuple[str, str], _Token] = {}
    for number, row in rows:
        try:
            token = _read_token(number, row, form)
            key = (token.key, token.draft.kind.value)
            if key in prepared:
                raise Invalid("Another row above is the same token.", field="uid")
            prepared[key] = token
        except CurrantError as error:
            problems.add_error(number, error)
    return len(rows), list(prepared.values()), problems


def _read_token(number: int, row: Row, form: Format) -> _Token:
    row = dict(row)
    group_uid = row.pop("group_uid", None)
    if group_uid is not None and not isinstance(group_uid, str):
        raise Invalid("A group's uid is text.", field="group_uid")
    listed(row, "locations", form)
    listed(row, "stations", form)
    listed(row, "policies", form)
    named = row.pop("policies", None)
    if named is not None and not (isinstance(named, list) and all(isinstance(name, str) for name in named)):
        raise Invalid("Policies are a list of names.", field="policies")
    draft = convert(row, TokenDraft, form)
    if not draft.uid.strip():
        raise Invalid("Give it a uid, so that a repeated import knows it again.", field="uid")
    change = convert({name: row[name] for name in row if name not in ("kind", "uid")}, TokenChange, form)
    normal = uids.normalise(draft.uid, draft.kind)
    return _Token(
        number,
        uids.match_key(normal, draft.kind),
        draft,
        change,
        group_uid or None,
        None if named is None else tuple(named),
    )


def _row_of(token: Token, group_uids: dict[GroupId, str], policy_names: dict[PolicyId, str]) -> Row:
    row: Row = {name: getattr(token, name) for name in COLUMNS if name != "group_uid"}
    for name in ("valid_from", "valid_until"):
        at: datetime | None = row[name]
        row[name] = None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    row["policies"] = tuple(policy_names.get(each, each) for each in token.policies)
    row["group_uid"] = group_uids.get(token.group_id or GroupId(""))
    return row
