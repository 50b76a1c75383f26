"""Who is calling: a key or a cookie turned into a `Caller`, remembered for a few seconds.

A page of the console asks ten things at once, and an integration asks all day: the answer to "who is
this" is kept for `REMEMBERED_S`, so that a revoked key dies at once on the node that revoked it and
within that time on the others.
"""

from collections import OrderedDict

from currant.kit.clock import Clock
from currant.kit.ids import TenantId
from currant.tenancy.model import ApiKey, Caller, CallerKind, Organisation, Person, Role
from currant.tenancy.permissions import permissions_of

REMEMBERED_S = 10.0
REMEMBERED_MAX = 10_000


def caller_of_person(
    person: Person,
    *,
    host: bool,
    second_factor_missing: bool = False,
    csrf_token: str = "",
    session_digest: bytes = b"",
) -> Caller:
    return Caller(
        kind=CallerKind.PERSON,
        id=person.id,
        tenant_id=person.tenant_id,
        name=person.login,
        role=person.role,
        permissions=permissions_of(person.role, host=host),
        must_change_password=person.must_change_password,
        second_factor_missing=second_factor_missing,
        csrf_token=csrf_token,
        session_digest=session_digest,
    )


def caller_of_key(key: ApiKey, *, host: bool) -> Caller:
    return Caller(
        kind=CallerKind.KEY,
        id=key.id,
        tenant_id=key.tenant_id,
        name=key.name,
        role=key.role,
        permissions=permissions_of(key.role, host=host),
    )


def local_caller(organisation: Organisation) -> Caller:
    return Caller(
        kind=CallerKind.LOCAL,
        id="local",
        tenant_id=TenantId(organisation.id),
        name="local",
        role=Role.OWNER,
        # It acts as the organisation's owner; only in the host organisation that makes further ones.
        permissions=permissions_of(Role.OWNER, host=organisation.host),
    )


class CallerCache:
    """The callers of the last seconds by the digest of their secret; bounded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._callers: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def get(self, digest: bytes) -> Caller | None:
        found = self._callers.get(digest)
        if found is None or self._clock.monotonic() - found[1] >= REMEMBERED_S:
            return None
        return found[0]

    def keep(self, digest: bytes, caller: Caller) -> None:
        self._callers[digest] = (caller, self._clock.monotonic())
        self._callers.move_to_end(digest)
        if len(self._callers) > REMEMBERED_MAX:
            self._callers.popitem(last=False)

    def clear(self) -> None:
        """Something about people or keys changed, which is rare: ask the store again for all of them."""
        self._callers.clear()
