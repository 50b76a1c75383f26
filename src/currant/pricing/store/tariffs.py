"""Tariffs and their versions: rows to values, values to rows, queries."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, func, or_, select

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import TariffId, TariffVersionId, TenantId
from currant.pricing.model import Prices, Standing, Tariff, TariffVersion
from currant.pricing.store import tables

_t, _v = tables.tariffs.c, tables.tariff_versions.c
_json = msgspec.json.Encoder()
_prices = msgspec.json.Decoder(Prices)
_texts = msgspec.json.Decoder(dict[str, str])


def insert(changes: ChangeSet, tariff: Tariff) -> None:
    changes.write(
        tables.INSERT_TARIFF,
        (
            tariff.id,
            tariff.tenant_id,
            tariff.name,
            tariff.currency,
            tariff.archived,
            micros(tariff.created_at),
        ),
    )


def save(changes: ChangeSet, tariff: Tariff) -> None:
    changes.write(tables.UPDATE_TARIFF, (tariff.name, tariff.archived, tariff.id, tariff.tenant_id))


def insert_version(changes: ChangeSet, version: TariffVersion) -> None:
    """A new draft."""
    changes.write(
        tables.INSERT_VERSION,
        (
            version.id,
            version.tenant_id,
            version.tariff_id,
            version.number,
            version.standing.value,
            _json.encode(version.prices).decode(),
            _json.encode(version.texts).decode(),
            None,
            micros(version.created_at),
            None,
            None,
        ),
    )


def save_draft(changes: ChangeSet, version: TariffVersion) -> None:
    """Other prices and texts, of a draft alone: of anything else it changes nothing."""
    changes.write(
        tables.UPDATE_DRAFT,
        (
            _json.encode(version.prices).decode(),
            _json.encode(version.texts).decode(),
            version.id,
            version.tenant_id,
            Standing.DRAFT.value,
        ),
    )


def publish(changes: ChangeSet, version: TariffVersion) -> None:
    assert version.valid_from is not None
    assert version.published_at is not None
    changes.write(
        tables.PUBLISH_VERSION,
        (
            Standing.PUBLISHED.value,
            micros(version.valid_from),
            micros(version.published_at),
            version.id,
            version.tenant_id,
            Standing.DRAFT.value,
        ),
    )


def withdraw(changes: ChangeSet, version: TariffVersion, *, was: Standing) -> None:
    assert version.withdrawn_at is not None
    changes.write(
        tables.WITHDRAW_VERSION,
        (
            Standing.WITHDRAWN.value,
            micros(version.withdrawn_at),
            version.id,
            version.tenant_id,
            was.value,
        ),
    )


def by_id(conn: Connection, tenant_id: TenantId, tariff_id: TariffId) -> Tariff | None:
    query = select(tables.tariffs).where(_t.tenant_id == tenant_id, _t.id == tariff_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _tariff(row)


def id_by_name(conn: Connection, tenant_id: TenantId, name: str) -> TariffId | None:
    return conn.execute(select(_t.id).where(_t.tenant_id == tenant_id, _t.name == name)).scalar_one_or_none()


def count(conn: Connection, tenant_id: TenantId) -> int:
    query = select(func.count()).select_from(tables.tariffs).where(_t.tenant_id == tenant_id)
    return conn.execute(query).scalar_one()


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    text: str | None,
    archived: bool,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Tariff]:
    """By name; `after` is (name, id) of the last one seen."""
    query = select(tables.tariffs).where(_t.tenant_id == tenant_id)
    if not archived:
        query = query.where(_t.archived.is_(False))
    if text:
        query = query.where(_t.name.icontains(text, autoescape=True))
    if after is not None:
        query = query.where(or_(_t.name > after[0], and_(_t.name == after[0], _t.id > after[1])))
    return [_tariff(row) for row in conn.execute(query.order_by(_t.name, _t.id).limit(limit))]


def versions_of(
    conn: Connection, tenant_id: TenantId, tariff_id: TariffId, *, limit: int
) -> list[TariffVersion]:
    """Those of a tariff, the latest number first."""
    query = select(tables.tariff_versions).where(_v.tenant_id == tenant_id, _v.tariff_id == tariff_id)
    return [_version(row) for row in conn.execute(query.order_by(_v.number.desc()).limit(limit))]


def version(conn: Connection, tenant_id: TenantId, version_id: TariffVersionId) -> TariffVersion | None:
    query = select(tables.tariff_versions).where(_v.tenant_id == tenant_id, _v.id == version_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _version(row)


def numbered(conn: Connection, tenant_id: TenantId, tariff_id: TariffId, number: int) -> TariffVersion | None:
    query = select(tables.tariff_versions).where(
        _v.tenant_id == tenant_id, _v.tariff_id == tariff_id, _v.number == number
    )
    row = conn.execute(query).one_or_none()
    return None if row is None else _version(row)


def last_number(conn: Connection, tenant_id: TenantId, tariff_id: TariffId) -> int:
    query = select(func.max(_v.number)).where(_v.tenant_id == tenant_id, _v.tariff_id == tariff_id)
    return conn.execute(query).scalar_one() or 0


def everybodys_versions(conn: Connection, *, after: str, limit: int) -> list[TariffVersion]:
    """What was ever published, of every tenant, by id: for nodes that start."""
    query = select(tables.tariff_versions).where(_v.published_at.is_not(None), _v.id > after)
    return [_version(row) for row in conn.execute(query.order_by(_v.id).limit(limit))]


def _tariff(row: Row[Any]) -> Tariff:
    return Tariff(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        currency=row.currency,
        archived=row.archived,
        created_at=instant(row.created_at),
    )


def _version(row: Row[Any]) -> TariffVersion:
    return TariffVersion(
        id=row.id,
        tariff_id=row.tariff_id,
        tenant_id=row.tenant_id,
        number=row.number,
        standing=Standing(row.standing),
        prices=_prices.decode(row.prices),
        texts=_texts.decode(row.texts),
        valid_from=None if row.valid_from is None else instant(row.valid_from),
        created_at=instant(row.created_at),
        published_at=None if row.published_at is None else instant(row.published_at),
        withdrawn_at=None if row.withdrawn_at is None else instant(row.withdrawn_at),
    )
