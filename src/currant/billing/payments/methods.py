"""Stored methods of payment: kept by the provider, known here by what it calls them. No card number comes here."""

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.billing.payments import store
from currant.billing.payments.model import (
    MethodChanged,
    MethodState,
    Payment,
    PaymentOwner,
    PaymentState,
    StoredMethod,
)
from currant.billing.payments.port import Ability, AskToStore, MethodStanding, ProviderError, Standing
from currant.billing.payments.providers import PaymentProviders
from currant.billing.payments.sandbox_account import NAME as SANDBOX
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import TenantId, new_id

METHODS_MAX = 20
"""Of one owner."""


class PaymentMethods:
    """Keeps and forgets methods."""

    def __init__(self, database: Database, providers: PaymentProviders, clock: Clock) -> None:
        self._database = database
        self._providers = providers
        self._clock = clock

    async def start(
        self,
        tenant_id: TenantId,
        owner: PaymentOwner,
        *,
        provider: str = "",
        return_url: str = "",
        by: str = "",
    ) -> StoredMethod:
        """Begin to keep a method: the payer enters it with the provider, as `next_action` says."""
        name = self._keeping(tenant_id, provider)
        adapter = self._providers.of(tenant_id, name)
        known = await self.of(tenant_id, owner)
        if len(known) >= METHODS_MAX:
            raise Conflict(f"Nobody has more than {METHODS_MAX} methods: remove one first.")
        method_id, now = new_id(), self._clock.now()
        customers = (each.customer_reference for each in known if each.provider == name)
        wanted = AskToStore(
            method_id=method_id,
            tenant_id=tenant_id,
            owner=owner,
            customer_reference=next(customers, ""),
            return_url=return_url if name == SANDBOX else self._providers.absolute(return_url),
        )
        try:
            # Nothing moves here: should we die before it is kept, the payer begins again.
            seen = await adapter.start_setup(wanted, key=method_id)
        except ProviderError as error:
            raise Conflict(f"{name} cannot keep a method now: {error.text}", reason=error.code) from None
        method = joined(
            StoredMethod(
                id=method_id,
                tenant_id=tenant_id,
                owner=owner,
                provider=name,
                state=MethodState.NEEDS_ACTION,
                created_at=now,
                changed_at=now,
            ),
            seen,
        )
        return await self._keep(method, by=by)

    async def refresh(self, tenant_id: TenantId, method_id: str) -> StoredMethod:
        """Ask the provider how far it is."""
        method = await self.get(tenant_id, method_id)
        if method.state is not MethodState.NEEDS_ACTION:
            return method
        try:
            seen = await self._providers.of(tenant_id, method.provider).fetch_setup(method.setup_reference)
        except ProviderError as error:
            raise Conflict(f"{method.provider} does not say: {error.text}", reason=error.code) from None
        after = joined(method, seen)
        return method if after == method else await self._keep(replace(after, changed_at=self._clock.now()))

    async def heard_of(self, tenant_id: TenantId, provider: str, setup_reference: str) -> bool:
        """The provider has news of a method that is being kept; whether we know it."""
        method = await self._database.read(
            lambda conn: store.method_by_setup(conn, tenant_id, provider, setup_reference)
        )
        if method is None:
            return False
        await self.refresh(tenant_id, method.id)
        return True

    async def of(self, tenant_id: TenantId, owner: PaymentOwner) -> tuple[StoredMethod, ...]:
        """An owner's methods, the one that is taken by itself first."""
        found = await self._database.read(
            lambda conn: store.methods_of(conn, tenant_id, owner, limit=METHODS_MAX)
        )
        return tuple(sorted(found, key=lambda each: not each.default))

    async def usual(self, tenant_id: TenantId, owner: PaymentOwner) -> StoredMethod | None:
        """The method to charge when nobody chooses; None when there is none that can be."""
        found = await self.of(tenant_id, owner)
        return next((each for each in found if each.state is MethodState.ACTIVE), None)

    async def get(self, tenant_id: TenantId, method_id: str) -> StoredMethod:
        method = await self._database.read(lambda conn: store.method(conn, tenant_id, method_id))
        if method is None:
            raise NotFound("There is no such method of payment.", field="method_id")
        return method

    async def prefer(self, tenant_id: TenantId, method_id: str, *, by: str = "") -> StoredMethod:
        """Take this one when nobody chooses."""
        method = await self.get(tenant_id, method_id)
        if method.state is not MethodState.ACTIVE:
            raise Conflict(f"This method is {method.state.value}.")
        return await self._keep(replace(method, default=True, changed_at=self._clock.now()), by=by)

    async def remove(self, tenant_id: TenantId, method_id: str, *, by: str = "") -> None:
        """Have the provider forget it, and charge it never again."""
        method = await self.get(tenant_id, method_id)
        if method.state is MethodState.REMOVED:
            return
        # First here: from now on nobody charges it, whatever the provider says.
        gone = replace(
            method,
            state=MethodState.REMOVED,
            default=False,
            next_action=None,
            changed_at=self._clock.now(),
        )
        await self._keep(gone, by=by)
        if method.reference:
            try:
                await self._providers.of(tenant_id, method.provider).forget_method(method.reference)
            except (ProviderError, Conflict) as error:
                raise Conflict(
                    f"It is not charged any more, but {method.provider} did not confirm that it forgot it: {error}"
                ) from None

    def _keeping(self, tenant_id: TenantId, wanted: str) -> str:
        for shown in self._providers.list(tenant_id):
            kind = next(kind for kind in self._providers.kinds if kind.name == shown.name)
            if shown.enabled and wanted in ("", shown.name) and Ability.STORED in kind.abilities:
                return shown.name
        raise Conflict("No provider here keeps methods of payment.", provider=wanted)

    async def _keep(self, method: StoredMethod, *, by: str = "") -> StoredMethod:
        return await self._database.decide(
            lambda conn, changes: keep(conn, changes, method, by=by), method.tenant_id
        )


def keep(conn: Connection, changes: ChangeSet, method: StoredMethod, *, by: str = "") -> StoredMethod:
    """Write a method down; the first that works is the one that is taken by itself."""
    before = store.method(conn, method.tenant_id, method.id)
    if before is not None and before.state is MethodState.REMOVED:
        return before
    after, owner = method, method.owner
    if after.state is MethodState.ACTIVE and not after.default:
        others = store.methods_of(conn, method.tenant_id, owner, limit=METHODS_MAX)
        if not any(each.default and each.id != method.id for each in others):
            after = replace(after, default=True)
    if after.default:
        changes.write(store.NO_DEFAULT, (False, method.tenant_id, owner.kind.value, owner.id))
    store.save_method(changes, after)
    if before is None or before.state is not after.state or by:
        changes.emit(
            MethodChanged(
                tenant_id=after.tenant_id,
                happened_at=after.changed_at,
                method_id=after.id,
                owner=owner,
                provider=after.provider,
                state=after.state,
                label=after.label,
                by=by,
            )
        )
    return after


def kept_with(conn: Connection, changes: ChangeSet, payment: Payment, seen: Standing) -> Payment:
    """The payment with the method that its provider keeps from now on, where its payer agreed to that."""
    if not (payment.store_method and payment.authorised and seen.method_reference) or payment.method_id:
        return payment
    method = StoredMethod(
        id=new_id(),
        tenant_id=payment.tenant_id,
        owner=payment.owner,
        provider=payment.provider,
        state=MethodState.ACTIVE,
        customer_reference=seen.customer_reference,
        reference=seen.method_reference,
        label=seen.method_label,
        created_at=payment.changed_at,
        changed_at=payment.changed_at,
    )
    keep(conn, changes, method)
    return replace(payment, method_id=method.id)


def joined(method: StoredMethod, seen: MethodStanding) -> StoredMethod:
    """The method with what its provider says; one that works or was removed goes back to neither."""
    if method.state in (MethodState.ACTIVE, MethodState.REMOVED):
        return method
    state: MethodState = method.state
    if seen.state is PaymentState.CAPTURED:
        state = MethodState.ACTIVE
    elif seen.state is PaymentState.FAILED:
        state = MethodState.FAILED
    waits = state is MethodState.NEEDS_ACTION
    return replace(
        method,
        state=state,
        setup_reference=seen.setup_reference or method.setup_reference,
        customer_reference=seen.customer_reference or method.customer_reference,
        reference=seen.reference or method.reference,
        label=seen.label or method.label,
        brand=seen.brand or method.brand,
        last4=seen.last4 or method.last4,
        expires=seen.expires or method.expires,
        failure=seen.failure if state is MethodState.FAILED else "",
        next_action=(seen.next_action or method.next_action) if waits else None,
    )
