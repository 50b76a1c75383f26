"""Runs: all invoices of a period, one customer after the other, resumed where they stopped.

A run is a durable job. After every few customers it writes down whose turn was last; a node that dies loses at
most those, and doing them again issues nothing twice, because a charge is on one document only.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.billing.documents import run_store as store
from currant.billing.documents.billable import OwnersUnbilled
from currant.billing.documents.events import DocumentRunChanged
from currant.billing.documents.filing import DocumentFiles, FileForm
from currant.billing.documents.model import BillingPeriod, Document
from currant.billing.documents.run_store import DocumentRun, RunError, RunState
from currant.billing.documents.service import Documents, InvoiceWanted, span_of, zone_of
from currant.billing.documents.store import DocumentFile
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.jobs import Job, add_job
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound, StoreUnavailable
from currant.kit.ids import TenantId, new_id
from currant.stations import paging
from currant.stations.model import Page

log = logging.getLogger(__name__)

KIND = "document_run"
OWNERS_AT_ONCE = 20
"""So many customers between two looks at whether it shall stop."""
OWNERS_PER_JOB = 2_000
"""A job is leased for ten minutes; a longer run goes on in another one."""
OWNERS_MAX = 200_000
ERRORS_MAX = 100


def _nobody(*_: object) -> Sequence[str]:
    return ()


class DocumentRuns:
    """Begins runs, works them off, and tells how far they are."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        documents: Documents,
        files: DocumentFiles,
        *,
        owners: OwnersUnbilled = _nobody,
    ) -> None:
        self._database = database
        self._clock = clock
        self._documents = documents
        self._files = files
        self.owners = owners

    async def begin(self, tenant_id: TenantId, period: BillingPeriod, *, by: str) -> DocumentRun:
        """Invoice everybody for a period; Conflict while another run is under way."""
        now = self._clock.now()
        if period.end < period.begin:
            raise Invalid("A period ends on or after its first day.", field="period")

        def begin(conn: Connection, changes: ChangeSet) -> DocumentRun:
            if store.under_way(conn, tenant_id) is not None:
                raise Conflict("A run is under way: wait for its end, or stop it.")
            since, until = span_of(period, zone_of(conn, tenant_id))
            if until > now:
                raise Invalid(
                    "This period is not over: what is charged until then would be left out.", field="period"
                )
            total = self._count(conn, tenant_id, since, until)
            run = DocumentRun(
                id=new_id(), tenant_id=tenant_id, period=period, total=total, by=by, created_at=now
            )
            changes.write(store.INSERT, store.row_of(run))
            add_job(changes, KIND, run.id, run_at=now)
            changes.emit(_told(run, now))
            return run

        return await self._database.decide(begin, tenant_id)

    async def stop(self, tenant_id: TenantId, run_id: str, *, by: str) -> DocumentRun:
        """Issue no more; what is issued stays. A later run takes what is left."""
        now = self._clock.now()

        def stop(conn: Connection, changes: ChangeSet) -> DocumentRun:
            run = _known(store.run(conn, tenant_id, run_id))
            if run.state is not RunState.RUNNING:
                return run
            stopped = msgspec.structs.replace(run, state=RunState.STOPPED, ended_at=now)
            changes.write(store.PROGRESS, store.progress_row(stopped))
            changes.emit(_told(stopped, now, by=by))
            return stopped

        return await self._database.decide(stop, tenant_id)

    async def get(self, tenant_id: TenantId, run_id: str) -> DocumentRun:
        return _known(await self._database.read(lambda conn: store.run(conn, tenant_id, run_id)))

    async def page(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[DocumentRun]:
        """The latest first."""
        bound = paging.bounded(limit)
        before = None
        if cursor is not None:
            at, id_ = paging.decode(cursor, int, str)
            before = (int(at), str(id_))
        rows = await self._database.read(
            lambda conn: store.page(conn, tenant_id, before=before, limit=bound + 1)
        )
        return paging.page(rows, bound, lambda run: paging.encode(micros(run.created_at), run.id))

    async def work(self, job: Job) -> None:
        """Go on with a run: the handler of its job."""
        tenant_id, run_id = job.tenant_id, str(job.payload)
        for _ in range(OWNERS_PER_JOB // OWNERS_AT_ONCE):
            run = await self._database.read(lambda conn: store.run(conn, tenant_id, run_id))
            if run is None or run.state is not RunState.RUNNING:
                return
            owners = await self._next(run)
            if not owners:
                await self._progress(run, state=RunState.DONE)
                return
            await self._bill(run, owners)
        changes = ChangeSet(tenant_id)
        add_job(changes, KIND, run_id, run_at=self._clock.now())
        await self._database.commit(changes)

    async def _bill(self, run: DocumentRun, owners: Sequence[str]) -> None:
        printing: list[tuple[Document, asyncio.Task[DocumentFile]]] = []
        errors: list[RunError] = []
        try:
            for owner in owners:
                wanted = InvoiceWanted(owner=owner, period=run.period)
                try:
                    issued = await self._documents.invoice(run.tenant_id, wanted, by=run.by)
                except StoreUnavailable:
                    raise
                except CurrantError as error:
                    errors.append(RunError(owner=owner, text=error.message))
                    continue
                # One is printed while the next is issued.
                for document in issued:
                    paper = self._files.get(run.tenant_id, document.id, FileForm.PDF)
                    printing.append((document, asyncio.create_task(paper)))
        finally:
            await asyncio.gather(*(task for _, task in printing), return_exceptions=True)
        for document, task in printing:
            problem = task.exception()
            if isinstance(problem, StoreUnavailable):
                raise problem
            if problem is not None:
                # It is issued all the same, and its paper is made anew when it is asked for.
                log.error("%s could not be printed.", document.number, exc_info=problem)
                text = f"{document.number} is issued and could not be printed."
                errors.append(RunError(owner=document.owner, text=text))
        await self._progress(run, owners=owners, issued=len(printing), errors=errors)

    async def _progress(
        self,
        run: DocumentRun,
        *,
        owners: Sequence[str] = (),
        issued: int = 0,
        errors: Sequence[RunError] = (),
        state: RunState | None = None,
    ) -> None:
        now = self._clock.now()

        def keep(conn: Connection, changes: ChangeSet) -> None:
            # Somebody may have stopped it meanwhile.
            before = _known(store.run(conn, run.tenant_id, run.id))
            goes_on = before.state is RunState.RUNNING
            after = msgspec.structs.replace(
                before,
                state=state if state is not None and goes_on else before.state,
                # What a crash did twice was counted once: at its end everybody had their turn.
                done=max(before.done, before.total) if state is RunState.DONE else before.done + len(owners),
                issued=before.issued + issued,
                failed=before.failed + len(errors),
                last_owner=owners[-1] if owners else before.last_owner,
                errors=(*before.errors, *errors)[:ERRORS_MAX],
                ended_at=now if state is RunState.DONE and goes_on else before.ended_at,
            )
            changes.write(store.PROGRESS, store.progress_row(after))
            if state is RunState.DONE and goes_on:
                changes.emit(_told(after, now))

        await self._database.decide(keep, run.tenant_id)

    async def _next(self, run: DocumentRun) -> Sequence[str]:
        def read(conn: Connection) -> Sequence[str]:
            since, until = span_of(run.period, zone_of(conn, run.tenant_id))
            return self.owners(conn, run.tenant_id, since, until, run.last_owner, OWNERS_AT_ONCE)

        return await self._database.read(read)

    def _count(self, conn: Connection, tenant_id: TenantId, since: datetime, until: datetime) -> int:
        return len(self.owners(conn, tenant_id, since, until, "", OWNERS_MAX))


def _told(run: DocumentRun, at: datetime, *, by: str = "") -> DocumentRunChanged:
    return DocumentRunChanged(
        tenant_id=run.tenant_id,
        happened_at=at,
        run_id=run.id,
        state=run.state.value,
        done=run.done,
        issued=run.issued,
        failed=run.failed,
        by=by or run.by,
    )


def _known(run: DocumentRun | None) -> DocumentRun:
    if run is None:
        raise NotFound("There is no such run.", field="run_id")
    return run
