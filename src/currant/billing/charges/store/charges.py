"""Prices fixed for sessions, charges and what explains them: rows to values, values to rows, queries."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, func, select, text, tuple_

from currant.billing.charges.model import (
    Charge,
    ChargeDetails,
    ChargeFilter,
    ChargeKind,
    ChargeState,
    PaidState,
    Payer,
    PayerKind,
    PriceLock,
)
from currant.billing.charges.store.tables import at_of, charge_details, charges, session_prices, us
from currant.billing.tax.model import TaxDecision
from currant.db.queries import Query
from currant.kit.clock import instant, micros
from currant.kit.ids import AccountId, ChargeId, LocationId, SessionId, TenantId
from currant.pricing.charge import Bill, RatedCharge
from currant.pricing.model import Purpose

UNBILLED_MAX = 50_000


def _fraction(value: Any) -> Any:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}" if value.denominator != 1 else str(value.numerator)
    raise NotImplementedError(f"{type(value).__name__} is not kept.")


def _read_fraction(type_: type, value: Any) -> Any:
    if type_ is Fraction:
        return Fraction(value)
    raise NotImplementedError(f"{type_.__name__} is not read.")


_encode = msgspec.json.Encoder(enc_hook=_fraction)
_rated = msgspec.json.Decoder(RatedCharge, dec_hook=_read_fraction)
_bill = msgspec.json.Decoder(Bill, dec_hook=_read_fraction)
_decision = msgspec.json.Decoder(TaxDecision)
_reasons = msgspec.json.Decoder(tuple[str, ...])


# Prices fixed for sessions


def lock_row(lock: PriceLock) -> tuple[Any, ...]:
    return (
        lock.session_id,
        lock.purpose.value,
        lock.tenant_id,
        lock.version_id,
        lock.rule_id,
        micros(lock.at),
        lock.token_id,
    )


_LOCKS = Query(
    select(session_prices).where(
        session_prices.c.session_id == bindparam("session"), session_prices.c.tenant_id == bindparam("tenant")
    ),
    "session",
    "tenant",
)


def locks_of(conn: Connection, tenant_id: TenantId, session_id: SessionId) -> dict[Purpose, PriceLock]:
    """What a session's prices were fixed to, by purpose."""
    found = [_lock(row) for row in _LOCKS.all(conn, session_id, tenant_id)]
    return {lock.purpose: lock for lock in found}


def locks_of_many(
    conn: Connection, tenant_id: TenantId, session_ids: Sequence[SessionId], purpose: Purpose
) -> dict[SessionId, PriceLock]:
    """The same of several sessions, for one purpose."""
    c = session_prices.c
    query = select(session_prices).where(
        c.tenant_id == tenant_id, c.session_id.in_(session_ids), c.purpose == purpose.value
    )
    return {lock.session_id: lock for lock in map(_lock, conn.execute(query))}


def _lock(row: Any) -> PriceLock:
    return PriceLock(
        tenant_id=row.tenant_id,
        session_id=row.session_id,
        purpose=Purpose(row.purpose),
        version_id=row.version_id,
        rule_id=row.rule_id,
        at=instant(row.at),
        token_id=row.token_id,
    )


# Charges


def charge_row(charge: Charge) -> tuple[Any, ...]:
    return (
        charge.id,
        charge.tenant_id,
        charge.session_id,
        charge.session_number,
        charge.purpose.value,
        charge.kind.value,
        charge.revision,
        charge.state.value,
        _encode.encode(charge.reasons).decode(),
        charge.paid.value,
        charge.payer.kind.value,
        charge.payer.owner,
        charge.payer.payment_id,
        charge.payer.method_id,
        charge.currency,
        charge.net,
        charge.tax,
        charge.gross,
        charge.collected,
        charge.reduced_by,
        charge.energy_wh,
        charge.version_id,
        charge.rule_id,
        charge.account_id,
        charge.token_id,
        charge.location_id,
        charge.station_id,
        charge.evse,
        micros(charge.started_at),
        micros(charge.ended_at),
        charge.time_zone,
        charge.jurisdiction,
        micros(charge.created_at),
        us(charge.finalised_at),
        charge.released_by,
        charge.credits,
        charge.document_id,
        charge.note,
    )


def charge_of(row: Any) -> Charge:
    return Charge(
        id=row.id,
        tenant_id=row.tenant_id,
        session_id=row.session_id,
        session_number=row.session_number,
        purpose=Purpose(row.purpose),
        kind=ChargeKind(row.kind),
        revision=row.revision,
        state=ChargeState(row.state),
        reasons=_reasons.decode(row.reasons),
        paid=PaidState(row.paid),
        payer=Payer(
            kind=PayerKind(row.payer_kind),
            owner=row.payer_owner,
            payment_id=row.payment_id,
            method_id=row.method_id,
        ),
        currency=row.currency,
        net=row.net,
        tax=row.tax,
        gross=row.gross,
        collected=row.collected,
        reduced_by=row.reduced_by,
        energy_wh=row.energy_wh,
        version_id=row.version_id,
        rule_id=row.rule_id,
        account_id=row.account_id,
        token_id=row.token_id,
        location_id=row.location_id,
        station_id=row.station_id,
        evse=row.evse,
        started_at=instant(row.started_at),
        ended_at=instant(row.ended_at),
        time_zone=row.time_zone,
        jurisdiction=row.jurisdiction,
        created_at=instant(row.created_at),
        finalised_at=at_of(row.finalised_at),
        released_by=row.released_by,
        credits=row.credits,
        document_id=row.document_id,
        note=row.note,
    )


def details_row(tenant_id: TenantId, charge_id: ChargeId, details: ChargeDetails) -> tuple[Any, ...]:
    return (
        charge_id,
        tenant_id,
        _encode.encode(details.rated).decode(),
        _encode.encode(details.bill).decode(),
        None if details.decision is None else _encode.encode(details.decision).decode(),
        details.entity_id,
    )


def one(conn: Connection, tenant_id: TenantId, charge_id: ChargeId) -> Charge | None:
    c = charges.c
    row = conn.execute(select(charges).where(c.id == charge_id, c.tenant_id == tenant_id)).first()
    return None if row is None else charge_of(row)


def details_of(conn: Connection, tenant_id: TenantId, charge_id: ChargeId) -> ChargeDetails | None:
    c = charge_details.c
    query = select(charge_details).where(c.charge_id == charge_id, c.tenant_id == tenant_id)
    row = conn.execute(query).first()
    return None if row is None else _details(row)


def _details(row: Any) -> ChargeDetails:
    return ChargeDetails(
        rated=_rated.decode(row.rated),
        bill=_bill.decode(row.bill),
        decision=None if row.decision is None else _decision.decode(row.decision),
        entity_id=row.entity_id,
    )


def bills_of(conn: Connection, tenant_id: TenantId, charge_ids: Sequence[ChargeId]) -> dict[ChargeId, Bill]:
    """The bills of several charges."""
    c = charge_details.c
    query = select(c.charge_id, c.bill).where(c.tenant_id == tenant_id, c.charge_id.in_(charge_ids))
    return {row.charge_id: _bill.decode(row.bill) for row in conn.execute(query)}


def of_session(conn: Connection, tenant_id: TenantId, session_id: SessionId) -> list[Charge]:
    """All charges and credits of a session, in the order in which they came about."""
    c = charges.c
    query = select(charges).where(c.session_id == session_id, c.tenant_id == tenant_id)
    return [charge_of(row) for row in conn.execute(query.order_by(c.revision, c.created_at, c.id))]


def current_of(
    conn: Connection, tenant_id: TenantId, session_ids: Sequence[SessionId], purpose: Purpose
) -> dict[SessionId, Charge]:
    """The charge that counts now, of each of several sessions that has one."""
    c = charges.c
    query = select(charges).where(
        c.tenant_id == tenant_id,
        c.session_id.in_(session_ids),
        c.purpose == purpose.value,
        c.kind == ChargeKind.CHARGE.value,
        c.state.not_in((ChargeState.VOID.value, ChargeState.CREDITED.value)),
    )
    found = [charge_of(row) for row in conn.execute(query.order_by(c.revision))]
    return {charge.session_id: charge for charge in found}


def of_payment(conn: Connection, tenant_id: TenantId, payment_id: str) -> list[Charge]:
    """The charges that a payment was made for, the latest last."""
    c = charges.c
    query = select(charges).where(c.payment_id == payment_id, c.tenant_id == tenant_id)
    return [charge_of(row) for row in conn.execute(query.order_by(c.revision))]


def search(
    conn: Connection,
    tenant_id: TenantId,
    wanted: ChargeFilter,
    *,
    before: tuple[int, str] | None,
    limit: int,
) -> list[Charge]:
    """Newest first by the end of the session, those before (microseconds, id)."""
    c = charges.c
    query = select(charges).where(*_conditions(tenant_id, wanted))
    if before is not None:
        query = query.where(tuple_(c.ended_at, c.id) < tuple_(*before))
    query = query.order_by(c.ended_at.desc(), c.id.desc()).limit(limit)
    return [charge_of(row) for row in conn.execute(query)]


def count(conn: Connection, tenant_id: TenantId, wanted: ChargeFilter, *, most: int) -> int:
    """How many there are, counted no further than `most`."""
    few = select(charges.c.id).where(*_conditions(tenant_id, wanted)).limit(most)
    return int(conn.execute(select(func.count()).select_from(few.subquery())).scalar_one())


def _conditions(tenant_id: TenantId, wanted: ChargeFilter) -> list[ColumnElement[bool]]:
    c = charges.c
    conditions: list[ColumnElement[bool]] = [c.tenant_id == tenant_id]
    for name in ("session_id", "account_id", "location_id", "station_id"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(c[name] == value)
    for name in ("state", "kind", "purpose", "paid"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(c[name] == value.value)
    if wanted.since is not None:
        conditions.append(c.ended_at >= micros(wanted.since))
    if wanted.until is not None:
        conditions.append(c.ended_at < micros(wanted.until))
    return conditions


def unbilled(
    conn: Connection,
    tenant_id: TenantId,
    account_id: AccountId,
    *,
    since: datetime,
    until: datetime,
    limit: int = UNBILLED_MAX,
) -> list[Charge]:
    """What an account is to be invoiced for and has not been: final charges and credits whose sessions
    ended between, in that order."""
    c = charges.c
    query = (
        select(charges)
        .where(
            c.tenant_id == tenant_id,
            c.account_id == account_id,
            c.purpose == Purpose.RETAIL.value,
            c.state.in_((ChargeState.FINAL.value, ChargeState.CREDITED.value)),
            c.payer_kind == PayerKind.ACCOUNT_INVOICE.value,
            c.document_id.is_(None),
            c.ended_at >= micros(since),
            c.ended_at < micros(until),
        )
        .order_by(c.ended_at, c.id)
        .limit(limit)
    )
    return [charge_of(row) for row in conn.execute(query)]


def owners_unbilled(
    conn: Connection, tenant_id: TenantId, *, since: datetime, until: datetime, after: str, limit: int
) -> list[AccountId]:
    """Accounts that `unbilled` has something of, in ascending order, those after one."""
    c = charges.c
    query = (
        select(c.account_id)
        .distinct()
        .where(
            c.tenant_id == tenant_id,
            c.purpose == Purpose.RETAIL.value,
            c.state.in_((ChargeState.FINAL.value, ChargeState.CREDITED.value)),
            c.payer_kind == PayerKind.ACCOUNT_INVOICE.value,
            c.document_id.is_(None),
            c.ended_at >= micros(since),
            c.ended_at < micros(until),
            c.account_id > after,
        )
        .order_by(c.account_id)
        .limit(limit)
    )
    return [AccountId(row.account_id) for row in conn.execute(query)]


def mark_documented(
    conn: Connection, tenant_id: TenantId, charge_ids: Iterable[ChargeId], document_id: str
) -> None:
    """Note that charges stand on an issued document, within a `Database.decide`."""
    c = charges.c
    conn.execute(
        charges.update()
        .where(c.id.in_(list(charge_ids)), c.tenant_id == tenant_id)
        .values(document_id=document_id)
    )


def waiting(conn: Connection, tenant_id: TenantId, *, limit: int) -> list[Charge]:
    """Charges that wait for market prices, the oldest first."""
    c = charges.c
    query = (
        select(charges)
        .where(c.tenant_id == tenant_id, c.state == ChargeState.WAITING_SPOT.value)
        .order_by(c.ended_at)
        .limit(limit)
    )
    return [charge_of(row) for row in conn.execute(query)]


def uncharged(
    conn: Connection, *, since: datetime, before: datetime, limit: int
) -> list[tuple[TenantId, SessionId]]:
    """Of every tenant, sessions that began between, have a price and no charge: most of them go on."""
    c = session_prices.c
    charged = select(charges.c.id).where(charges.c.session_id == c.session_id)
    query = (
        select(c.tenant_id, c.session_id)
        .where(
            c.purpose == Purpose.RETAIL.value,
            c.at >= micros(since),
            c.at < micros(before),
            ~charged.exists(),
        )
        .order_by(c.at)
        .limit(limit)
    )
    return [(TenantId(row.tenant_id), SessionId(row.session_id)) for row in conn.execute(query)]


def revenue(
    conn: Connection,
    tenant_id: TenantId,
    *,
    since: datetime,
    until: datetime,
    location_id: LocationId | None = None,
) -> list[tuple[str, int, int, int]]:
    """(currency, net, gross, charges) of what sessions that ended between came to, credits taken off."""
    c = charges.c
    query = (
        select(
            c.currency,
            func.sum(c.net),
            func.sum(c.gross),
            func.sum(func.coalesce(text("CASE WHEN kind = 'charge' THEN 1 ELSE 0 END"), 0)),
        )
        .where(
            c.tenant_id == tenant_id,
            c.purpose == Purpose.RETAIL.value,
            c.state.in_((ChargeState.FINAL.value, ChargeState.CREDITED.value)),
            c.ended_at >= micros(since),
            c.ended_at < micros(until),
        )
        .group_by(c.currency)
        .order_by(c.currency)
    )
    if location_id is not None:
        query = query.where(c.location_id == location_id)
    return [(row[0], int(row[1]), int(row[2]), int(row[3])) for row in conn.execute(query)]
