"""What an installation settles with: provider, bank and invoices against each other."""

from typing import TYPE_CHECKING

from currant.app.duties import Duty
from currant.billing.bank.model import ExpectedKind
from currant.billing.bank.service import BankService
from currant.billing.documents.awaited import InvoicesAwaited
from currant.billing.settlement.service import Settlement

if TYPE_CHECKING:
    from currant.app.container import Currant


def start_settlement(currant: "Currant") -> None:
    """Make the services; payments and documents are there already."""
    database, clock = currant.database, currant.clock
    currant.settlement = Settlement(database, currant.payments, clock)
    currant.bank = BankService(
        database,
        clock,
        {
            ExpectedKind.PAYOUT: currant.settlement,
            ExpectedKind.DOCUMENT: InvoicesAwaited(database, clock),
        },
    )


def settlement_duties(currant: "Currant") -> list[Duty]:
    """Every organisation's providers are asked what they booked."""

    async def look() -> None:
        for tenant_id in currant.payments.providers.tenants():
            await currant.settlement.look(tenant_id)

    return [Duty(name="settlement with providers", every_s=3600, run=look, first_s=300)]
