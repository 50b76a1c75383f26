"""Which providers an organisation takes payments with, and with which keys.

They are few, so every node holds them all in memory. Keys and webhook secrets are sealed in the
database, are never told to anybody again, and are only opened to make the adapter that uses them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.billing.payments import store
from currant.billing.payments.model import (
    PaymentDraft,
    PaymentMode,
    PaymentProviderChanged,
    PayWith,
    StoredMethod,
)
from currant.billing.payments.port import Ability, PaymentProvider
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.crypto import new_secret, seal, unseal
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TenantId

VALUE_MAX = 500
HOOK_LENGTH = 32
PRIORITY_MAX = 1_000


class ProviderField(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a provider has to be told."""

    name: str
    title: str
    required: bool = True
    secret: bool = False
    choices: tuple[str, ...] = ()
    default: str = ""


class ProviderAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One organisation at one provider, as its adapter is made of it."""

    tenant_id: TenantId
    name: str
    hook: str
    hook_url: str
    """Where the provider's messages come to; empty when this server does not know its public address."""
    settings: dict[str, str]
    secrets: dict[str, str]


class ProviderKind(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that Currant knows, and how its adapter is made."""

    name: str
    title: str
    fields: tuple[ProviderField, ...]
    abilities: frozenset[Ability]
    pay_with: frozenset[PayWith]
    currencies: frozenset[str] = frozenset()
    """None: every one."""
    make: Callable[[ProviderAccount], PaymentProvider]


class ProviderSet(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation's account with a provider, without its secrets."""

    name: str
    enabled: bool
    priority: int
    settings: dict[str, str]
    secrets: tuple[str, ...]
    """Which are kept."""
    hook: str
    webhook_path: str
    webhook_url: str
    changed_at: datetime


class ProviderDraft(msgspec.Struct, frozen=True, kw_only=True):
    """How an account shall be. A secret that is left out stays as it is."""

    enabled: bool = True
    priority: int = 100
    """Where several can do it, the lowest number is taken."""
    settings: dict[str, str] = {}
    secrets: dict[str, str] = {}


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    shown: ProviderSet
    tenant_id: TenantId
    provider: PaymentProvider | None
    """None when its secrets cannot be opened (the installation's key was changed), or something is missing."""


class PaymentProviders:
    """The providers of every organisation."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        kinds: Sequence[ProviderKind],
        *,
        key: bytes,
        public_url: str = "",
    ) -> None:
        self._database = database
        self._clock = clock
        self._kinds = {kind.name: kind for kind in kinds}
        self._key = key
        self._public_url = public_url.rstrip("/")
        self._entries: dict[tuple[TenantId, str], _Entry] = {}

    @property
    def kinds(self) -> tuple[ProviderKind, ...]:
        return tuple(self._kinds.values())

    async def start(self) -> None:
        rows = await self._database.read(store.provider_rows)
        self._entries = {(row.tenant_id, row.name): self._entry(row) for row in rows}

    async def follow(self, event: PaymentProviderChanged) -> None:
        """Keep up with what other nodes changed."""
        tenant_id, name = event.tenant_id, event.provider
        row = await self._database.read(lambda conn: store.provider_row(conn, tenant_id, name))
        if row is None:
            self._entries.pop((tenant_id, name), None)
        else:
            self._entries[(tenant_id, name)] = self._entry(row)

    # Settings

    async def put(self, tenant_id: TenantId, name: str, draft: ProviderDraft, *, by: str) -> ProviderSet:
        """Take payments with this provider from now on. Secrets are kept sealed."""
        kind = self._kind(name)
        settings = _settings(kind, draft)
        if not 0 <= draft.priority <= PRIORITY_MAX:
            raise Invalid(f"A priority is 0 to {PRIORITY_MAX}.", field="priority")
        now = self._clock.now()

        def apply(conn: Connection, changes: ChangeSet) -> None:
            before = store.provider_row(conn, tenant_id, name)
            kept = {} if before is None else self._opened(tenant_id, name, bytes(before.secrets)) or {}
            secrets = {**kept, **{key: value for key, value in draft.secrets.items() if value}}
            for field in kind.fields:
                if field.secret and field.required and not secrets.get(field.name):
                    raise Invalid(f"{kind.title} needs this: {field.title}.", field=f"secrets.{field.name}")
            sealed = seal(msgspec.json.encode(secrets), key=self._key, about=_about(tenant_id, name))
            changes.write(
                store.SAVE_PROVIDER,
                (
                    tenant_id,
                    name,
                    new_secret(HOOK_LENGTH),
                    draft.enabled,
                    draft.priority,
                    msgspec.json.encode(settings).decode(),
                    sealed,
                    micros(now),
                ),
            )
            fields = ("enabled" if draft.enabled else "disabled", *sorted(settings), *sorted(draft.secrets))
            changes.emit(
                PaymentProviderChanged(
                    tenant_id=tenant_id, happened_at=now, provider=name, fields=fields, by=by
                )
            )

        await self._database.decide(apply, tenant_id)
        await self.follow(
            PaymentProviderChanged(tenant_id=tenant_id, happened_at=now, provider=name, fields=())
        )
        return self.get(tenant_id, name)

    async def remove(self, tenant_id: TenantId, name: str, *, by: str) -> None:
        """Forget the keys. Payments that are under way can be finished at the provider alone then."""
        self.get(tenant_id, name)
        changes = ChangeSet(tenant_id)
        changes.write(store.DELETE_PROVIDER, (tenant_id, name))
        changes.emit(
            PaymentProviderChanged(
                tenant_id=tenant_id,
                happened_at=self._clock.now(),
                provider=name,
                fields=("removed",),
                by=by,
            )
        )
        await self._database.commit(changes)
        self._entries.pop((tenant_id, name), None)

    def tenants(self) -> tuple[TenantId, ...]:
        """The organisations that have any."""
        return tuple({tenant_id: None for tenant_id, _ in self._entries})

    def list(self, tenant_id: TenantId) -> tuple[ProviderSet, ...]:
        """The organisation's, in the order in which they are taken."""
        return tuple(entry.shown for entry in self._of(tenant_id))

    def get(self, tenant_id: TenantId, name: str) -> ProviderSet:
        entry = self._entries.get((tenant_id, name))
        if entry is None:
            raise NotFound(
                f"No keys are kept for the provider {name}: set them with PUT /payment-providers/{name}.",
                field="name",
            )
        return entry.shown

    # Using them

    def of(self, tenant_id: TenantId, name: str) -> PaymentProvider:
        """The adapter, whether or not new payments are taken with it: old ones have to be finished."""
        entry = self._entries.get((tenant_id, name))
        if entry is None or entry.provider is None:
            raise Conflict(f"Payments with {name} cannot be looked after: set its keys again.", provider=name)
        return entry.provider

    def everybodys(self) -> tuple[tuple[TenantId, str], ...]:
        """Every organisation's providers that can be asked, whether or not new payments are taken with them."""
        return tuple(key for key, entry in self._entries.items() if entry.provider is not None)

    def by_hook(self, name: str, hook: str) -> tuple[TenantId, PaymentProvider] | None:
        """Whose messages come to an address; without a `hook` the only organisation that uses the provider."""
        found = [
            entry
            for (_, known), entry in self._entries.items()
            if known == name and (not hook or entry.shown.hook == hook)
        ]
        if len(found) != 1 or found[0].provider is None:
            return None
        return found[0].tenant_id, found[0].provider

    def absolute(self, address: str) -> str:
        """An address of ours as others need it; empty when our own is not known to this server."""
        if not address.startswith("/"):
            return address
        return f"{self._public_url}{address}" if self._public_url else ""

    def choose(self, tenant_id: TenantId, draft: PaymentDraft, method: StoredMethod | None) -> str:
        """The provider that a new payment is made with. Raises Invalid or Conflict when none can."""
        wanted = draft.provider or (method.provider if method is not None else "")
        if method is not None and wanted != method.provider:
            raise Invalid(f"This method is kept by {method.provider}.", field="provider")
        why = "No payment provider is set up: PUT /payment-providers/{name}."
        for entry in self._of(tenant_id):
            name = entry.shown.name
            if (wanted and name != wanted) or entry.provider is None:
                continue
            if not entry.shown.enabled:
                why = f"{name} takes no new payments: it is switched off."
                continue
            problem = _cannot(self._kinds[name], draft, stored=method is not None)
            if not problem:
                return name
            why = problem
        raise Conflict(why, provider=wanted)

    def _of(self, tenant_id: TenantId) -> Sequence[_Entry]:
        mine = [entry for (owner, _), entry in self._entries.items() if owner == tenant_id]
        return sorted(mine, key=lambda entry: (entry.shown.priority, entry.shown.name))

    def _kind(self, name: str) -> ProviderKind:
        kind = self._kinds.get(name)
        if kind is None:
            known = ", ".join(sorted(self._kinds))
            raise NotFound(f"There is no provider {name} here; there are: {known}.", field="name")
        return kind

    def _entry(self, row: object) -> _Entry:
        tenant_id = TenantId(row.tenant_id)  # type: ignore[attr-defined]
        name = str(row.name)  # type: ignore[attr-defined]
        hook = str(row.hook)  # type: ignore[attr-defined]
        settings = msgspec.json.decode(row.settings, type=dict[str, str])  # type: ignore[attr-defined]
        secrets = self._opened(tenant_id, name, bytes(row.secrets))  # type: ignore[attr-defined]
        path = f"/pay/{name}/webhook/{hook}"
        url = f"{self._public_url}{path}" if self._public_url else ""
        kind = self._kinds.get(name)
        provider = None
        if kind is not None and secrets is not None and _is_told(kind, settings, secrets):
            provider = kind.make(
                ProviderAccount(
                    tenant_id=tenant_id,
                    name=name,
                    hook=hook,
                    hook_url=url,
                    settings={
                        **{field.name: field.default for field in kind.fields if not field.secret},
                        **settings,
                    },
                    secrets=secrets,
                )
            )
        shown = ProviderSet(
            name=name,
            enabled=bool(row.enabled) and provider is not None,  # type: ignore[attr-defined]
            priority=int(row.priority),  # type: ignore[attr-defined]
            settings=settings,
            secrets=tuple(sorted(secrets or ())),
            hook=hook,
            webhook_path=path,
            webhook_url=url,
            changed_at=instant(row.changed_at),  # type: ignore[attr-defined]
        )
        return _Entry(shown=shown, tenant_id=tenant_id, provider=provider)

    def _opened(self, tenant_id: TenantId, name: str, sealed: bytes) -> dict[str, str] | None:
        try:
            opened = unseal(sealed, key=self._key, about=_about(tenant_id, name))
        except ValueError:
            return None
        return msgspec.json.decode(opened, type=dict[str, str])


def _is_told(kind: ProviderKind, settings: dict[str, str], secrets: dict[str, str]) -> bool:
    """Whether a provider was told all that it has to be: another version may ask for more."""
    given = {**settings, **secrets}
    return all(given.get(field.name) or field.default or not field.required for field in kind.fields)


def _about(tenant_id: TenantId, name: str) -> str:
    return f"payment provider {name} of {tenant_id}"


def _settings(kind: ProviderKind, draft: ProviderDraft) -> dict[str, str]:
    known = {field.name: field for field in kind.fields}
    given: list[tuple[str, Mapping[str, str], bool]] = [
        ("settings", draft.settings, False),
        ("secrets", draft.secrets, True),
    ]
    for where, values, secret in given:
        for name, value in values.items():
            field = known.get(name)
            if field is None or field.secret is not secret:
                raise Invalid(f"{kind.title} has no such field.", field=f"{where}.{name}")
            if len(value) > VALUE_MAX or not value.isprintable():
                raise Invalid(f"At most {VALUE_MAX} printable characters.", field=f"{where}.{name}")
            if field.choices and value not in field.choices:
                raise Invalid(f"One of {', '.join(field.choices)}.", field=f"{where}.{name}")
    for field in kind.fields:
        if not field.secret and field.required and not draft.settings.get(field.name) and not field.default:
            raise Invalid(f"{kind.title} needs this: {field.title}.", field=f"settings.{field.name}")
    return dict(draft.settings)


def _cannot(kind: ProviderKind, draft: PaymentDraft, *, stored: bool) -> str:
    """Why a provider cannot take a payment; empty when it can."""
    if kind.currencies and draft.amount.currency not in kind.currencies:
        return f"{kind.title} takes no {draft.amount.currency}."
    if draft.pay_with not in kind.pay_with:
        return f"{kind.title} cannot be paid with {draft.pay_with.value}."
    if draft.mode is PaymentMode.HOLD:
        if Ability.HOLD not in kind.abilities:
            return f"{kind.title} cannot hold money: take it beforehand (prepay)."
        if draft.pay_with in (PayWith.UPI_COLLECT, PayWith.UPI_INTENT, PayWith.UPI_QR):
            return "Nothing can be held by UPI: take it beforehand (prepay)."
    if (stored or draft.store_method) and Ability.STORED not in kind.abilities:
        return f"{kind.title} keeps no methods."
    return ""
