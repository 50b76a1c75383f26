"""A repeated request gets the first one's answer: what moves a charger or money happens once.

The key is claimed before the work begins and the answer is kept when it is done, for a day. A claim
whose process died is free again after `CLAIM_LASTS`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.errors import Conflict, CurrantError, Invalid
from currant.kit.ids import TenantId
from currant.tenancy import store
from currant.tenancy.model import Caller

KEY_LENGTH_MAX = 200
BODY_MAX = 256 * 1024
ANSWERS_PER_CALLER = 20_000
KEPT = timedelta(hours=24)
CLAIM_LASTS = timedelta(minutes=3)


class StillRunning(CurrantError):
    """The first request with this key has no answer yet."""

    code = "request_in_progress"
    status = 409


class KeyReused(CurrantError):
    """The key came before with another request."""

    code = "idempotency_key_reused"
    status = 422


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    body: bytes


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The right to do the work of one request; ends in `keep` or `release`."""

    tenant_id: TenantId
    caller: str
    key: str
    asked_at: datetime


class Idempotency:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def claim(self, caller: Caller, key: str, request: Sequence[bytes]) -> Claim | KeptAnswer:
        """The claim when this is the first request with the key, else the answer the first one got.

        `request` is everything that makes it this request: method, path, body.
        """
        if not 1 <= len(key) <= KEY_LENGTH_MAX:
            raise Invalid(
                f"An Idempotency-Key has 1 to {KEY_LENGTH_MAX} characters.", field="Idempotency-Key"
            )
        fingerprint = blake2b(b"\0".join(request), digest_size=16).digest()
        now = self._clock.now()
        name = f"{caller.kind}:{caller.id}"
        tenant_id = caller.tenant_id
        claim = Claim(tenant_id=tenant_id, caller=name, key=key, asked_at=now)

        def claim_it(connection: Connection, changes: ChangeSet) -> Claim | KeptAnswer:
            earlier = store.answer(connection, tenant_id, name, key)
            if earlier is not None:
                known, status, body, asked = earlier
                old = now - instant(asked) > (KEPT if status is not None else CLAIM_LASTS)
                if not old and known != fingerprint:
                    raise KeyReused("This Idempotency-Key came with a different request: use a new one.")
                if not old and status is None:
                    raise StillRunning("The first request with this Idempotency-Key is still running.")
                if not old:
                    return KeptAnswer(status=status, body=body or b"")
                changes.write(store.DELETE_ANSWER, (tenant_id, name, key, asked))
            elif store.count_answers(connection, tenant_id, name) >= ANSWERS_PER_CALLER:
                raise Conflict(f"More than {ANSWERS_PER_CALLER} Idempotency-Keys in a day: try again later.")
            row: tuple[Any, ...] = (tenant_id, name, key, fingerprint, None, None, micros(now))
            changes.write(store.INSERT_ANSWER, row)
            return claim

        return await self._database.decide(claim_it, tenant_id)

    async def keep(self, claim: Claim, *, status: int, body: bytes) -> None:
        """Keep the answer; one too big to keep is kept as its status alone."""
        changes = ChangeSet(claim.tenant_id)
        kept = body if len(body) <= BODY_MAX else b""
        changes.write(
            store.KEEP_ANSWER,
            (status, kept, claim.tenant_id, claim.caller, claim.key, micros(claim.asked_at)),
        )
        await self._database.commit(changes)

    async def release(self, claim: Claim) -> None:
        """The work was not done (a mistake of the caller): the key may be used again."""
        changes = ChangeSet(claim.tenant_id)
        row = (claim.tenant_id, claim.caller, claim.key, micros(claim.asked_at))
        changes.write(store.DELETE_ANSWER, row)
        await self._database.commit(changes)
