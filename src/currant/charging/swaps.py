"""Battery swaps (OCPP 2.1, block S) and what payment terminals settled by themselves (C19, C22, C23): kept, and shown.

Both are told by stations, each event once: one that is repeated is the same row.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Float, Index, Row, Table, Text, select

from currant.db.commits import ChangeSet, insert_into
from currant.db.engine import Database
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.event import Event
from currant.kit.ids import StationId, TenantId, new_id
from currant.stations import paging
from currant.stations.model import AttendedStation, Page

BATTERIES_MAX = 20
TEXT_MAX = 500


class SwapStep(StrEnum):
    IN = "in"
    """Batteries were put in."""
    OUT = "out"
    OUT_TIMEOUT = "out_timeout"
    """Batteries were offered and not taken in time (S03)."""


class Battery(msgspec.Struct, frozen=True, kw_only=True):
    """A battery and the slot it is in; state of charge and of health in percent."""

    evse: int
    serial_number: str
    soc_percent: float
    soh_percent: float
    made_at: datetime | None = None
    info: str = ""


class SwapEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a swap; `request_id` ties its steps together, and to the command that asked for it."""

    id: str
    tenant_id: TenantId
    station_id: StationId
    request_id: int
    step: SwapStep
    token_uid: str
    batteries: tuple[Battery, ...]
    at: datetime


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment terminal in a station settled, in the currency of the station."""

    id: str
    tenant_id: TenantId
    station_id: StationId
    reference: str
    """The payment service provider's."""
    status: str
    """settled, cancelled, rejected, failed"""
    amount: float
    settled_at: datetime
    transaction_id: str = ""
    receipt_id: str = ""
    receipt_url: str = ""
    vat_number: str = ""
    company: str = ""
    detail: str = ""


class BatteriesSwapped(Event, frozen=True, kw_only=True):
    station_id: StationId
    request_id: int
    step: SwapStep
    token_uid: str
    batteries: int


class PaymentSettled(Event, frozen=True, kw_only=True):
    """A terminal told how a payment ended."""

    station_id: StationId
    reference: str
    status: str
    amount: float
    transaction_id: str = ""


swaps = Table(
    "battery_swaps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("request_id", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("token_uid", Text, nullable=False),
    Column("batteries", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "tenant_id", "id"),
    Index(None, "station_id", "request_id"),
)

settlements = Table(
    "terminal_settlements",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("amount", Float, nullable=False),
    Column("settled_at", BigInteger, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("receipt_id", Text, nullable=False),
    Column("receipt_url", Text, nullable=False),
    Column("vat_number", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "tenant_id", "id"),
    Index(None, "station_id", "reference"),
)

INSERT_SWAP = insert_into(swaps)
INSERT_SETTLEMENT = insert_into(settlements)

_batteries = msgspec.json.Decoder(tuple[Battery, ...])


class Swaps:
    """Keeps what stations tell of swaps and settlements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def swapped(
        self,
        station: AttendedStation,
        *,
        request_id: int,
        step: SwapStep,
        token_uid: str,
        batteries: tuple[Battery, ...],
        at: datetime,
    ) -> None:
        """Keep a step of a swap; the same step of the same request again is no news."""
        told = msgspec.json.encode(batteries[:BATTERIES_MAX]).decode()

        def keep(conn: Connection, changes: ChangeSet) -> None:
            s = swaps.c
            known = select(s.id).where(
                s.station_id == station.station_id,
                s.tenant_id == station.tenant_id,
                s.request_id == request_id,
                s.step == step.value,
                s.batteries == told,
            )
            if conn.execute(known.limit(1)).first() is not None:
                return
            changes.write(
                INSERT_SWAP,
                (
                    new_id(),
                    station.tenant_id,
                    station.station_id,
                    request_id,
                    step.value,
                    token_uid[:TEXT_MAX],
                    told,
                    micros(at),
                ),
            )
            changes.emit(
                BatteriesSwapped(
                    tenant_id=station.tenant_id,
                    happened_at=at,
                    station_id=station.station_id,
                    request_id=request_id,
                    step=step,
                    token_uid=token_uid[:TEXT_MAX],
                    batteries=len(batteries),
                )
            )

        await self._database.decide(keep, station.tenant_id)

    async def settled(self, station: AttendedStation, settlement: Settlement) -> None:
        """Keep how a payment at a terminal ended; the same news again is none."""

        def keep(conn: Connection, changes: ChangeSet) -> None:
            s = settlements.c
            known = select(s.id).where(
                s.station_id == station.station_id,
                s.tenant_id == station.tenant_id,
                s.reference == settlement.reference,
                s.status == settlement.status,
            )
            if conn.execute(known.limit(1)).first() is not None:
                return
            row = msgspec.to_builtins(settlement) | {"settled_at": micros(settlement.settled_at)}
            changes.write(INSERT_SETTLEMENT, tuple(row[column.name] for column in settlements.columns))
            changes.emit(
                PaymentSettled(
                    tenant_id=station.tenant_id,
                    happened_at=settlement.settled_at,
                    station_id=station.station_id,
                    reference=settlement.reference,
                    status=settlement.status,
                    amount=settlement.amount,
                    transaction_id=settlement.transaction_id,
                )
            )

        await self._database.decide(keep, station.tenant_id)

    async def list_swaps(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        request_id: int | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[SwapEvent]:
        """Latest first."""
        limit = paging.bounded(limit)
        s = swaps.c
        query = select(swaps).where(s.tenant_id == tenant_id)
        if station_id is not None:
            query = query.where(s.station_id == station_id)
        if request_id is not None:
            query = query.where(s.request_id == request_id)
        if cursor is not None:
            query = query.where(s.id < paging.decode(cursor, str)[0])
        query = query.order_by(s.id.desc()).limit(limit + 1)
        rows = await self._database.read(lambda conn: [_swap(row) for row in conn.execute(query)])
        return paging.page(rows, limit, lambda swap: paging.encode(swap.id))

    async def list_settlements(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Settlement]:
        """Latest first."""
        limit = paging.bounded(limit)
        s = settlements.c
        query = select(settlements).where(s.tenant_id == tenant_id)
        if station_id is not None:
            query = query.where(s.station_id == station_id)
        if cursor is not None:
            query = query.where(s.id < paging.decode(cursor, str)[0])
        query = query.order_by(s.id.desc()).limit(limit + 1)
        rows = await self._database.read(lambda conn: [_settlement(row) for row in conn.execute(query)])
        return paging.page(rows, limit, lambda settlement: paging.encode(settlement.id))


def _swap(row: Row[Any]) -> SwapEvent:
    return SwapEvent(
        id=row.id,
        tenant_id=row.tenant_id,
        station_id=row.station_id,
        request_id=row.request_id,
        step=SwapStep(row.step),
        token_uid=row.token_uid,
        batteries=_batteries.decode(row.batteries),
        at=instant(row.at),
    )


def _settlement(row: Row[Any]) -> Settlement:
    values = dict(row._mapping) | {"settled_at": instant(row.settled_at)}
    return Settlement(**values)
