"""Payments looked up by others, within their own decisions."""

from collections.abc import Iterable

from sqlalchemy import Connection

from currant.billing.payments import store
from currant.billing.payments.model import Payment
from currant.kit.ids import TenantId


def of_provider(
    connection: Connection, tenant_id: TenantId, provider: str, references: Iterable[str]
) -> dict[str, Payment]:
    """The payments that a provider knows by these references; those that are none of ours are missing."""
    found: dict[str, Payment] = {}
    for reference in references:
        payment = (
            store.payment_by_reference(connection, tenant_id, provider, reference) if reference else None
        )
        if payment is not None:
            found[reference] = payment
    return found
