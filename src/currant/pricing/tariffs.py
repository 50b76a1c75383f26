"""The verbs of tariffs: made, priced in drafts, published for good, withdrawn."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TariffId, TariffVersionId, TenantId, new_id
from currant.pricing import store
from currant.pricing.checks import check
from currant.pricing.drafts import (
    TariffChange,
    TariffDraft,
    TariffVersionDraft,
    check_currency,
    check_name,
    check_version,
)
from currant.pricing.events import TariffChanged, TariffPublished, TariffWithdrawn
from currant.pricing.findings import PriceSeverity
from currant.pricing.model import Prices, Standing, Tariff, TariffVersion
from currant.pricing.rulebook import PriceBook
from currant.stations import paging
from currant.stations.model import Page

TARIFFS_MAX = 2_000
"""Of one tenant."""
VERSIONS_MAX = 500
"""Of one tariff."""
VERSIONS_TOLD = 100
PAST_MAX = timedelta(minutes=1)
"""How long ago "now" may be when it arrives."""


class Tariffs:
    """Tariffs and their versions. A version is named by its number within the tariff."""

    def __init__(self, database: Database, book: PriceBook, clock: Clock) -> None:
        self._database = database
        self._book = book
        self._clock = clock

    async def create(self, tenant_id: TenantId, draft: TariffDraft, *, by: str) -> Tariff:
        check_currency(draft.currency)
        tariff = Tariff(
            id=TariffId(new_id()),
            tenant_id=tenant_id,
            name=check_name(draft.name),
            currency=draft.currency,
            created_at=self._clock.now(),
        )

        def make(conn: Connection, changes: ChangeSet) -> Tariff:
            if store.tariffs.count(conn, tenant_id) >= TARIFFS_MAX:
                raise Conflict(
                    f"There are {TARIFFS_MAX} tariffs already: give old ones new versions instead."
                )
            self._check_free(conn, tariff)
            store.tariffs.insert(changes, tariff)
            self._tell(changes, tariff, ("created",), by)
            return tariff

        return await self._database.decide(make, tenant_id)

    async def change(
        self, tenant_id: TenantId, tariff_id: TariffId, change: TariffChange, *, by: str
    ) -> Tariff:
        """Another name; or put away, once no price rule gives it any more."""

        def apply(conn: Connection, changes: ChangeSet) -> Tariff:
            before = _known(store.tariffs.by_id(conn, tenant_id, tariff_id), tariff_id)
            after = replace(
                before,
                name=before.name if change.name is UNSET else check_name(change.name),
                archived=before.archived if change.archived is UNSET else change.archived,
            )
            fields = tuple(
                name for name in ("name", "archived") if getattr(before, name) != getattr(after, name)
            )
            if not fields:
                return before
            if "name" in fields:
                self._check_free(conn, after)
            if after.archived and store.rules.live_of_tariff(
                conn, tenant_id, tariff_id, at=self._clock.now(), limit=1
            ):
                raise Conflict("Price rules give this tariff: end them first.", tariff=tariff_id)
            store.tariffs.save(changes, after)
            self._tell(changes, after, fields, by)
            return after

        return await self._database.decide(apply, tenant_id)

    async def get(self, tenant_id: TenantId, tariff_id: TariffId) -> tuple[Tariff, tuple[TariffVersion, ...]]:
        """A tariff and its latest 100 versions, the latest number first."""

        def look(conn: Connection) -> tuple[Tariff, tuple[TariffVersion, ...]]:
            tariff = _known(store.tariffs.by_id(conn, tenant_id, tariff_id), tariff_id)
            return tariff, tuple(store.tariffs.versions_of(conn, tenant_id, tariff_id, limit=VERSIONS_TOLD))

        return await self._database.read(look)

    async def list(
        self,
        tenant_id: TenantId,
        *,
        text: str | None = None,
        archived: bool = False,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Tariff]:
        """By name; those put away only when asked for."""
        limit = paging.bounded(limit)
        after = None
        if cursor is not None:
            name, tariff_id = paging.decode(cursor, str, str)
            after = (str(name), str(tariff_id))
        rows = await self._database.read(
            lambda conn: store.tariffs.search(
                conn, tenant_id, text=text, archived=archived, after=after, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda tariff: paging.encode(tariff.name, tariff.id))

    async def version(self, tenant_id: TenantId, version_id: TariffVersionId) -> TariffVersion:
        """A version by its id, a draft too."""
        held = self._book.get(version_id)
        if held is not None and held.tenant_id == tenant_id:
            return held
        found = await self._database.read(lambda conn: store.tariffs.version(conn, tenant_id, version_id))
        if found is None:
            raise NotFound(f"There is no version {version_id} of a tariff.", version=version_id)
        return found

    async def numbered(self, tenant_id: TenantId, tariff_id: TariffId, number: int) -> TariffVersion:
        return await self._database.read(lambda conn: _numbered(conn, tenant_id, tariff_id, number))

    # Versions

    async def draft(
        self, tenant_id: TenantId, tariff_id: TariffId, draft: TariffVersionDraft, *, by: str
    ) -> TariffVersion:
        """Begin a new version of a tariff. It prices nothing until it is published."""

        def make(conn: Connection, changes: ChangeSet) -> TariffVersion:
            tariff = _known(store.tariffs.by_id(conn, tenant_id, tariff_id), tariff_id)
            if tariff.archived:
                raise Conflict("This tariff was put away: bring it back first.", tariff=tariff_id)
            check_version(draft, tariff.currency)
            number = store.tariffs.last_number(conn, tenant_id, tariff_id) + 1
            if number > VERSIONS_MAX:
                raise Conflict(f"A tariff has at most {VERSIONS_MAX} versions: make a new one.")
            version = TariffVersion(
                id=TariffVersionId(new_id()),
                tariff_id=tariff_id,
                tenant_id=tenant_id,
                number=number,
                prices=draft.prices,
                texts=draft.texts,
                created_at=self._clock.now(),
            )
            store.tariffs.insert_version(changes, version)
            self._tell(changes, tariff, (f"draft {number}",), by)
            return version

        return await self._database.decide(make, tenant_id)

    async def redraft(
        self, tenant_id: TenantId, tariff_id: TariffId, number: int, draft: TariffVersionDraft, *, by: str
    ) -> TariffVersion:
        """Other prices for a draft; Conflict for what was published, which never changes."""

        def apply(conn: Connection, changes: ChangeSet) -> TariffVersion:
            tariff = _known(store.tariffs.by_id(conn, tenant_id, tariff_id), tariff_id)
            before = _numbered(conn, tenant_id, tariff_id, number)
            if before.standing is not Standing.DRAFT:
                raise Conflict(
                    f"Version {number} is {before.standing} and never changes: make a new version.",
                    version=number,
                )
            check_version(draft, tariff.currency)
            after = replace(before, prices=draft.prices, texts=draft.texts)
            if after != before:
                store.tariffs.save_draft(changes, after)
                self._tell(changes, tariff, (f"draft {number}",), by)
            return after

        return await self._database.decide(apply, tenant_id)

    async def publish(
        self,
        tenant_id: TenantId,
        tariff_id: TariffId,
        number: int,
        *,
        by: str,
        valid_from: datetime | None = None,
        expected: Prices | None = None,
        past: bool = False,
    ) -> TariffVersion:
        """Let a draft hold from `valid_from` on, or from now.

        Sessions that have begun keep their prices. Only with `past` may it have held already: for
        networks that are brought in. `expected` is what was looked at before: other prices are a Conflict.
        """
        now = self._clock.now()
        begins = now if valid_from is None else valid_from
        if begins.tzinfo is None:
            raise Invalid("valid_from needs a time zone, as in 2026-01-31T12:00:00Z.", field="valid_from")
        if begins < now - PAST_MAX and not past:
            raise Invalid(
                "A price cannot have held before it was published: choose now or a time to come.",
                field="valid_from",
            )

        draft = await self.numbered(tenant_id, tariff_id, number)
        sound = draft.prices if expected is None else expected
        if draft.standing is Standing.DRAFT:
            await self._check_sound(tenant_id, sound)

        def apply(conn: Connection, changes: ChangeSet) -> TariffVersion:
            tariff = _known(store.tariffs.by_id(conn, tenant_id, tariff_id), tariff_id)
            before = _numbered(conn, tenant_id, tariff_id, number)
            if before.standing is not Standing.DRAFT:
                raise Conflict(f"Version {number} is {before.standing} already.", version=number)
            if before.prices != sound:
                raise Conflict("Somebody has changed this draft meanwhile: look at it again.", version=number)
            if tariff.archived:
                raise Conflict("This tariff was put away: bring it back first.", tariff=tariff_id)
            check_version(TariffVersionDraft(prices=before.prices, texts=before.texts), tariff.currency)
            after = replace(before, standing=Standing.PUBLISHED, valid_from=begins, published_at=now)
            store.tariffs.publish(changes, after)
            changes.emit(
                TariffPublished(
                    tenant_id=tenant_id,
                    happened_at=now,
                    tariff_id=tariff_id,
                    version_id=after.id,
                    name=tariff.name,
                    number=number,
                    valid_from=begins,
                    by=by,
                )
            )
            return after

        version = await self._database.decide(apply, tenant_id)
        self._book.put_version(version)
        return version

    async def withdraw(
        self, tenant_id: TenantId, tariff_id: TariffId, number: int, *, by: str
    ) -> TariffVersion:
        """Let a version hold no longer: the one before it does again. A draft is put away."""

        def apply(conn: Connection, changes: ChangeSet) -> TariffVersion:
            tariff = _known(store.tariffs.by_id(conn, tenant_id, tariff_id), tariff_id)
            before = _numbered(conn, tenant_id, tariff_id, number)
            if before.standing is Standing.WITHDRAWN:
                return before
            now = self._clock.now()
            after = replace(before, standing=Standing.WITHDRAWN, withdrawn_at=now)
            store.tariffs.withdraw(changes, after, was=before.standing)
            if before.standing is Standing.DRAFT:
                self._tell(changes, tariff, (f"draft {number} put away",), by)
            else:
                changes.emit(
                    TariffWithdrawn(
                        tenant_id=tenant_id,
                        happened_at=now,
                        tariff_id=tariff_id,
                        version_id=after.id,
                        name=tariff.name,
                        number=number,
                        by=by,
                    )
                )
            return after

        version = await self._database.decide(apply, tenant_id)
        self._book.put_version(version)
        return version

    async def _check_sound(self, tenant_id: TenantId, prices: Prices) -> None:
        """Raise Invalid where prices contradict themselves; what is merely unwise is for people to weigh."""
        known = await self._database.read(partial(store.spot.markets, tenant_id=tenant_id, limit=1_000))
        markets = {market: currency for market, currency, _ in known}
        # In a thread of its own, and before the decision: with many limits it takes a moment.
        found = await asyncio.to_thread(check, prices, markets=markets)
        wrong = [finding for finding in found if finding.severity is PriceSeverity.ERROR]
        if wrong:
            raise Invalid(
                "These prices cannot hold: " + " ".join(finding.text for finding in wrong),
                field=f"prices.{wrong[0].where}",
                findings=[finding.code.value for finding in wrong],
            )

    def _check_free(self, conn: Connection, tariff: Tariff) -> None:
        known = store.tariffs.id_by_name(conn, tariff.tenant_id, tariff.name)
        if known not in (None, tariff.id):
            raise Conflict(f"A tariff with the name {tariff.name!r} exists already.", field="name")

    def _tell(self, changes: ChangeSet, tariff: Tariff, fields: tuple[str, ...], by: str) -> None:
        changes.emit(
            TariffChanged(
                tenant_id=tariff.tenant_id,
                happened_at=self._clock.now(),
                tariff_id=tariff.id,
                name=tariff.name,
                fields=fields,
                by=by,
            )
        )


def _known(tariff: Tariff | None, tariff_id: TariffId) -> Tariff:
    if tariff is None:
        raise NotFound(f"There is no tariff {tariff_id}.", tariff=tariff_id)
    return tariff


def _numbered(conn: Connection, tenant_id: TenantId, tariff_id: TariffId, number: int) -> TariffVersion:
    _known(store.tariffs.by_id(conn, tenant_id, tariff_id), tariff_id)
    version = store.tariffs.numbered(conn, tenant_id, tariff_id, number)
    if version is None:
        raise NotFound(f"The tariff has no version {number}.", tariff=tariff_id, version=number)
    return version
