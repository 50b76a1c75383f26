"""How many invoices are issued and printed in a second?

    python bench/invoices.py [--invoices 1000] [--sessions 9]

A run over so many customers with so many sessions each, on a new SQLite database: numbered, chained, kept, and
printed as PDF/A-3 with Factur-X inside. Prints invoices per second of the clock and of processor time, and the
size of a PDF.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection

from currant.billing.documents import run_store, store
from currant.billing.documents.billable import BillableCharge, BillableLine, month_of
from currant.billing.documents.filing import DocumentFiles
from currant.billing.documents.model import PostalAddress
from currant.billing.documents.paper import PaperLook
from currant.billing.documents.runs import KIND, DocumentRuns
from currant.billing.documents.service import Documents
from currant.billing.documents.store import DocumentFilter
from currant.billing.entities import Entities
from currant.billing.entities_model import BankAccount, BillingProfileDraft, EntityDraft, LegalEntity
from currant.billing.tax.model import Customer, Registration, Supply, TaxPlace
from currant.billing.tax.rules import RuleEngine
from currant.db.engine import Database
from currant.db.jobs import Job
from currant.kit.clock import ManualClock
from currant.kit.ids import ChargeId, TenantId, new_id
from currant.pricing.model import LineKind

TENANT = TenantId("bench")
BEGAN = datetime(2026, 5, 4, 16, tzinfo=UTC)
SELLER = EntityDraft(
    name="Strom & Rad GmbH",
    address=PostalAddress(street="Invalidenstraße 1", city="Berlin", postal_code="10115", country="DE"),
    zone="Europe/Berlin",
    currency="EUR",
    language="de",
    registrations=(Registration(jurisdiction="DE", number="DE136695976"),),
    email="rechnung@example.com",
    bank=BankAccount(iban="DE02120300000000202051", bic="BYLADEM1001"),
)


def charges(seller: LegalEntity, owner: str, sessions: int) -> list[BillableCharge]:
    decision = RuleEngine().decide(
        Supply(seller=seller.seller(), customer=Customer(), place=TaxPlace(country="DE"), on=BEGAN.date())
    )
    made = []
    for at in range(sessions):
        kwh = Decimal(11 + at) + Decimal("0.317")
        net = int((kwh * 45).to_integral_value())
        lines = (
            BillableLine(
                kind=LineKind.ENERGY,
                quantity=kwh,
                unit="kWh",
                unit_price=Decimal("0.45"),
                net=net,
                heads=decision.heads,
            ),
            BillableLine(
                kind=LineKind.IDLE_FEE,
                quantity=Decimal(7),
                unit="min",
                unit_price=Decimal("0.10"),
                net=70,
                heads=decision.heads,
            ),
        )
        net += 70
        tax = round(net * 0.19)
        began = BEGAN + timedelta(days=at)
        made.append(
            BillableCharge(
                id=ChargeId(new_id()),
                entity_id=seller.id,
                session_number=at,
                owner=owner,
                currency="EUR",
                decision=decision,
                lines=lines,
                net=net,
                tax=tax,
                gross=net + tax,
                begin=began,
                end=began + timedelta(hours=1),
                zone="Europe/Berlin",
                location="Rathaus, Berlin",
            )
        )
    return made


async def measure(folder: Path, invoices: int, sessions: int) -> None:
    assert run_store.document_runs is not None
    clock = ManualClock(BEGAN + timedelta(days=30))
    database = Database.open(f"sqlite:///{folder}/bench.sqlite", clock=clock, create_all=True)
    entities = Entities(database, clock)
    seller = await entities.add(TENANT, SELLER, by="bench")
    pile: dict[str, list[BillableCharge]] = {}
    for at in range(invoices):
        owner = f"account:{at:06}"
        pile[owner] = charges(seller, owner, sessions)
        profile = BillingProfileDraft(name=f"Kundin {at}", address=SELLER.address)
        await entities.save_profile(TENANT, owner, profile, by="bench")
    owners = sorted(pile)

    def unbilled(
        conn: Connection, tenant_id: TenantId, owner: str, since: datetime, until: datetime
    ) -> list[BillableCharge]:
        return pile[owner]

    def next_owners(
        conn: Connection, tenant_id: TenantId, since: datetime, until: datetime, after: str, limit: int
    ) -> Sequence[str]:
        return [owner for owner in owners if owner > after][:limit]

    async def look(tenant_id: TenantId) -> PaperLook:
        return PaperLook(colour="#9b1b4b")

    documents = Documents(database, clock, unbilled=unbilled)
    files = DocumentFiles(database, clock, look_of=look)
    runs = DocumentRuns(database, clock, documents, files, owners=next_owners)
    run = await runs.begin(TENANT, month_of(2026, 5), by="bench")
    clocked, worked = time.perf_counter(), time.process_time()
    job = Job(id="job", tenant_id=TENANT, kind=KIND, payload=run.id)
    while (await runs.get(TENANT, run.id)).ended_at is None:
        await runs.work(job)
    clocked, worked = time.perf_counter() - clocked, time.process_time() - worked
    ended = await runs.get(TENANT, run.id)
    assert (ended.issued, ended.failed) == (invoices, 0)
    assert await documents.check(TENANT) == ()
    page = await documents.page(TENANT, DocumentFilter(), cursor=None, limit=1)
    kept = await database.read(lambda conn: store.file(conn, TENANT, page.items[0].id, "pdf"))
    assert kept is not None
    print(f"{invoices} invoices of {2 * sessions} lines: {clocked:.1f} s, {worked:.1f} s of processor time")
    print(f"{invoices / clocked:.0f} a second, {invoices / worked:.0f} a second of processor time")
    print(f"{len(kept.content) / 1000:.0f} kB a PDF")
    files.close()
    await database.close()


def main() -> None:
    wanted = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    wanted.add_argument("--invoices", type=int, default=1000)
    wanted.add_argument("--sessions", type=int, default=9)
    given = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="currant-invoices-") as folder:
        asyncio.run(measure(Path(folder), given.invoices, given.sessions))


if __name__ == "__main__":
    main()
