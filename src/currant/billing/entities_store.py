"""The tables of legal entities, of how customers are billed, and of tax settings."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Connection, Table, Text, select

from currant.billing.entities_model import BillingProfile, LegalEntity
from currant.billing.tax.model import TaxSettings
from currant.db.commits import delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.kit.clock import micros
from currant.kit.ids import LegalEntityId, LocationId, TenantId

legal_entities = Table(
    "legal_entities",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

entity_locations = Table(
    "entity_locations",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("location_id", Text, primary_key=True),
    Column("entity_id", Text, nullable=False),
)

billing_profiles = Table(
    "billing_profiles",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

tax_settings = Table(
    "tax_settings",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

INSERT_ENTITY = insert_into(legal_entities)
CHANGE_ENTITY = update(
    legal_entities, set=("name", "is_default", "archived", "body"), where=("id", "tenant_id")
)
SELL_AT = upsert(entity_locations, "tenant_id", "location_id", "entity_id", key=("tenant_id", "location_id"))
SELL_NO_MORE = delete_from(entity_locations, where=("tenant_id", "location_id"))
SAVE_PROFILE = upsert(billing_profiles, key=("tenant_id", "owner"))
SAVE_TAX = upsert(tax_settings, key=("tenant_id",))

_entity = msgspec.json.Decoder(LegalEntity)
_profile = msgspec.json.Decoder(BillingProfile)
_tax = msgspec.json.Decoder(TaxSettings)

LOCATIONS_MAX = 10_000


def entity_row(entity: LegalEntity) -> tuple[Any, ...]:
    body = msgspec.json.encode(entity).decode()
    return (
        entity.id,
        entity.tenant_id,
        entity.name,
        entity.is_default,
        entity.archived,
        body,
        micros(entity.created_at),
    )


def changed_entity_row(entity: LegalEntity) -> tuple[Any, ...]:
    body = msgspec.json.encode(entity).decode()
    return (entity.name, entity.is_default, entity.archived, body, entity.id, entity.tenant_id)


def profile_row(profile: BillingProfile) -> tuple[Any, ...]:
    body = msgspec.json.encode(profile).decode()
    return (profile.tenant_id, profile.owner, body, micros(profile.updated_at))


def entities(conn: Connection, tenant_id: TenantId) -> list[LegalEntity]:
    """All of a tenant, in the order in which they were made."""
    c = legal_entities.c
    query = select(c.body).where(c.tenant_id == tenant_id).order_by(c.created_at, c.id)
    return [_entity.decode(row.body) for row in conn.execute(query)]


def entity(conn: Connection, tenant_id: TenantId, entity_id: LegalEntityId) -> LegalEntity | None:
    c = legal_entities.c
    body = conn.execute(
        select(c.body).where(c.tenant_id == tenant_id, c.id == entity_id)
    ).scalar_one_or_none()
    return None if body is None else _entity.decode(body)


def default_entity(conn: Connection, tenant_id: TenantId) -> LegalEntity | None:
    c = legal_entities.c
    query = select(c.body).where(c.tenant_id == tenant_id, c.is_default.is_(True), c.archived.is_(False))
    body = conn.execute(query.order_by(c.created_at).limit(1)).scalar_one_or_none()
    return None if body is None else _entity.decode(body)


def entity_at(conn: Connection, tenant_id: TenantId, location_id: LocationId | None) -> LegalEntity | None:
    """Who sells at a location: the one set for it, or the tenant's default."""
    c = entity_locations.c
    if location_id is not None:
        query = select(c.entity_id).where(c.tenant_id == tenant_id, c.location_id == location_id)
        entity_id = conn.execute(query).scalar_one_or_none()
        if entity_id is not None:
            return entity(conn, tenant_id, entity_id)
    return default_entity(conn, tenant_id)


def locations_of(conn: Connection, tenant_id: TenantId, entity_id: LegalEntityId) -> list[LocationId]:
    """Where an entity sells by setting, at most LOCATIONS_MAX."""
    c = entity_locations.c
    query = select(c.location_id).where(c.tenant_id == tenant_id, c.entity_id == entity_id)
    return [
        LocationId(row.location_id)
        for row in conn.execute(query.order_by(c.location_id).limit(LOCATIONS_MAX))
    ]


def profile(conn: Connection, tenant_id: TenantId, owner: str) -> BillingProfile | None:
    c = billing_profiles.c
    body = conn.execute(select(c.body).where(c.tenant_id == tenant_id, c.owner == owner)).scalar_one_or_none()
    return None if body is None else _profile.decode(body)


def profiles(conn: Connection, tenant_id: TenantId, *, after: str, limit: int) -> list[BillingProfile]:
    """By owner, those after one."""
    c = billing_profiles.c
    query = select(c.body).where(c.tenant_id == tenant_id, c.owner > after).order_by(c.owner).limit(limit)
    return [_profile.decode(row.body) for row in conn.execute(query)]


def tax(conn: Connection, tenant_id: TenantId) -> TaxSettings:
    """The tenant's tax settings; the defaults when it has set none."""
    c = tax_settings.c
    body = conn.execute(select(c.body).where(c.tenant_id == tenant_id)).scalar_one_or_none()
    return TaxSettings() if body is None else _tax.decode(body)
