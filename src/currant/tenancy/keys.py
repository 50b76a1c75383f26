"""API keys: made once and shown once, kept as a digest, recognised without a slow hash.

A key is `cur_` + 10 characters by which it is found + 32 that nobody can guess. It is long and random,
so a keyed BLAKE2b is enough, and a thousand requests a second cost nothing.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.crypto import digest, matches, new_secret
from currant.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from currant.kit.ids import KeyId, TenantId, new_id
from currant.tenancy import store
from currant.tenancy.callers import CallerCache, caller_of_key
from currant.tenancy.model import ApiKey, Caller, KeyMade, KeyRevoked, NewKey, Role
from currant.tenancy.permissions import may_grant

START = "cur_"
PREFIX_LENGTH = len(START) + 10
SECRET_LENGTH = PREFIX_LENGTH + 32
USED_NOTED_EVERY = timedelta(seconds=60)
KEYS_MAX = 1000


class Keys:
    def __init__(
        self, database: Database, clock: Clock, installation_key: bytes, callers: CallerCache
    ) -> None:
        self._database = database
        self._clock = clock
        self._installation_key = installation_key
        self._callers = callers

    async def make(
        self,
        tenant_id: TenantId,
        *,
        name: str,
        role: Role,
        by: Caller,
        expires_at: datetime | None = None,
    ) -> NewKey:
        name = " ".join(name.split())
        if not 1 <= len(name) <= 120:
            raise Invalid("A key's name has 1 to 120 characters: say what it is used by.", field="name")
        if not may_grant(by.permissions, role):
            raise NotAllowed(f"The role {by.role.value} may not give the role {role.value}.", field="role")
        now = self._clock.now()
        if expires_at is not None and expires_at <= now:
            raise Invalid("This time is already past.", field="expires_at")
        # The prefix is shown in lists, so it is drawn from letters and digits that survive every copy.
        alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
        prefix = START + "".join(secrets.choice(alphabet) for _ in range(PREFIX_LENGTH - len(START)))
        secret = prefix + new_secret(SECRET_LENGTH - PREFIX_LENGTH)
        key = ApiKey(
            id=KeyId(new_id()),
            tenant_id=tenant_id,
            name=name,
            prefix=prefix,
            role=role,
            created_at=now,
            created_by=by.label,
            expires_at=expires_at,
        )

        def make(connection: Connection, changes: ChangeSet) -> None:
            if len(store.keys_of(connection, tenant_id, after="", limit=KEYS_MAX)) >= KEYS_MAX:
                raise Conflict(f"An organisation has at most {KEYS_MAX} keys, revoked ones included.")
            changes.write(store.INSERT_KEY, self._row(key, secret))
            changes.emit(
                KeyMade(
                    tenant_id=tenant_id, happened_at=now, key_id=key.id, name=name, role=role, by=by.label
                )
            )

        await self._database.decide(make, tenant_id)
        return NewKey(key=key, secret=secret)

    async def get(self, tenant_id: TenantId, key_id: KeyId) -> ApiKey:
        found = await self._database.read(lambda connection: store.key(connection, tenant_id, key_id))
        return _known(found)

    async def list(self, tenant_id: TenantId, *, after: str = "", limit: int = 100) -> list[ApiKey]:
        """Oldest first, those after the id `after`; revoked ones included."""
        return await self._database.read(
            lambda connection: store.keys_of(connection, tenant_id, after=after, limit=limit)
        )

    async def revoke(self, tenant_id: TenantId, key_id: KeyId, *, by: Caller) -> ApiKey:
        """From now on it opens nothing; revoking twice is no error."""
        now = self._clock.now()

        def revoke(connection: Connection, changes: ChangeSet) -> None:
            key = _known(store.key(connection, tenant_id, key_id))
            if key.revoked_at is not None:
                return
            changes.write(store.REVOKE_KEY, (micros(now), tenant_id, key_id))
            changes.emit(
                KeyRevoked(tenant_id=tenant_id, happened_at=now, key_id=key_id, name=key.name, by=by.label)
            )

        await self._database.decide(revoke, tenant_id)
        self._callers.clear()
        return await self.get(tenant_id, key_id)

    async def authenticate(self, secret: str) -> Caller | None:
        """Whose key this is; None when it is nobody's, revoked or expired."""
        if not secret.startswith(START) or len(secret) != SECRET_LENGTH or not secret.isascii():
            return None
        remembered = digest(secret.encode(), key=self._installation_key)
        if (caller := self._callers.get(remembered)) is not None:
            return caller
        found = await self._database.read(
            lambda connection: store.key_by_prefix(connection, secret[:PREFIX_LENGTH])
        )
        now = self._clock.now()
        if found is None or not matches(secret.encode(), found[1], key=self._installation_key):
            return None
        key, _, host = found
        if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
            return None
        caller = caller_of_key(key, host=host)
        if key.expires_at is None or key.expires_at - now > timedelta(minutes=1):
            self._callers.keep(remembered, caller)
        if key.last_used_at is None or now - key.last_used_at >= USED_NOTED_EVERY:
            self._database.note(store.KEY_USED, (micros(now), key.tenant_id, key.id))
        return caller

    def _row(self, key: ApiKey, secret: str) -> tuple[object, ...]:
        return (
            key.id,
            key.tenant_id,
            key.name,
            key.prefix,
            digest(secret.encode(), key=self._installation_key),
            key.role.value,
            micros(key.created_at),
            key.created_by,
            None if key.expires_at is None else micros(key.expires_at),
            None,
            None,
        )


def _known(key: ApiKey | None) -> ApiKey:
    if key is None:
        raise NotFound("There is no such key in this organisation.")
    return key
