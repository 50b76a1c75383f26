"""Gives policies to tokens, groups and accounts, one at a time, and takes them back."""

from enum import StrEnum

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access import store
from currant.access.model import Account, Group, Token
from currant.access.policies import no_policy
from currant.access.service import AccessService, no_account, no_group, no_token
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.ids import AccountId, GroupId, PolicyId, TenantId, TokenId


class Holder(StrEnum):
    """Who can have a policy."""

    TOKEN = "tokens"
    GROUP = "groups"
    ACCOUNT = "accounts"


class Giving:
    """What is given twice is there once, and what is not there is taken without complaint."""

    def __init__(self, database: Database, access: AccessService) -> None:
        self._database = database
        self._access = access

    async def give(
        self, tenant_id: TenantId, policy_id: PolicyId, holder: Holder, holder_id: str, *, by: str
    ) -> None:
        """NotFound where there is no such policy or holder."""
        await self._change(tenant_id, policy_id, holder, holder_id, by=by, give=True)

    async def take(
        self, tenant_id: TenantId, policy_id: PolicyId, holder: Holder, holder_id: str, *, by: str
    ) -> None:
        await self._change(tenant_id, policy_id, holder, holder_id, by=by, give=False)

    async def _change(
        self, tenant_id: TenantId, policy_id: PolicyId, holder: Holder, holder_id: str, *, by: str, give: bool
    ) -> None:
        def changed(held: tuple[PolicyId, ...]) -> tuple[PolicyId, ...]:
            others = tuple(each for each in held if each != policy_id)
            return (*others, policy_id) if give else others

        def change(conn: Connection, changes: ChangeSet) -> None:
            if store.policies.policy(conn, tenant_id, policy_id) is None:
                raise no_policy(policy_id)
            found = _held_by(conn, tenant_id, holder, holder_id)
            if (policy_id in found.policies) == give:
                return
            after = replace(found, policies=changed(found.policies))
            self._access.save(conn, changes, after, ("policies",), by)

        await self._database.decide(change, tenant_id)


def _held_by(
    conn: Connection, tenant_id: TenantId, holder: Holder, holder_id: str
) -> Token | Group | Account:
    if holder is Holder.TOKEN:
        token = store.queries.token(conn, tenant_id, TokenId(holder_id))
        if token is None:
            raise no_token(holder_id)
        return token
    if holder is Holder.GROUP:
        group = store.queries.group(conn, tenant_id, GroupId(holder_id))
        if group is None:
            raise no_group(holder_id)
        return group
    account = store.queries.account(conn, tenant_id, AccountId(holder_id))
    if account is None:
        raise no_account(holder_id)
    return account
