"""A network that sells: sessions, prices, payments in a sandbox and charges, on one database with one clock."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "payments"))

import msgspec
from sqlalchemy import Connection
from till import GOOD, OWNER, Till, eur

from charging import made
from charging.made import TENANT, at
from currant.access.model import Account, AccountDraft, Token
from currant.access.service import AccessService
from currant.billing import books
from currant.billing.charges.common import COLLECT, SETTLE, ChargeTerms
from currant.billing.charges.locking import PriceLocks
from currant.billing.charges.model import CHARGE_EVENTS, RECEIVABLE_EVENTS, Charge, ChargeDetails, PaysBy
from currant.billing.charges.payers import Usual
from currant.billing.charges.service import Charges
from currant.billing.ledger import Account as Book
from currant.billing.ledger import AccountKind, Entry, credit, debit
from currant.billing.payments.model import PAYMENT_EVENTS, Payment, PaymentDraft, PaymentEvent, PaymentMode
from currant.billing.payments.providers import ProviderDraft
from currant.billing.payments.webhooks import JOB as WEBHOOK
from currant.charging.events import SessionCorrected, SessionEnded, SessionStarted
from currant.charging.model import Session
from currant.charging.service import ChargingService
from currant.db import journal
from currant.db.engine import Database
from currant.db.jobs import JobRunner
from currant.db.numbers import Numbers
from currant.events.live import LiveFeed
from currant.kit.clock import ManualClock
from currant.kit.event import Event
from currant.kit.ids import AccountId, SessionId, new_id
from currant.pricing.drafts import PriceRuleDraft, TariffDraft, TariffVersionDraft
from currant.pricing.events import SpotPricesChanged
from currant.pricing.model import Prices, Purpose, TariffVersion
from currant.pricing.service import PricingService
from currant.stations.directory import StationDirectory
from currant.stations.service import StationPolicy, StationService

FOLLOWED: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        SpotPricesChanged,
        SessionStarted,
        SessionEnded,
        SessionCorrected,
        *PAYMENT_EVENTS,
        *CHARGE_EVENTS,
        *RECEIVABLE_EVENTS,
    )
}


class Counter(Till):
    """The till of this network's organisation."""

    async def open(self, webhooks: str = "prompt") -> "Counter":
        await self.providers.start()
        secrets = {"webhook_secret": "a secret of the sandbox"}
        draft = ProviderDraft(settings={"webhooks": webhooks}, secrets=secrets)
        if not self.providers.list(TENANT):
            await self.providers.put(TENANT, "sandbox", draft, by="local")
        return self

    async def ask(self, mode: PaymentMode, amount: int, session_id: SessionId, **more: Any) -> Payment:
        """Ask for money for a session."""
        draft = PaymentDraft(
            mode=mode, amount=eur(amount), owner=OWNER, key=new_id(), session_id=session_id, **more
        )
        return await self.payments.begin(TENANT, draft)

    async def present(self, payment: Payment, card: str = GOOD) -> Payment:
        """The payer enters a card, and word of it arrives."""
        await self.sandbox.present(payment.reference, card)
        await self.sandbox.tick()
        await self.work_off()
        return await self.payments.get(TENANT, payment.id)


class Shop(made.Network):
    """Everything; `tell` lets those who follow the journal hear what happened since."""

    def __init__(self, database: Database, *, terms: ChargeTerms | None = None) -> None:
        self.clock = ManualClock(made.NOON - timedelta(days=30))
        self.database = database
        self.version = "ocpp1.6"
        self.directory = StationDirectory(database, self.clock, key=b"k" * 32)
        self.access = AccessService(database, self.clock)
        self.live = LiveFeed()
        self.charging = ChargingService(
            database,
            StationService(database, self.directory, self.clock, StationPolicy(tenant_id=TENANT)),
            self.access,
            Numbers(database),
            self.live,
            self.clock,
        )
        self.pricing = PricingService(database, self.clock)
        self.till = Counter(database, self.clock)
        self.payments = self.till.payments
        self.locks = PriceLocks(database, self.pricing, self.access, self.directory)
        self.charges = Charges(
            database,
            self.charging,
            self.pricing,
            self.locks,
            self.access,
            self.clock,
            terms or ChargeTerms(settle_after=timedelta(0)),
            payments=self.payments,
        )
        self.jobs = JobRunner(
            database,
            {
                SETTLE: self.charges.settle_job,
                COLLECT: self.charges.collect_job,
                WEBHOOK: self.payments.webhooks.work_off,
            },
            clock=self.clock,
        )
        self._told = 0
        self.events: list[Event] = []

    async def sells(
        self, prices: Prices, *, purpose: Purpose = Purpose.RETAIL, since: datetime | None = None, **rule: Any
    ) -> TariffVersion:
        """Publish these prices for the whole network, from a month before noon on."""
        tariff = await self.pricing.tariffs.create(
            TENANT, TariffDraft(name=f"Tariff {new_id()}", currency=prices.currency), by="test"
        )
        draft = await self.pricing.tariffs.draft(
            TENANT, tariff.id, TariffVersionDraft(prices=prices), by="test"
        )
        version = await self.pricing.tariffs.publish(
            TENANT, tariff.id, draft.number, by="test", valid_from=since
        )
        await self.pricing.rules.create(
            TENANT, PriceRuleDraft(tariff_id=tariff.id, purpose=purpose, **rule), by="test"
        )
        return version

    async def customer(
        self, uid: str = "CAFE0001", *, pays_by: PaysBy | None = None, **terms: Any
    ) -> tuple[Account, Token]:
        """An account with a card."""
        account = await self.access.create_account(
            TENANT, AccountDraft(name="Ada", email="ada@example.com"), by="test"
        )
        token = await self.token(uid, account_id=account.id)
        if pays_by is not None:
            await self.charges.set_terms(TENANT, account.id, pays_by=pays_by, by="test", **terms)
        return account, token

    async def tell(self) -> list[Event]:
        """Let those who follow hear what happened, and have jobs done, until nothing happens any more."""
        heard: list[Event] = []
        while True:
            position = self._told
            found = await self.database.read(
                lambda conn, position=position: journal.read_after(conn, position, kinds=FOLLOWED)  # type: ignore[misc]
            )
            if not found and not await self._work():
                break
            for row in found:
                self._told = row.position
                event = msgspec.json.decode(row.payload, type=FOLLOWED[row.kind])
                heard.append(event)
                await self._follow(event)
        self.events += heard
        return heard

    async def _follow(self, event: Event) -> None:
        if isinstance(event, SessionStarted):
            await self.locks.follow(event)
        elif isinstance(event, SessionEnded | SessionCorrected):
            await self.charges.follow(event)
        elif isinstance(event, SpotPricesChanged):
            await self.charges.spot_changed(event)
        elif isinstance(event, PaymentEvent):
            await self.charges.follow_payment(event)

    async def _work(self) -> bool:
        done = await self.till.sandbox.tick()
        while await self.jobs.run_due():
            await self.jobs.stop()
            done = 1
        return bool(done)

    async def session(
        self,
        *,
        minutes: float = 60,
        wh: int = 20_000,
        uid: str = "CAFE0001",
        evse: int = 1,
        station: str = "station",
        meter: list[tuple[float, int]] | None = None,
    ) -> Session:
        """A session from noon on, of so many Wh, told of to the end."""
        connection = await self.connect(station)
        self.go_to(at(0))
        answer = await connection.start(wh=0, uid=uid, evse=evse)
        await self.tell()
        for minute, register in meter or []:
            self.go_to(at(minute))
            await connection.meter(
                minute, made.register(minute, register), evse=evse, transaction_id=str(answer.number)
            )
        self.go_to(at(minutes))
        await connection.stop(answer.number, minutes, wh=wh)
        await self.tell()
        sessions = await connection.all()
        return next(each for each in sessions if each.number == answer.number)

    def go_to(self, moment: datetime) -> None:
        if moment > self.clock.now():
            self.clock.advance(moment - self.clock.now())

    async def charge_of(self, session: Session | SessionId, purpose: Purpose = Purpose.RETAIL) -> Charge:
        """The charge that counts."""
        session_id = session.id if isinstance(session, Session) else session
        found = await self.charges.current(TENANT, [session_id], purpose)
        return found[session_id]

    async def details(self, charge: Charge) -> ChargeDetails:
        return (await self.charges.get(TENANT, charge.id))[1]

    async def balance(self, kind: AccountKind, owner: str = "", currency: str = "EUR") -> int:
        account = Book(kind=kind, owner=owner, currency=currency)
        return await self.database.read(lambda conn: books.balance(conn, TENANT, account))

    async def put_in(self, account_id: AccountId, amount: int, currency: str = "EUR") -> None:
        """Fill a wallet."""
        wallet = Book(kind=AccountKind.WALLET, owner=account_id, currency=currency)
        bank = Book(kind=AccountKind.BANK, currency=currency)
        entry = Entry(
            source_type="person",
            source_id=f"{account_id}:{amount}:{self.clock.now()}",
            purpose="adjusted",
            at=self.clock.now(),
            legs=(debit(bank, amount), credit(wallet, amount)),
        )

        def post(conn: Connection, _: Any) -> None:
            books.post(conn, TENANT, [entry])

        await self.database.decide(post, TENANT)


__all__ = ["Shop", "Usual"]
