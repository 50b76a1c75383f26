"""Receipts at once: whoever pays a session by card, wallet or terminal gets one as soon as it is paid."""

from datetime import timedelta

from sqlalchemy import Connection

from currant.billing.charges.model import ChargeFinal
from currant.billing.documents import charged
from currant.billing.documents.charged import Due
from currant.billing.documents.service import Documents
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.jobs import Job, add_job
from currant.kit.clock import Clock
from currant.kit.ids import ChargeId

KIND = "receipt"

# Payments take seconds, debts take weeks; after that whoever pays asks for a receipt.
_LOOKS = {Due.SOON: timedelta(seconds=30), Due.WHEN_SETTLED: timedelta(hours=6)}
LOOKS_MAX = 400


class Receipts:
    """Issues receipts when what they are for is paid."""

    def __init__(self, database: Database, clock: Clock, documents: Documents) -> None:
        self._database = database
        self._clock = clock
        self._documents = documents

    async def follow(self, event: ChargeFinal) -> None:
        """Look at a charge that became final; its payment may take a moment."""
        changes = ChangeSet(event.tenant_id)
        add_job(changes, KIND, [event.charge_id, 0], run_at=self._clock.now() + timedelta(seconds=1))
        await self._database.commit(changes)

    async def work(self, job: Job) -> None:
        """Issue a charge's receipt, or look again later: the handler of its job."""
        charge_id, looks = ChargeId(job.payload[0]), int(job.payload[1])
        now = self._clock.now()

        def issue(conn: Connection, changes: ChangeSet) -> None:
            due, charge = charged.one(conn, job.tenant_id, charge_id)
            if charge is not None:
                self._documents.receipt_in(conn, changes, job.tenant_id, charge, now=now)
            elif due in _LOOKS and looks < LOOKS_MAX:
                # The more often it was not paid, the longer until the next look.
                pause = max(_LOOKS[due], timedelta(seconds=30) * looks)
                add_job(changes, KIND, [charge_id, looks + 1], run_at=now + pause)

        await self._database.decide(issue, job.tenant_id)
