"""How organisations look, by the host name a browser comes to: held in memory, kept true on every node.

A page asks for its branding before anything else, so that is answered without a query. Changes
travel as `BrandingChanged`; a host name belongs to one organisation of the installation.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, NotAllowed, NotFound
from currant.kit.event import Event
from currant.kit.ids import TenantId
from currant.kit.pictures import cleaned
from currant.tenancy import branding_store as store
from currant.tenancy.branding_model import (
    Branding,
    BrandingChanged,
    BrandingDraft,
    BrandingRow,
    Logo,
    LogoKind,
    Logos,
    Picture,
    PublicBranding,
)
from currant.tenancy.branding_rules import MEDIA_TYPES, checked, checked_hosts, host_of, kind_of_picture
from currant.tenancy.model import OrganisationCreated, OrganisationRenamed
from currant.tenancy.organisations import Organisations

BRANDING_EVENTS: tuple[type[Event], ...] = (BrandingChanged, OrganisationCreated, OrganisationRenamed)
PICTURES_HELD_BYTES = 16 * 1024 * 1024

LOGO_KINDS = tuple(kind.value for kind in LogoKind)


class Brandings:
    """`start` comes first; `own_hosts` are the installation's own names, which are its host organisation's alone."""

    def __init__(
        self,
        database: Database,
        organisations: Organisations,
        clock: Clock,
        *,
        own_hosts: Iterable[str] = (),
    ) -> None:
        self._database = database
        self._organisations = organisations
        self._clock = clock
        self._own_hosts = frozenset(host_of(host) for host in own_hosts) - {""}
        self._rows: dict[TenantId, BrandingRow] = {}
        self._hosts: dict[str, TenantId] = {}
        self._names: dict[TenantId, str] = {}
        self._public: dict[TenantId, PublicBranding] = {}
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        self._pictures_bytes = 0

    async def start(self) -> None:
        """Take in what there is."""
        for row in await self._database.read(store.everybodys):
            self._take(row)
        after = ""
        while found := await self._organisations.list_all(after=after, limit=500):
            for organisation in found:
                self._names[organisation.id] = organisation.name
            after = found[-1].id

    async def follow(self, event: Event) -> None:
        """Keep up with what other nodes changed: a subscriber of `BRANDING_EVENTS`."""
        if isinstance(event, (OrganisationCreated, OrganisationRenamed)):
            self._names[event.tenant_id] = event.name
            self._public.pop(event.tenant_id, None)
            return
        tenant_id = event.tenant_id
        await self._know(tenant_id)
        row = await self._database.read(lambda connection: store.of_tenant(connection, tenant_id))
        if row is not None:
            self._take(row)

    async def _know(self, tenant_id: TenantId) -> None:
        """Have an organisation's name at hand; one made a moment ago may not have been heard of yet."""
        if tenant_id not in self._names:
            self._names[tenant_id] = (await self._organisations.get(tenant_id)).name

    def _take(self, row: BrandingRow) -> None:
        before = self._rows.get(row.tenant_id)
        for host in () if before is None else before.draft.hosts:
            if self._hosts.get(host) == row.tenant_id:
                del self._hosts[host]
        self._rows[row.tenant_id] = row
        for host in row.draft.hosts:
            self._hosts[host] = row.tenant_id
        self._public.pop(row.tenant_id, None)

    # For everybody

    def tenant_of_host(self, host: str) -> TenantId:
        """Whose pages are shown at a host name; the host organisation's where nobody else has it."""
        return self._hosts.get(host_of(host)) or self._organisations.host.id

    def is_branded(self, host: str) -> bool:
        """Whether a host name was given to an organisation for its drivers."""
        return host_of(host) in self._hosts

    def host_of(self, tenant_id: TenantId) -> str | None:
        """The first of an organisation's host names; None when it has none."""
        row = self._rows.get(tenant_id)
        return row.draft.hosts[0] if row is not None and row.draft.hosts else None

    def public(self, tenant_id: TenantId) -> PublicBranding:
        """How an organisation looks to drivers."""
        found = self._public.get(tenant_id)
        if found is None:
            of = msgspec.structs.asdict(self.get(tenant_id))
            del of["hosts"]
            found = self._public[tenant_id] = PublicBranding(tenant=self._name(tenant_id), **of)
        return found

    async def picture(self, digest: str) -> Picture:
        """A logo by its digest; NotFound when nobody has it (any more)."""
        held = self._pictures.get(digest)
        if held is not None:
            self._pictures.move_to_end(digest)
            return held
        owner = next((row.tenant_id for row in self._rows.values() if digest in _digests(row.logos)), None)
        found = None
        if owner is not None:
            tenant_id = owner
            found = await self._database.read(lambda conn: store.file(conn, tenant_id, digest))
        if found is None:
            raise NotFound("There is no such picture.")
        picture = Picture(media_type=found[0], content=found[1])
        self._pictures[digest] = picture
        self._pictures_bytes += len(picture.content)
        while self._pictures_bytes > PICTURES_HELD_BYTES:
            self._pictures_bytes -= len(self._pictures.popitem(last=False)[1].content)
        return picture

    # For those who run the organisation

    def get(self, tenant_id: TenantId) -> Branding:
        row = self._rows.get(tenant_id)
        draft, logos = (BrandingDraft(), Logos()) if row is None else (row.draft, row.logos)
        name = draft.name or self._name(tenant_id)
        return Branding(
            name=name,
            product_name=draft.product_name or name,
            primary_colour=draft.primary_colour,
            accent_colour=draft.accent_colour,
            logo_url=_url(logos.logo),
            dark_logo_url=_url(logos.dark_logo),
            icon_url=_url(logos.icon),
            support_email=draft.support_email,
            support_phone=draft.support_phone,
            hosts=draft.hosts,
            legal=draft.legal,
            driver_app=draft.driver_app,
            guests=draft.guests,
        )

    def _name(self, tenant_id: TenantId) -> str:
        return self._names.get(tenant_id) or self._organisations.host.name

    async def change(
        self, tenant_id: TenantId, draft: BrandingDraft, *, by: str, may_name_hosts: bool
    ) -> Branding:
        """Let an organisation look as the draft says. New host names need `may_name_hosts`."""
        draft = checked(draft)
        await self._know(tenant_id)
        if draft.name == self._name(tenant_id):
            draft = msgspec.structs.replace(draft, name="")

        def put(before: BrandingRow) -> tuple[BrandingRow, tuple[str, ...]]:
            new = set(draft.hosts) - set(before.draft.hosts)
            if new and not may_name_hosts:
                raise NotAllowed(
                    f"The host name {sorted(new)[0]} has to be given by the operator of this installation: ask "
                    "them for it. Whoever may choose names freely could choose somebody else's.",
                    field="hosts",
                )
            what = tuple(
                name
                for name in draft.__struct_fields__
                if getattr(draft, name) != getattr(before.draft, name)
            )
            return msgspec.structs.replace(before, draft=draft), what

        await self._save(tenant_id, put, by=by)
        return self.get(tenant_id)

    async def set_hosts(self, tenant_id: TenantId, hosts: Collection[str], *, by: str) -> Branding:
        """Give an organisation its host names: an act of the installation's operator."""
        names = checked_hosts(hosts)

        def put(before: BrandingRow) -> tuple[BrandingRow, tuple[str, ...]]:
            if names == before.draft.hosts:
                return before, ()
            return msgspec.structs.replace(
                before, draft=msgspec.structs.replace(before.draft, hosts=names)
            ), ("hosts",)

        await self._save(tenant_id, put, by=by)
        return self.get(tenant_id)

    async def set_picture(self, tenant_id: TenantId, kind: LogoKind, content: bytes, *, by: str) -> Branding:
        ending = kind_of_picture(content)
        if ending != "svg":
            content = (await asyncio.to_thread(cleaned, content)).content
        logo = Logo(digest=hashlib.sha256(content).hexdigest()[:40], ending=ending)
        await self._save_logo(tenant_id, kind, logo, content, by=by)
        return self.get(tenant_id)

    async def remove_picture(self, tenant_id: TenantId, kind: LogoKind, *, by: str) -> Branding:
        await self._save_logo(tenant_id, kind, None, b"", by=by)
        return self.get(tenant_id)

    async def _save_logo(
        self, tenant_id: TenantId, kind: LogoKind, logo: Logo | None, content: bytes, *, by: str
    ) -> None:
        def put(before: BrandingRow) -> tuple[BrandingRow, tuple[str, ...]]:
            if getattr(before.logos, kind.value) == logo:
                return before, ()
            logos = msgspec.structs.replace(before.logos, **{kind.value: logo})
            return msgspec.structs.replace(before, logos=logos), (kind.value,)

        await self._save(tenant_id, put, by=by, picture=(logo, content) if logo is not None else None)

    async def _save(
        self,
        tenant_id: TenantId,
        put: Any,
        *,
        by: str,
        picture: tuple[Logo, bytes] | None = None,
    ) -> None:
        now = self._clock.now()
        await self._know(tenant_id)

        def save(connection: Connection, changes: ChangeSet) -> BrandingRow:
            before = store.of_tenant(connection, tenant_id) or BrandingRow(
                tenant_id=tenant_id, draft=BrandingDraft(), updated_at=now
            )
            after, what = put(before)
            if not what:
                return before
            self._move_hosts(connection, changes, before, after)
            if picture is not None:
                logo, content = picture
                changes.write(store.SAVE_FILE, (tenant_id, logo.digest, MEDIA_TYPES[logo.ending], content))
            for digest in _digests(before.logos) - _digests(after.logos):
                changes.write(store.DELETE_FILE, (tenant_id, digest))
            changes.write(store.SAVE, store.row_of(after, now=micros(now)))
            changes.emit(BrandingChanged(tenant_id=tenant_id, happened_at=now, what=what, by=by))
            saved: BrandingRow = after
            return saved

        self._take(await self._database.decide(save, tenant_id))

    def _move_hosts(
        self, connection: Connection, changes: ChangeSet, before: BrandingRow, after: BrandingRow
    ) -> None:
        tenant_id = after.tenant_id
        for host in set(before.draft.hosts) - set(after.draft.hosts):
            changes.write(store.DELETE_HOST, (host, tenant_id))
        for host in sorted(set(after.draft.hosts) - set(before.draft.hosts)):
            if host in self._own_hosts and tenant_id != self._organisations.host.id:
                raise Conflict(f"{host} is this installation's own name: choose another.", field="hosts")
            if store.owner_of_host(connection, host) is not None:
                raise Conflict(f"{host} belongs to another organisation already.", field="hosts")
            changes.write(store.INSERT_HOST, (host, tenant_id))


def _url(logo: Logo | None) -> str | None:
    return None if logo is None else logo.url


def _digests(logos: Logos) -> set[str]:
    found = (logos.logo, logos.dark_logo, logos.icon)
    return {logo.digest for logo in found if logo is not None}
