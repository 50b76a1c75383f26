"""Who sells where, how customers want to be billed, and a tenant's tax settings: kept and looked up."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection

from currant.billing import entities_store as store
from currant.billing.entities_model import (
    BillingProfile,
    BillingProfileChanged,
    BillingProfileDraft,
    EntityDraft,
    LegalEntity,
    LegalEntityChanged,
    TaxSettingsChanged,
    check_entity,
    check_owner,
)
from currant.billing.tax.model import Customer, Product, Supply, TaxDecision, TaxEngine, TaxPlace, TaxSettings
from currant.billing.tax.rules import RuleEngine
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import LegalEntityId, LocationId, TenantId, new_id
from currant.kit.vat import is_plausible
from currant.pricing.bills import TaxRates

ENTITIES_MAX = 200


class Entities:
    """Legal entities, billing profiles and tax settings of every tenant."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, tenant_id: TenantId) -> tuple[LegalEntity, ...]:
        return tuple(await self._database.read(lambda conn: store.entities(conn, tenant_id)))

    async def get(self, tenant_id: TenantId, entity_id: LegalEntityId) -> LegalEntity:
        return _known(await self._database.read(lambda conn: store.entity(conn, tenant_id, entity_id)))

    async def at(self, tenant_id: TenantId, location_id: LocationId | None) -> LegalEntity | None:
        """Who sells at a location; None where nobody is set and there is no default."""
        return await self._database.read(lambda conn: store.entity_at(conn, tenant_id, location_id))

    async def add(self, tenant_id: TenantId, draft: EntityDraft, *, by: str) -> LegalEntity:
        """A new legal entity; the first one is the default whatever it says."""
        check_entity(draft)
        now = self._clock.now()
        entity_id = LegalEntityId(new_id())

        def add(conn: Connection, changes: ChangeSet) -> LegalEntity:
            others = store.entities(conn, tenant_id)
            if len(others) >= ENTITIES_MAX:
                raise Conflict(f"There are {ENTITIES_MAX} legal entities: change one of them.")
            entity = _made(draft, entity_id, tenant_id, now, is_default=draft.is_default or not others)
            changes.write(store.INSERT_ENTITY, store.entity_row(entity))
            _only_default(changes, entity, others)
            changes.emit(_changed(entity, "added", by, now))
            return entity

        return await self._database.decide(add, tenant_id)

    async def change(
        self, tenant_id: TenantId, entity_id: LegalEntityId, draft: EntityDraft, *, by: str
    ) -> LegalEntity:
        """All of an entity anew. Documents that were issued keep what it was."""
        now = self._clock.now()

        def change(conn: Connection, changes: ChangeSet) -> LegalEntity:
            before = _known(store.entity(conn, tenant_id, entity_id))
            check_entity(draft)
            entity = _made(draft, before.id, tenant_id, before.created_at, is_default=draft.is_default)
            entity = msgspec.structs.replace(entity, archived=before.archived)
            others = [each for each in store.entities(conn, tenant_id) if each.id != entity_id]
            if before.is_default and not entity.is_default:
                raise Conflict("Make another legal entity the default first.", field="is_default")
            changes.write(store.CHANGE_ENTITY, store.changed_entity_row(entity))
            _only_default(changes, entity, others)
            changes.emit(_changed(entity, "changed", by, now))
            return entity

        return await self._database.decide(change, tenant_id)

    async def archive(
        self, tenant_id: TenantId, entity_id: LegalEntityId, *, archived: bool, by: str
    ) -> LegalEntity:
        """Let it sell no more (or again). Its documents stay."""
        now = self._clock.now()

        def archive(conn: Connection, changes: ChangeSet) -> LegalEntity:
            before = _known(store.entity(conn, tenant_id, entity_id))
            if before.is_default and archived:
                raise Conflict("Make another legal entity the default first.", field="is_default")
            entity = msgspec.structs.replace(before, archived=archived)
            changes.write(store.CHANGE_ENTITY, store.changed_entity_row(entity))
            changes.emit(_changed(entity, "archived" if archived else "revived", by, now))
            return entity

        return await self._database.decide(archive, tenant_id)

    async def locations(self, tenant_id: TenantId, entity_id: LegalEntityId) -> tuple[LocationId, ...]:
        """Where an entity sells by setting; the default one also sells wherever nobody is set."""

        def read(conn: Connection) -> tuple[LocationId, ...]:
            _known(store.entity(conn, tenant_id, entity_id))
            return tuple(store.locations_of(conn, tenant_id, entity_id))

        return await self._database.read(read)

    async def sell_at(
        self, tenant_id: TenantId, entity_id: LegalEntityId, locations: tuple[LocationId, ...], *, by: str
    ) -> None:
        """Let an entity sell at exactly these locations; whoever sold there before does no more."""
        now = self._clock.now()

        def change(conn: Connection, changes: ChangeSet) -> None:
            entity = _known(store.entity(conn, tenant_id, entity_id))
            wanted = set(locations)
            for left in set(store.locations_of(conn, tenant_id, entity_id)) - wanted:
                changes.write(store.SELL_NO_MORE, (tenant_id, left))
            for location in sorted(wanted):
                changes.write(store.SELL_AT, (tenant_id, location, entity_id))
            changes.emit(_changed(entity, "locations", by, now))

        await self._database.decide(change, tenant_id)

    async def profile(self, tenant_id: TenantId, owner: str) -> BillingProfile:
        """How somebody is billed; NotFound when nothing was said."""
        check_owner(owner)
        found = await self._database.read(lambda conn: store.profile(conn, tenant_id, owner))
        if found is None:
            raise NotFound("Nobody has said how they are billed yet.", owner=owner)
        return found

    async def save_profile(
        self, tenant_id: TenantId, owner: str, draft: BillingProfileDraft, *, by: str
    ) -> BillingProfile:
        check_owner(owner)
        if draft.tax_id and not is_plausible(draft.tax_id):
            raise Invalid("This cannot be a VAT number or GSTIN: look at its digits again.", field="tax_id")
        now = self._clock.now()
        profile = BillingProfile(
            **{name: getattr(draft, name) for name in BillingProfileDraft.__struct_fields__},
            owner=owner,
            tenant_id=tenant_id,
            updated_at=now,
        )
        changes = ChangeSet(tenant_id)
        changes.write(store.SAVE_PROFILE, store.profile_row(profile))
        changes.emit(BillingProfileChanged(tenant_id=tenant_id, happened_at=now, owner=owner, by=by))
        await self._database.commit(changes)
        return profile

    async def tax_settings(self, tenant_id: TenantId) -> TaxSettings:
        return await self._database.read(lambda conn: store.tax(conn, tenant_id))

    async def save_tax_settings(self, tenant_id: TenantId, settings: TaxSettings, *, by: str) -> TaxSettings:
        now = self._clock.now()
        changes = ChangeSet(tenant_id)
        body = msgspec.json.encode(settings).decode()
        changes.write(store.SAVE_TAX, (tenant_id, body, micros(now)))
        changes.emit(TaxSettingsChanged(tenant_id=tenant_id, happened_at=now, by=by))
        await self._database.commit(changes)
        return settings


class SupplyTaxed(msgspec.Struct, frozen=True, kw_only=True):
    """What tax there is on a supply: the entity that sells, the decision, and rates by kind of line."""

    entity: LegalEntity
    decision: TaxDecision
    rates: TaxRates


def taxed(
    conn: Connection,
    tenant_id: TenantId,
    *,
    location_id: LocationId | None,
    place: TaxPlace,
    owner: str,
    on: date,
    product: Product = Product.CHARGING,
    engine: TaxEngine | None = None,
) -> SupplyTaxed | None:
    """The taxes on what somebody (`owner`, or a guest) gets at a location; None where no legal entity sells.

    A place without a country is taken to be the seller's, and one without a state, in the seller's country, its state.
    For use inside another part's `decide` or `read`. `engine` is a service's; without it our own rules decide.
    """
    entity = store.entity_at(conn, tenant_id, location_id)
    if entity is None:
        return None
    place = _known_place(place, entity)
    profile = store.profile(conn, tenant_id, owner) if owner else None
    customer = Customer() if profile is None else profile.customer()
    supply = Supply(seller=entity.seller(), customer=customer, place=place, product=product, on=on)
    engine = engine or RuleEngine(store.tax(conn, tenant_id))
    return SupplyTaxed(entity=entity, decision=engine.decide(supply), rates=engine.rates(supply))


def _known_place(place: TaxPlace, entity: LegalEntity) -> TaxPlace:
    country = place.country or entity.country
    state = place.state or (entity.address.state if country == entity.country else "")
    return msgspec.structs.replace(place, country=country, state=state)


def _made(
    draft: EntityDraft,
    entity_id: LegalEntityId,
    tenant_id: TenantId,
    created_at: datetime,
    *,
    is_default: bool,
) -> LegalEntity:
    facts = {name: getattr(draft, name) for name in EntityDraft.__struct_fields__}
    facts["is_default"] = is_default
    return LegalEntity(**facts, id=entity_id, tenant_id=tenant_id, created_at=created_at)


def _only_default(changes: ChangeSet, entity: LegalEntity, others: Sequence[LegalEntity]) -> None:
    for other in others:
        if entity.is_default and other.is_default:
            no_more = msgspec.structs.replace(other, is_default=False)
            changes.write(store.CHANGE_ENTITY, store.changed_entity_row(no_more))


def _changed(entity: LegalEntity, what: str, by: str, at: datetime) -> LegalEntityChanged:
    return LegalEntityChanged(
        tenant_id=entity.tenant_id, happened_at=at, entity_id=entity.id, name=entity.name, what=what, by=by
    )


def _known(entity: LegalEntity | None) -> LegalEntity:
    if entity is None:
        raise NotFound("There is no such legal entity.", field="entity_id")
    return entity
