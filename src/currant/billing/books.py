"""Booking: entries and holds, inside whatever decision they belong to.

`post`, `hold`, `capture` and `void` are plain functions over the connection of a `decide`, so that a state and what
is booked for it become durable together. Each of them may be done again without harm.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.billing import books_reading_store as reading
from currant.billing import books_store as store
from currant.billing.ledger import (
    GUARDED,
    Account,
    AccountKind,
    BookedOtherwise,
    Entry,
    Hold,
    Leg,
    Posted,
    Standing,
    after,
    captured_hold,
    changed_hold,
    checked,
    expired_hold,
    voided_hold,
)
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import EntryId, TenantId, new_id


class NoSuchHold(NotFound):
    """There is no hold with this id."""

    code = "no_such_hold"


def post(connection: Connection, tenant_id: TenantId, entries: Iterable[Entry]) -> tuple[EntryId | None, ...]:
    """Book entries: their ids, in their order; None for one without legs (nothing to book).

    What is booked already for the same source and purpose is not booked again: its id is answered. Raises
    BookedOtherwise when that has other legs, Unbalanced for what is no entry, and NotEnough when a
    wallet, deposit or credit line would go below what it may.
    """
    return tuple(_post(connection, tenant_id, entry) if entry.legs else None for entry in entries)


def booked(
    connection: Connection, tenant_id: TenantId, source_type: str, source_id: str, purpose: str
) -> Posted | None:
    """What was booked for a source and purpose."""
    return store.entry_of(connection, tenant_id, source_type, source_id, purpose)


def booked_for(
    connection: Connection, tenant_id: TenantId, source_type: str, source_id: str
) -> Sequence[Posted]:
    """Everything that was booked for a source, in the order of booking."""
    return store.entries_of(connection, tenant_id, source_type, source_id)


def standing(connection: Connection, tenant_id: TenantId, account: Account) -> Standing:
    """What there is on a wallet, deposit or credit line, locked as long as this decision lasts.

    Of a credit line, what its owner owes already (on the account `receivable`) cannot be used again.
    """
    found = store.standing(connection, tenant_id, account, lock=True)
    if account.kind is not AccountKind.CREDIT_LINE:
        return found
    owes = Account(kind=AccountKind.RECEIVABLE, owner=account.owner, currency=account.currency)
    return msgspec.structs.replace(found, owed=max(0, reading.balance(connection, tenant_id, owes)))


def balance(connection: Connection, tenant_id: TenantId, account: Account) -> int:
    """What is booked on an account, with what this decision has booked: debits less credits."""
    return reading.balance(connection, tenant_id, account)


def hold(
    connection: Connection,
    tenant_id: TenantId,
    account: Account,
    amount: int,
    *,
    source_type: str,
    source_id: str,
    at: datetime,
    expires_at: datetime,
) -> Hold:
    """Set `amount` of a guarded account aside for a source, which holds once; again answers the same hold.

    Raises NotEnough, BookedOtherwise when the source holds another amount, Invalid.
    """
    if account.kind not in GUARDED:
        raise Invalid(f"Nothing can be held of an account of the kind {account.kind}.", field="account")
    if expires_at <= at:
        raise Invalid("A hold ends after it begins.", field="expires_at")
    placed = Hold(
        id=new_id(),
        tenant_id=tenant_id,
        account=account,
        amount=amount,
        source_type=source_type,
        source_id=source_id,
        placed_at=at,
        expires_at=expires_at,
    )
    changed_hold(placed, amount, expires_at)  # refuses amounts that are none
    known = store.hold_of(connection, tenant_id, source_type, source_id, account.kind)
    if known is not None:
        if known.account != account or known.amount != amount:
            raise BookedOtherwise(
                f"{source_type} {source_id} holds {known.amount} of {known.account.code} already.",
                hold_id=known.id,
            )
        return known
    _change(connection, tenant_id, account, held=amount)
    if not store.insert_hold(connection, tenant_id, placed):
        raise Conflict("This was held at the same moment by somebody else. Try again.")
    return placed


def held_for(
    connection: Connection,
    tenant_id: TenantId,
    source_type: str,
    source_id: str,
    kind: AccountKind = AccountKind.WALLET,
) -> Hold | None:
    """The hold of a source."""
    return store.hold_of(connection, tenant_id, source_type, source_id, kind)


def change_hold(
    connection: Connection, tenant_id: TenantId, hold_id: str, amount: int, *, expires_at: datetime
) -> Hold:
    """Hold more, less or longer, while it is open. Raises NoSuchHold, HoldSettled, NotEnough, Invalid."""
    before = _hold(connection, tenant_id, hold_id)
    changed = changed_hold(before, amount, expires_at)
    if changed != before:
        _change(connection, tenant_id, before.account, held=changed.amount - before.amount)
        store.save_hold(connection, tenant_id, changed)
    return changed


def capture(
    connection: Connection, tenant_id: TenantId, hold_id: str, entry: Entry, *, at: datetime
) -> tuple[Hold, EntryId]:
    """Take what `entry` takes from the held account, and release the rest of the hold.

    The entry debits that account by what is captured. Raises NoSuchHold, HoldSettled, Invalid for more than is held,
    and what `post` raises.
    """
    before = _hold(connection, tenant_id, hold_id)
    amount = sum(leg.amount for leg in entry.legs if leg.account == before.account)
    settled = captured_hold(before, amount, at)
    if settled is not before:
        # What was set aside is free for a moment, so that the entry can take it.
        _change(connection, tenant_id, before.account, held=-before.amount)
    (entry_id,) = post(connection, tenant_id, (entry,))
    assert entry_id is not None, "More than nothing was captured."
    if settled is not before:
        settled = msgspec.structs.replace(settled, entry_id=entry_id)
        store.save_hold(connection, tenant_id, settled)
    return settled, entry_id


def void(connection: Connection, tenant_id: TenantId, hold_id: str, *, at: datetime) -> Hold:
    """Release a hold; one that is free already stays as it is. Raises NoSuchHold, HoldSettled."""
    return _release(connection, tenant_id, _hold(connection, tenant_id, hold_id), at, lapsed=False)


def expire(connection: Connection, tenant_id: TenantId, hold_id: str, *, now: datetime) -> Hold:
    """Release a hold whose time is over; a settled one, or one whose time is not over, stays as it is."""
    return _release(connection, tenant_id, _hold(connection, tenant_id, hold_id), now, lapsed=True)


def _release(
    connection: Connection, tenant_id: TenantId, before: Hold, at: datetime, *, lapsed: bool
) -> Hold:
    settled = expired_hold(before, at) if lapsed else voided_hold(before, at)
    if settled is not before:
        _change(connection, tenant_id, before.account, held=-before.amount)
        store.save_hold(connection, tenant_id, settled)
    return settled


def _post(connection: Connection, tenant_id: TenantId, entry: Entry) -> EntryId:
    checked(entry)
    entry_id = EntryId(new_id())
    if not store.insert_entry(connection, tenant_id, entry_id, entry):
        known = store.entry_of(connection, tenant_id, entry.source_type, entry.source_id, entry.purpose)
        assert known is not None, "What is in the way of an entry is an entry."
        if _sorted(known.entry.legs) != _sorted(entry.legs):
            raise BookedOtherwise(
                f"{entry.source_type} {entry.source_id} has {entry.purpose} booked already, with other legs."
                " Book what differs under a purpose of its own.",
                entry_id=known.id,
            )
        return known.id
    moved: dict[Account, int] = {}
    for leg in entry.legs:
        if leg.account.kind in GUARDED:
            # A credit of ours is what they have.
            moved[leg.account] = moved.get(leg.account, 0) - leg.amount
    # In one order everywhere, so that two decisions cannot wait for each other.
    for account in sorted(moved):
        _change(connection, tenant_id, account, balance=moved[account])
    return entry_id


def _change(
    connection: Connection, tenant_id: TenantId, account: Account, *, balance: int = 0, held: int = 0
) -> None:
    after(standing(connection, tenant_id, account), balance=balance, held=held)
    store.change_standing(connection, tenant_id, account, balance=balance, held=held)


def _hold(connection: Connection, tenant_id: TenantId, hold_id: str) -> Hold:
    found = store.hold_by_id(connection, tenant_id, hold_id)
    if found is None:
        raise NoSuchHold("There is no such hold.", hold_id=hold_id)
    return found


def _sorted(some: Sequence[Leg]) -> list[tuple[Account, int]]:
    return sorted((leg.account, leg.amount) for leg in some)
