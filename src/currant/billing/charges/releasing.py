"""What people decide about charges: let one through, void it, take it back, or give part of it back."""

from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import Connection

from currant.billing.charges import settling, store
from currant.billing.charges.common import Common, no_charge
from currant.billing.charges.model import (
    Charge,
    ChargeKind,
    ChargeReleased,
    ChargeState,
    Payer,
    PayerKind,
    facts_of,
)
from currant.billing.charges.settling import File, Step
from currant.db.commits import ChangeSet
from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import AccountId, ChargeId, TenantId
from currant.kit.money import from_minor, to_minor
from currant.pricing import allowances, redeeming

NOTE_MAX = 500
OPEN_STATES = (ChargeState.REVIEW, ChargeState.PENDING, ChargeState.WAITING_SPOT)


class Releasing(Common):
    """The verbs of people."""

    async def release(
        self,
        tenant_id: TenantId,
        charge_id: ChargeId,
        *,
        by: str,
        note: str,
        account_id: AccountId | None = None,
    ) -> Charge:
        """Let a charge through that waited for a person; paid by an account's invoice where nobody was known.

        Conflict when it does not wait, or when nobody would pay for it.
        """
        if account_id is not None:
            await self._access.get_account(tenant_id, account_id)

        def step(file: File, charge: Charge) -> Step:
            if charge.state is not ChargeState.REVIEW:
                raise Conflict(f"This charge is {charge.state.value}: only one in review can be released.")
            payer = charge.payer
            if account_id is not None:
                payer = Payer(kind=PayerKind.ACCOUNT_INVOICE, owner=account_id)
            if payer.kind is PayerKind.NOBODY:
                raise Conflict(
                    "Nobody is known who would pay for it: name an account, or void the charge.",
                    field="account_id",
                )
            return settling.released(file, charge, by=by, note=note, payer=payer)

        return await self._decided(tenant_id, charge_id, step, by=by, action="released", note=note)

    async def void(self, tenant_id: TenantId, charge_id: ChargeId, *, by: str, note: str) -> Charge:
        """Say of a charge that waits that nothing is owed. Conflict when it is final: credit that."""

        def step(_: File, charge: Charge) -> Step:
            if charge.state not in OPEN_STATES:
                raise Conflict(f"This charge is {charge.state.value}: only one that waits can be voided.")
            return settling.voided(charge, by=by, note=note)

        return await self._decided(tenant_id, charge_id, step, by=by, action="voided", note=note)

    async def credit(self, tenant_id: TenantId, charge_id: ChargeId, *, by: str, note: str) -> Charge:
        """Take a final charge back whole: the credit. What was paid for it is given back."""

        def step(file: File, charge: Charge) -> Step:
            _must_be_final(charge)
            return settling.credited(file, charge, by=by, note=note)

        return await self._decided(tenant_id, charge_id, step, by=by, action="credited", note=note)

    async def refund(
        self, tenant_id: TenantId, charge_id: ChargeId, amount: int, *, by: str, note: str
    ) -> Charge:
        """Give part of a final charge back (minor units, with tax): the charge that takes its place.

        Invalid for more than it came to.
        """

        def step(file: File, charge: Charge) -> Step:
            _must_be_final(charge)
            if not 0 < amount < charge.gross:
                raise Invalid(
                    f"Give back more than nothing and less than {charge.gross} (minor units); all of it by a credit.",
                    field="amount",
                )
            return settling.reduced(file, charge, amount, by=by, note=note)

        return await self._decided(tenant_id, charge_id, step, by=by, action="refunded", note=note)

    async def refund_of(
        self, tenant_id: TenantId, charge_id: ChargeId, amount: Decimal, *, by: str, note: str
    ) -> Charge:
        """The same, of an amount in the currency's own unit; Invalid when it has no such fraction."""
        charge = await self._database.read(lambda conn: store.one(conn, tenant_id, charge_id))
        if charge is None:
            raise no_charge(charge_id)
        minor_units = to_minor(amount, charge.currency) if amount.is_finite() else 0
        if not amount.is_finite() or from_minor(minor_units, charge.currency) != amount:
            raise Invalid(f"{amount} {charge.currency} cannot be paid exactly.", field="amount")
        return await self.refund(tenant_id, charge_id, minor_units, by=by, note=note)

    async def _decided(
        self,
        tenant_id: TenantId,
        charge_id: ChargeId,
        step_of: Callable[[File, Charge], Step],
        *,
        by: str,
        action: str,
        note: str,
    ) -> Charge:
        if len(note) > NOTE_MAX:
            raise Invalid(f"A note has at most {NOTE_MAX} characters.", field="note")

        def decide(conn: Connection, changes: ChangeSet) -> Charge:
            charge = store.one(conn, tenant_id, charge_id)
            if charge is None:
                raise no_charge(charge_id)
            existing = [
                each
                for each in store.of_session(conn, tenant_id, charge.session_id)
                if each.purpose is charge.purpose
            ]
            step = step_of(self._file(conn, tenant_id, existing), charge)
            written = self._apply(conn, changes, step)
            if action in ("voided", "credited"):
                allowances.give_back(conn, tenant_id, charge.session_id)
                redeeming.give_back(conn, tenant_id, charge.session_id)
            result = step.final[-1] if step.final else step.written[-1][0]
            changes.emit(
                ChargeReleased(
                    happened_at=self._clock.now(), by=by, action=action, note=note, **facts_of(result)
                )
            )
            return written[result.id]

        return await self._database.decide(decide, tenant_id)


def _must_be_final(charge: Charge) -> None:
    if charge.kind is not ChargeKind.CHARGE or charge.state is not ChargeState.FINAL:
        what = "a credit" if charge.kind is ChargeKind.CREDIT else charge.state.value
        raise Conflict(f"This is {what}: only a charge that is final can be taken back.")
