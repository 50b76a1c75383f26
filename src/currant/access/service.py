"""Tokens, groups and accounts: made, changed, blocked, listed; and what somebody presents decided on."""

from collections.abc import Awaitable
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access import store, uids
from currant.access.authorisers import Authorisers
from currant.access.counting import CostOf, Counting, nothing_yet
from currant.access.decision import judge
from currant.access.drafts import NAME_MAX, check_token, token_of
from currant.access.events import AccountChanged, GroupChanged, TokenChanged
from currant.access.local_lists import LocalList, LocalLists
from currant.access.model import (
    Account,
    AccountChange,
    AccountDraft,
    Decision,
    Group,
    GroupChange,
    GroupDraft,
    Opinion,
    Place,
    Presented,
    Purpose,
    Token,
    TokenChange,
    TokenDraft,
    TokenFacts,
    TokenKind,
    TokenStatus,
)
from currant.access.policies import PolicyService
from currant.access.policy_model import Policy
from currant.access.rulebook import Rulebook
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.http import Outbound
from currant.kit.ids import (
    AccountId,
    GroupId,
    LocationId,
    StationGroupId,
    StationId,
    TenantId,
    TokenId,
    new_id,
)
from currant.stations import paging
from currant.stations.directory import DirectoryEntry
from currant.stations.drafts import changed
from currant.stations.model import Page

PARENT_UID_MAX = 20
"""OCPP 1.6's parentIdTag is an IdToken, CiString20Type."""


class AccessService:
    """The verbs of access."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        outbound: Outbound | None = None,
        cost_of: CostOf = nothing_yet,
    ) -> None:
        """`outbound` is what external authorisers are asked with; without one they count as silent."""
        self._database = database
        self._clock = clock
        self.rulebook = Rulebook(database)
        self.policies = PolicyService(database, self.rulebook, clock)
        self.counting = Counting(database, self.rulebook, clock, cost_of=cost_of)
        self.authorisers = Authorisers(database, outbound, clock)
        self.local_lists = LocalLists(database, self.rulebook, clock)

    # Deciding

    def facts(self, conn: Connection, tenant_id: TenantId, presented: Presented) -> TokenFacts | None:
        """What is known of a presented token; for use within somebody's `Database.decide` or `read`."""
        if presented.kind is TokenKind.KEYLESS or not presented.uid.strip():
            return None
        # Some stations call every card Local: what is registered here is judged as what it is.
        kind = TokenKind.UNKNOWN if presented.kind is TokenKind.LOCAL else presented.kind
        keys = uids.match_keys(presented.uid, kind)
        found = store.queries.facts(conn, tenant_id, keys, kind)
        if len(found) < 2:
            return found[0] if found else None
        # One uid in several kinds, presented without saying which: the one spelled just so, then by likelihood.
        exactly = presented.uid.strip().casefold()
        return min(
            found,
            key=lambda facts: (
                facts.token.uid.casefold() != exactly,
                keys.index(uids.match_key(facts.token.uid, facts.token.kind)),
            ),
        )

    def opinion(
        self, tenant_id: TenantId, presented: Presented, place: Place, *, identity: str
    ) -> Awaitable[Opinion | None]:
        """What the tenant's external authoriser thinks; ready at once where there is none.

        Awaits plain futures alone, no longer than the authoriser's deadline (and one read).
        """
        if not self.authorisers.asks(tenant_id):
            return _nobody_is_asked()
        return self._opinion(tenant_id, presented, place, identity=identity)

    async def _opinion(
        self, tenant_id: TenantId, presented: Presented, place: Place, *, identity: str
    ) -> Opinion | None:
        facts = await self._database.read(lambda conn: self.facts(conn, tenant_id, presented))
        return await self.authorisers.opinion(tenant_id, presented, facts, place, identity=identity)

    async def authorize(
        self,
        tenant_id: TenantId,
        presented: Presented,
        *,
        station_id: StationId,
        location_id: LocationId | None,
        at: datetime,
        groups: tuple[StationGroupId, ...] = (),
        purpose: Purpose = Purpose.START,
        open_sessions: int = 0,
    ) -> Decision:
        """Decide on a presented token with what is known now; one read, and nobody else is asked."""
        place = Place(station_id=station_id, location_id=location_id, groups=groups)

        def read(conn: Connection) -> Decision:
            facts = self.facts(conn, tenant_id, presented)
            policies = () if facts is None else self.policies.facts(conn, facts, place, at=at)
            return judge(
                presented,
                facts,
                place,
                at=at,
                purpose=purpose,
                open_sessions=open_sessions,
                policies=policies,
            ).decision

        return await self._database.read(read)

    async def local_list(self, station: DirectoryEntry, *, version: str, limit: int) -> LocalList:
        """The tokens that a station shall let charge while it is offline, at most `limit`."""
        return await self.local_lists.local_list(station, version=version, limit=limit)

    # Tokens

    async def create_token(self, tenant_id: TenantId, draft: TokenDraft, *, by: str) -> Token:
        """Make a token; Conflict when one of that kind and uid, in whatever spelling, exists."""
        token = token_of(tenant_id, draft, now=self._clock.now())

        def make(conn: Connection, changes: ChangeSet) -> Token:
            key = uids.match_key(token.uid, token.kind)
            if store.queries.tokens_by_key(conn, tenant_id, [key]).get((key, token.kind.value)):
                raise Conflict(f"A token {token.uid} of kind {token.kind} exists already.", field="uid")
            self.save_token(conn, changes, token, ("created",), by)
            return token

        return await self._database.decide(make, tenant_id)

    async def update_token(
        self, tenant_id: TenantId, token_id: TokenId, change: TokenChange, *, by: str
    ) -> Token:
        def apply(conn: Connection, changes: ChangeSet) -> Token:
            before = store.queries.token(conn, tenant_id, token_id)
            if before is None:
                raise no_token(token_id)
            after, fields = changed(before, change)
            if not fields:
                return before
            check_token(after)
            self.save_token(conn, changes, after, fields, by)
            return after

        return await self._database.decide(apply, tenant_id)

    def save_token(
        self, conn: Connection, changes: ChangeSet, token: Token, fields: tuple[str, ...], by: str
    ) -> None:
        """Add a new (`created`) or changed token to a change set, within a decision."""
        if token.group_id and store.queries.group(conn, token.tenant_id, token.group_id) is None:
            raise Invalid(f"There is no group {token.group_id}.", field="group_id")
        if token.account_id and store.queries.account(conn, token.tenant_id, token.account_id) is None:
            raise Invalid(f"There is no account {token.account_id}.", field="account_id")
        self.policies.check_given(conn, token.tenant_id, token.policies)
        if "created" in fields:
            store.queries.insert_token(changes, token)
        else:
            store.queries.save_token(changes, token)
        self._emit(changes, token, fields, by)

    def save(
        self,
        conn: Connection,
        changes: ChangeSet,
        changed: Token | Group | Account,
        fields: tuple[str, ...],
        by: str,
    ) -> None:
        """Add whatever changed to a change set, within a decision."""
        if isinstance(changed, Token):
            self.save_token(conn, changes, changed, fields, by)
        elif isinstance(changed, Group):
            self._save_group(conn, changes, changed, fields, by)
        else:
            self._save_account(conn, changes, changed, fields, by)

    async def block_token(self, tenant_id: TenantId, token_id: TokenId, *, by: str) -> Token:
        return await self.update_token(tenant_id, token_id, TokenChange(status=TokenStatus.BLOCKED), by=by)

    async def unblock_token(self, tenant_id: TenantId, token_id: TokenId, *, by: str) -> Token:
        return await self.update_token(tenant_id, token_id, TokenChange(status=TokenStatus.ACTIVE), by=by)

    async def delete_token(self, tenant_id: TenantId, token_id: TokenId, *, by: str) -> None:
        """Forget a token; its sessions keep its uid."""

        def delete(conn: Connection, changes: ChangeSet) -> None:
            token = store.queries.token(conn, tenant_id, token_id)
            if token is None:
                raise no_token(token_id)
            changes.write(store.tables.DELETE_TOKEN, (token_id, tenant_id))
            self._emit(changes, token, ("deleted",), by)

        await self._database.decide(delete, tenant_id)

    async def get_token(self, tenant_id: TenantId, token_id: TokenId) -> Token:
        token = await self._database.read(lambda conn: store.queries.token(conn, tenant_id, token_id))
        if token is None:
            raise no_token(token_id)
        return token

    async def policies_of(self, tenant_id: TenantId, token_id: TokenId) -> list[Policy]:
        """The policies that apply to a token: its own, its group's, its account's."""

        def read(conn: Connection) -> list[Policy]:
            facts = store.queries.facts_of_token(conn, tenant_id, token_id)
            return [] if facts is None else self.rulebook.policies(conn, tenant_id, facts.policies)

        return await self._database.read(read)

    async def list_tokens(
        self,
        tenant_id: TenantId,
        *,
        kind: TokenKind | None = None,
        status: TokenStatus | None = None,
        group_id: GroupId | None = None,
        account_id: AccountId | None = None,
        uid: str | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Token]:
        """By uid; `uid` finds a token in any spelling, `text` what contains it."""
        limit = paging.bounded(limit)
        after = _after(cursor)
        keys = None if uid is None else uids.match_keys(uid, kind or TokenKind.UNKNOWN)
        rows = await self._database.read(
            lambda conn: store.queries.search_tokens(
                conn,
                tenant_id,
                kind=kind,
                status=status,
                group_id=group_id,
                account_id=account_id,
                keys=keys,
                text=text,
                after=after,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda token: paging.encode(token.uid, token.id))

    def _emit(self, changes: ChangeSet, token: Token, fields: tuple[str, ...], by: str) -> None:
        changes.emit(
            TokenChanged(
                tenant_id=token.tenant_id,
                happened_at=self._clock.now(),
                token_id=token.id,
                uid=token.uid,
                fields=fields,
                by=by,
            )
        )

    # Groups

    async def create_group(self, tenant_id: TenantId, draft: GroupDraft, *, by: str) -> Group:
        group = Group(
            id=GroupId(new_id()),
            tenant_id=tenant_id,
            name=draft.name.strip(),
            parent_uid=draft.parent_uid.strip() or uids.virtual_uid(),
            master=draft.master,
            policies=draft.policies,
            created_at=self._clock.now(),
        )
        _check_name(group.name)
        if len(group.parent_uid) > PARENT_UID_MAX:
            raise Invalid(
                f"A group's uid has at most {PARENT_UID_MAX} characters, so that every charger can carry it.",
                field="parent_uid",
            )

        def make(conn: Connection, changes: ChangeSet) -> Group:
            if store.queries.groups_by_parent_uid(conn, tenant_id, [group.parent_uid]):
                raise Conflict(f"A group with the uid {group.parent_uid} exists already.", field="parent_uid")
            self._save_group(conn, changes, group, ("created",), by)
            return group

        return await self._database.decide(make, tenant_id)

    async def update_group(
        self, tenant_id: TenantId, group_id: GroupId, change: GroupChange, *, by: str
    ) -> Group:
        def apply(conn: Connection, changes: ChangeSet) -> Group:
            before = store.queries.group(conn, tenant_id, group_id)
            if before is None:
                raise no_group(group_id)
            after, fields = changed(before, change)
            if fields:
                _check_name(after.name)
                self._save_group(conn, changes, after, fields, by)
            return after

        return await self._database.decide(apply, tenant_id)

    def _save_group(
        self, conn: Connection, changes: ChangeSet, group: Group, fields: tuple[str, ...], by: str
    ) -> None:
        self.policies.check_given(conn, group.tenant_id, group.policies)
        store.queries.save_group(changes, group)
        changes.emit(
            GroupChanged(
                tenant_id=group.tenant_id,
                happened_at=self._clock.now(),
                group_id=group.id,
                fields=fields,
                by=by,
            )
        )

    async def delete_group(self, tenant_id: TenantId, group_id: GroupId, *, by: str) -> None:
        """Forget a group; Conflict while tokens belong to it."""

        def delete(conn: Connection, changes: ChangeSet) -> None:
            if store.queries.group(conn, tenant_id, group_id) is None:
                raise no_group(group_id)
            if store.queries.group_has_tokens(conn, tenant_id, group_id):
                raise Conflict("Tokens belong to this group: take them out of it first.", group=group_id)
            changes.write(store.tables.DELETE_GROUP, (group_id, tenant_id))
            now = self._clock.now()
            changes.emit(
                GroupChanged(
                    tenant_id=tenant_id, happened_at=now, group_id=group_id, fields=("deleted",), by=by
                )
            )

        await self._database.decide(delete, tenant_id)

    async def get_group(self, tenant_id: TenantId, group_id: GroupId) -> Group:
        group = await self._database.read(lambda conn: store.queries.group(conn, tenant_id, group_id))
        if group is None:
            raise no_group(group_id)
        return group

    async def list_groups(
        self,
        tenant_id: TenantId,
        *,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Group]:
        """By name."""
        limit, after = paging.bounded(limit), _after(cursor)
        rows = await self._database.read(
            lambda conn: store.queries.search_groups(conn, tenant_id, text=text, after=after, limit=limit + 1)
        )
        return paging.page(rows, limit, lambda group: paging.encode(group.name, group.id))

    # Accounts

    async def create_account(self, tenant_id: TenantId, draft: AccountDraft, *, by: str) -> Account:
        account = Account(
            id=AccountId(new_id()),
            tenant_id=tenant_id,
            name=draft.name.strip(),
            email=draft.email.strip(),
            blocked=draft.blocked,
            policies=draft.policies,
            created_at=self._clock.now(),
        )
        _check_account(account)
        await self._database.decide(
            lambda conn, changes: self._save_account(conn, changes, account, ("created",), by), tenant_id
        )
        return account

    async def update_account(
        self, tenant_id: TenantId, account_id: AccountId, change: AccountChange, *, by: str
    ) -> Account:
        def apply(conn: Connection, changes: ChangeSet) -> Account:
            before = store.queries.account(conn, tenant_id, account_id)
            if before is None:
                raise no_account(account_id)
            after, fields = changed(before, change)
            if fields:
                _check_account(after)
                self._save_account(conn, changes, after, fields, by)
            return after

        return await self._database.decide(apply, tenant_id)

    def _save_account(
        self, conn: Connection, changes: ChangeSet, account: Account, fields: tuple[str, ...], by: str
    ) -> None:
        self.policies.check_given(conn, account.tenant_id, account.policies)
        store.queries.save_account(changes, account)
        changes.emit(
            AccountChanged(
                tenant_id=account.tenant_id,
                happened_at=self._clock.now(),
                account_id=account.id,
                fields=fields,
                by=by,
            )
        )

    def note_payment_overdue(
        self, conn: Connection, changes: ChangeSet, account_id: AccountId, *, overdue: bool
    ) -> None:
        """Say within somebody's decision whether an account owes for too long to charge; the same is no news."""
        before = store.queries.account(conn, changes.tenant_id, account_id)
        if before is not None and before.payment_overdue != overdue:
            after = replace(before, payment_overdue=overdue)
            self._save_account(conn, changes, after, ("payment_overdue",), "billing")

    async def delete_account(self, tenant_id: TenantId, account_id: AccountId, *, by: str) -> None:
        """Forget an account; Conflict while tokens belong to it."""

        def delete(conn: Connection, changes: ChangeSet) -> None:
            if store.queries.account(conn, tenant_id, account_id) is None:
                raise no_account(account_id)
            if store.queries.account_has_tokens(conn, tenant_id, account_id):
                raise Conflict(
                    "This account answers for tokens: delete or move them first.", account=account_id
                )
            changes.write(store.tables.DELETE_ACCOUNT, (account_id, tenant_id))
            now = self._clock.now()
            changes.emit(
                AccountChanged(
                    tenant_id=tenant_id, happened_at=now, account_id=account_id, fields=("deleted",), by=by
                )
            )

        await self._database.decide(delete, tenant_id)

    async def get_account(self, tenant_id: TenantId, account_id: AccountId) -> Account:
        account = await self._database.read(lambda conn: store.queries.account(conn, tenant_id, account_id))
        if account is None:
            raise no_account(account_id)
        return account

    async def list_accounts(
        self,
        tenant_id: TenantId,
        *,
        text: str | None = None,
        blocked: bool | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Account]:
        """By name."""
        limit, after = paging.bounded(limit), _after(cursor)
        rows = await self._database.read(
            lambda conn: store.queries.search_accounts(
                conn, tenant_id, text=text, blocked=blocked, after=after, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda account: paging.encode(account.name, account.id))


async def _nobody_is_asked() -> None:
    return None


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid(f"A name has 1 to {NAME_MAX} characters.", field="name")


def _check_account(account: Account) -> None:
    _check_name(account.name)
    if account.email and ("@" not in account.email or len(account.email) > 254):
        raise Invalid("This is not an e-mail address.", field="email")


def _after(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    first, second = paging.decode(cursor, str, str)
    return str(first), str(second)


def no_token(token_id: str) -> NotFound:
    return NotFound(f"There is no token {token_id}.", field="token", token=token_id)


def no_group(group_id: str) -> NotFound:
    return NotFound(f"There is no group {group_id}.", field="group", group=group_id)


def no_account(account_id: str) -> NotFound:
    return NotFound(f"There is no account {account_id}.", field="account", account=account_id)
