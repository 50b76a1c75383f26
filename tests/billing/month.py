"""A network that sells for a month: three places, two currencies, every way to pay, and all that goes wrong.

Everything is done as the product does it: sessions through the service that stations report to, money through
the sandbox of payments, invoices by a run, transfers and payouts by statements of the bank. The same seed
makes the same month.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, text

from billing.charges.shop import Shop
from billing.making import GERMAN, INDIAN
from billing.month_plan import PLACES, PRICES, STATIONS, Guest, Visit, camt, visits
from billing.payments.till import DECLINED_LATER, GOOD
from charging import made
from charging.made import NOON, TENANT, register
from currant.access.model import AccountDraft
from currant.billing.bank.camt import read_camt
from currant.billing.bank.model import ExpectedKind
from currant.billing.bank.service import BankService, Imported
from currant.billing.books_service import Books
from currant.billing.charges.common import COLLECT, SETTLE
from currant.billing.charges.model import (
    Charge,
    ChargeFilter,
    ChargeFinal,
    ChargeState,
    PayerKind,
    PaysBy,
    ReceivableState,
)
from currant.billing.documents import charged
from currant.billing.documents.awaited import InvoicesAwaited
from currant.billing.documents.billable import month_of
from currant.billing.documents.filing import DocumentFiles
from currant.billing.documents.model import Document, PostalAddress
from currant.billing.documents.paper import PaperLook
from currant.billing.documents.receipts import KIND as RECEIPT
from currant.billing.documents.receipts import Receipts
from currant.billing.documents.run_store import DocumentRun
from currant.billing.documents.runs import KIND as RUN
from currant.billing.documents.runs import DocumentRuns
from currant.billing.documents.service import Crediting, Documents
from currant.billing.documents.taxed import tax_on_documents
from currant.billing.entities import Entities
from currant.billing.entities_model import BillingProfileDraft
from currant.billing.filling import FillingByPayment
from currant.billing.payments.model import (
    OwnerKind,
    Payment,
    PaymentDraft,
    PaymentMode,
    PaymentOwner,
    StoredMethod,
)
from currant.billing.payments.service import PaymentFilter
from currant.billing.payments.webhooks import JOB as WEBHOOK
from currant.billing.settlement.service import Settlement
from currant.billing.tax.model import CustomerKind, Registration
from currant.billing.wallets import TopUpRuleDraft, Wallets
from currant.charging.model import SessionFilter
from currant.db.engine import Database
from currant.db.jobs import JobRunner
from currant.kit.event import Event
from currant.kit.ids import AccountId, LocationId, SessionId, TenantId, new_id
from currant.kit.money import Money
from currant.pricing.model import PriceScope
from currant.stations.inventory import Inventory
from currant.stations.model import ConnectorStatus

DAYS = 30
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
JANUARY = month_of(2026, 1)
BY = "ada"


class Month(Shop):
    """The network with its bank, its books and its office."""

    def __init__(self, database: Database, seed: int = 1) -> None:
        super().__init__(database)
        self.random = Random(seed)
        self.books = Books(database, self.clock, tax_on_paper=tax_on_documents)
        self.wallets = Wallets(database, self.clock, filling=FillingByPayment(self.payments))
        self.entities = Entities(database, self.clock)
        self.documents = Documents(database, self.clock, unbilled=charged.unbilled, book=charged.book)
        self.files = DocumentFiles(database, self.clock, look_of=_plain)
        self.receipts = Receipts(database, self.clock, self.documents)
        self.runs = DocumentRuns(database, self.clock, self.documents, self.files, owners=charged.owners)
        self.settlement = Settlement(database, self.payments, self.clock)
        self.bank = BankService(
            database,
            self.clock,
            {
                ExpectedKind.PAYOUT: self.settlement,
                ExpectedKind.DOCUMENT: InvoicesAwaited(database, self.clock),
            },
        )
        self.jobs = JobRunner(
            database,
            {
                SETTLE: self.charges.settle_job,
                COLLECT: self.charges.collect_job,
                WEBHOOK: self.payments.webhooks.work_off,
                RECEIPT: self.receipts.work,
                RUN: self.runs.work,
            },
            clock=self.clock,
        )
        self.places: dict[str, LocationId] = {}
        self.accounts: dict[str, AccountId] = {}
        self.messages: list[tuple[str, bytes]] = []
        self.statements: list[bytes] = []
        self.invoiced: list[DocumentRun] = []
        self.till.sandbox.deliver = self._delivered
        self._statement_of: dict[str, int] = {}
        self._connected: dict[str, made.Connection] = {}

    async def connect(self, name: str = "station") -> made.Connection:
        """The connection of a station, which lasts the month."""
        if name not in self._connected:
            station = (await super().connect(name)).station
            station.location_id = self.places[STATIONS[name]]
            self._connected[name] = made.Connection(self, station, await self.charging.attend(station))
        return self._connected[name]

    async def _delivered(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        self.messages.append((path, body))
        status: int = await self.till.take(path, headers, body)
        return status

    async def _follow(self, event: Event) -> None:
        await super()._follow(event)
        if isinstance(event, ChargeFinal):
            await self.receipts.follow(event)

    # What there is

    async def open(self) -> None:
        """Places, prices, sellers and customers."""
        await self.till.open()
        inventory: Any = Inventory(self.database, self.directory, None, self.clock)  # type: ignore[arg-type]
        for name, draft in PLACES.items():
            self.places[name] = (await inventory.create_location(TENANT, draft, by=BY)).id
            await self.sells(PRICES[name], scope=PriceScope.LOCATION, about=self.places[name])
        europe = replace(
            GERMAN,
            registrations=(*GERMAN.registrations, Registration(jurisdiction="AT", number="ATU13585627")),
        )
        await self.entities.add(TENANT, europe, by=BY)
        india = await self.entities.add(TENANT, INDIAN, by=BY)
        await self.entities.sell_at(TENANT, india.id, (self.places["Bengaluru"],), by=BY)
        await self._customers()

    async def _customers(self) -> None:
        for name in ("fleet", "dealer", "clerk", "wallet", "poor", "filled", "card", "broke", "staff"):
            await self._account(name)
        for name in ("in-fleet", "in-clerk", "in-wallet"):
            await self._account(name)
        for name in ("wallet", "poor", "filled", "in-wallet"):
            await self._terms(name, PaysBy.WALLET)
        await self._terms("staff", PaysBy.FREE)
        await self._terms("card", PaysBy.CARD, method_id=(await self.stored("card")).id)
        await self._terms("broke", PaysBy.CARD, method_id=(await self.stored("broke", DECLINED_LATER)).id)
        await self.top_up("wallet", 60_000)
        await self.top_up("poor", 1_500)
        await self.top_up("in-wallet", 900_000, "INR")
        method = await self.stored("filled")
        rule = TopUpRuleDraft(below=3_000, amount=4_000, method_id=method.id)
        await self.wallets.set_rule(TENANT, self.accounts["filled"], "EUR", rule, by=BY)
        await self._profile("fleet", "Flotte AG", "DE", kind=CustomerKind.BUSINESS, tax_id="DE129273398")
        await self._profile("clerk", "Ada Lovelace", "DE")
        await self._profile("in-clerk", "Asha Rao", "IN", state="KA")
        # Of another state: integrated tax instead of two halves.
        await self._profile(
            "in-fleet",
            "Fleet Limited",
            "IN",
            state="DL",
            kind=CustomerKind.BUSINESS,
            tax_id="07AAGCB7383J1ZA",
        )
        await self._profile(
            "dealer", "Strom Händler AB", "SE", kind=CustomerKind.TAXABLE_DEALER, tax_id="SE556188840401"
        )

    async def _account(self, name: str) -> None:
        draft = AccountDraft(name=name, email=f"{name}@example.com")
        account = await self.access.create_account(TENANT, draft, by=BY)
        self.accounts[name] = account.id
        await self.token(name.upper(), account_id=account.id)

    async def _terms(self, name: str, pays_by: PaysBy, **more: Any) -> None:
        await self.charges.set_terms(TENANT, self.accounts[name], pays_by=pays_by, by=BY, **more)

    async def _profile(self, name: str, called: str, country: str, *, state: str = "", **more: Any) -> None:
        address = PostalAddress(
            street="Ringstraße 5", city="Stadt", postal_code="20095", state=state, country=country
        )
        draft = BillingProfileDraft(
            name=called, address=address, tax_id_checked=bool(more.get("tax_id")), **more
        )
        await self.entities.save_profile(TENANT, f"account:{self.accounts[name]}", draft, by=BY)

    def owner(self, name: str) -> PaymentOwner:
        return PaymentOwner(kind=OwnerKind.ACCOUNT, id=self.accounts[name])

    async def stored(self, name: str, card: str = GOOD) -> StoredMethod:
        """A card that may be charged without its holder."""
        method: StoredMethod = await self.payments.methods.start(TENANT, self.owner(name))
        await self.till.sandbox.present(method.setup_reference, card)
        await self.tell()
        return method

    async def top_up(self, name: str, amount: int, currency: str = "EUR") -> None:
        draft = PaymentDraft(
            mode=PaymentMode.TOP_UP,
            amount=Money(minor_units=amount, currency=currency),
            owner=self.owner(name),
            key=new_id(),
        )
        payment = await self.payments.begin(TENANT, draft)
        await self.till.sandbox.present(payment.reference, GOOD)
        await self.tell()

    # What happens

    async def happen(self) -> None:
        """The month, its invoices, and the days after it until all money has come."""
        for day in range(DAYS):
            await self._day(FIRST + timedelta(days=day, hours=12))
            await self._evening(give_back=day % 4 == 3)
        await self._regrets()
        self.go_to(NOON + timedelta(days=2))
        await self._evening()
        await self.invoice()
        self.go_to(NOON + timedelta(days=6))
        await self.credit_a_line()
        await self.collect_what_is_owed()
        await self._evening()
        self.go_to(NOON + timedelta(days=9))
        await self.correct_what_is_billed()
        for day in range(10, 13):
            self.go_to(NOON + timedelta(days=day))
            await self._evening()
        await self.bring_statements(transfers=True)
        await self.books.keep_balances()

    async def _day(self, noon: datetime) -> None:
        """What the stations report, in the order of time."""
        steps: list[tuple[datetime, int, str, Visit]] = []
        for number, visit in enumerate(visits(noon, self.random)):
            half = visit.begins + timedelta(minutes=visit.minutes / 2)
            ends = visit.begins + timedelta(minutes=visit.minutes)
            steps += [(visit.begins, number, "start", visit), (half, number, "half", visit)]
            steps.append((ends, number, "stop", visit))
        numbers: dict[int, tuple[int, SessionId]] = {}
        for at, number, what, visit in sorted(steps, key=lambda step: step[:2]):
            self.go_to(at)
            minute = (at - NOON) / timedelta(minutes=1)
            connection = await self.connect(visit.station)
            if what == "start":
                answer = await connection.start(minute, wh=1_000, uid=await self._uid(visit, at))
                wanted = SessionFilter(station_id=connection.station.station_id)
                (newest,) = (await self.charging.list(TENANT, wanted, limit=1)).items
                assert newest.number == answer.number
                session_id = newest.id
                numbers[number] = (answer.number, session_id)
                if visit.guest is not None:
                    await self._hold(visit, visit.guest, session_id)
            elif what == "half":
                await self._half(connection, visit, minute, *numbers[number])
            else:
                await connection.stop(numbers[number][0], minute, wh=1_000 + visit.wh)

    async def _uid(self, visit: Visit, at: datetime) -> str:
        if visit.guest is None:
            return visit.uid
        uid = f"GUEST-{visit.station}-{at:%m%d}"
        await self.token(uid)
        return uid

    async def _hold(self, visit: Visit, guest: Guest, session_id: SessionId) -> None:
        currency = PRICES[STATIONS[visit.station]].currency
        draft = PaymentDraft(
            mode=PaymentMode.HOLD,
            amount=Money(minor_units=guest.holds, currency=currency),
            owner=PaymentOwner(kind=OwnerKind.DRIVER, id=f"guest-{session_id}"),
            key=new_id(),
            session_id=session_id,
        )
        payment = await self.payments.begin(TENANT, draft)
        await self.till.sandbox.present(payment.reference, guest.card)
        # A payer has a quarter of an hour: word of it comes at once.
        await self.tell()

    async def _half(
        self, connection: made.Connection, visit: Visit, minute: float, number: int, session_id: SessionId
    ) -> None:
        so_far = visit.wh if visit.idles else visit.wh // 2
        await connection.meter(minute, register(minute, 1_000 + so_far), transaction_id=str(number))
        if visit.idles:
            await connection.status(minute, ConnectorStatus.SUSPENDED_EV)
        if visit.closed_before:
            await self.charging.close(TENANT, session_id, by=BY, reason="The station is silent")
            await self.tell()
            await self._release()

    async def _release(self) -> None:
        """A person lets through what waits, and lets go of what nobody would pay for."""
        waiting = await self.charges.list(TENANT, ChargeFilter(state=ChargeState.REVIEW), limit=100)
        for charge in waiting.items:
            decide = self.charges.void if charge.payer.kind is PayerKind.NOBODY else self.charges.release
            await decide(TENANT, charge.id, by=BY, note="Looked at")
        await self.tell()

    async def _evening(self, *, give_back: bool = False) -> None:
        """What is looked after again and again, and the bank's statement of the day."""
        await self.tell()
        await self._release()
        self.go_to(self.clock.now() + timedelta(minutes=20))
        await self.payments.reconcile()
        await self.wallets.fill_all()
        await self.tell()
        if give_back:
            await self._give_back()
        await self.settlement.look(TENANT)
        await self.bring_statements()

    async def _give_back(self) -> None:
        """Part of one charge, and now and then all of another."""
        page = await self.charges.list(TENANT, ChargeFilter(state=ChargeState.FINAL), limit=40)
        # What the bank has called back cannot be given back as well.
        gone = {each.session_id for each in await self.all_payments() if each.disputes}
        paid = [
            each
            for each in page.items
            if each.gross > 500 and each.payer.kind in ("card", "wallet") and each.session_id not in gone
        ]
        if len(paid) < 2:
            return
        part, whole = self.random.sample(paid, 2)
        await self.charges.refund(TENANT, part.id, self.random.randrange(50, 450), by=BY, note="It took long")
        if self.random.random() < 0.5:
            await self.charges.credit(TENANT, whole.id, by=BY, note="The cable was broken")
        await self.tell()

    async def _regrets(self) -> None:
        """The bank decides what was called back: every other time for us."""
        called_back = [each for each in await self.all_payments() if each.disputes]
        for number, payment in enumerate(called_back):
            await self.till.sandbox.decide_dispute(payment.reference, won=number % 2 == 0)
        await self.tell()

    async def collect_what_is_owed(self) -> None:
        """Some pay later: from a filled wallet, by another card; what guests owe is given up."""
        await self._terms("broke", PaysBy.CARD, method_id=(await self.stored("broke")).id)
        names = {account_id: name for name, account_id in self.accounts.items()}
        page = await self.charges.receivables(TENANT, state=ReceivableState.OPEN, limit=200)
        for each in page.items:
            if each.account_id is None:
                await self.charges.write_off(TENANT, each.id, by=BY, note="Nobody knows who it was")
                continue
            if (name := names[each.account_id]) != "broke":
                await self.top_up(name, each.amount - each.paid, each.currency)
            await self.charges.collect_owed(TENANT, each.id, by=BY)
        await self.tell()

    async def all_payments(self) -> list[Payment]:
        """Every payment, the oldest first."""
        found: list[Payment] = []
        cursor: str | None = None
        while True:
            page = await self.payments.list_payments(TENANT, PaymentFilter(), cursor=cursor, limit=200)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return found[::-1]

    # Paper

    async def all_charges(self) -> list[Charge]:
        found: list[Charge] = []
        cursor: str | None = None
        while True:
            page = await self.charges.list(TENANT, ChargeFilter(), cursor=cursor, limit=200)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return sorted(found, key=lambda each: each.id)

    async def invoice(self) -> None:
        """Everybody's invoice for the month."""
        run = await self.runs.begin(TENANT, JANUARY, by=BY)
        await self.tell()
        self.invoiced.append(await self.runs.get(TENANT, run.id))

    async def credit_a_line(self) -> None:
        """A credit note over one line of an invoice of the clerk's."""
        clerk = f"account:{self.accounts['clerk']}"
        invoice = next(each for each in await self.papers() if each.owner == clerk)
        await self.documents.credit(TENANT, invoice.id, Crediting(lines=(1,), reason="Agreed"), by=BY)

    async def correct_what_is_billed(self) -> None:
        """A session turns out otherwise after its invoice: the next run bills the difference."""
        billed = [each for each in await self.all_charges() if each.payer.owner == self.accounts["fleet"]]
        last = [each for each in billed if each.state is ChargeState.FINAL and each.gross > 0][-1]
        await self.charges.credit(TENANT, last.id, by=BY, note="Not theirs")
        await self.tell()
        await self.invoice()

    async def papers(self) -> list[Document]:
        page = await self.documents.whole(TENANT, None, None, cursor=None, limit=1_000)
        assert page.next_cursor is None
        return list(page.items)

    # The bank

    async def bring_statements(self, *, transfers: bool = False) -> list[Imported]:
        """A statement for each currency with something to tell: payouts, and at the end customers' transfers."""
        expected = list(await self.settlement.open(TENANT, limit=1_000))
        if transfers:
            expected += await InvoicesAwaited(self.database, self.clock).open(TENANT, limit=1_000)
        taken = []
        for currency in ("EUR", "INR"):
            mine = [each for each in expected if each.currency == currency]
            if mine:
                number = self._statement_of[currency] = self._statement_of.get(currency, 0) + 1
                body = camt(currency, number, mine, self.clock.now())
                self.statements.append(body)
                taken.append(await self.bank.take_in(TENANT, read_camt(body), by=BY))
        return taken

    # Looking

    async def legs(self) -> list["Leg"]:
        """Every leg of the ledger, asked of the database in its own words."""
        return await self.database.read(
            lambda conn: [
                Leg(*row)
                for row in conn.execute(
                    text(
                        "SELECT e.source_type, e.source_id, e.purpose, l.kind, l.owner, l.currency, l.amount"
                        " FROM ledger_legs l JOIN ledger_entries e ON e.id = l.entry_id ORDER BY e.id, l.line"
                    )
                )
            ]
        )

    async def fingerprint(self) -> dict[str, int]:
        """Everything about money that is written anywhere, table by table."""

        def read(conn: Connection) -> dict[str, int]:
            return {
                name: hash(tuple(map(tuple, conn.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2, 3")))))
                for name in MONEY
            }

        return await self.database.read(read)


MONEY = (
    *("ledger_entries", "ledger_legs", "ledger_standings", "ledger_holds", "payments", "payment_operations"),
    *("charges", "charge_details", "receivables", "documents", "document_charges", "document_states"),
    *("provider_lines", "bank_lines", "sandbox_payments", "sandbox_balance"),
)


class Leg(msgspec.Struct, frozen=True):
    """A leg with the entry that it stands in."""

    source: str
    source_id: str
    purpose: str
    kind: str
    owner: str
    currency: str
    amount: int


async def _plain(_: TenantId) -> PaperLook:
    return PaperLook()
