"""What `currant check --ledger` finds in the books of every organisation, asked of the database itself.

It reads in one consistent view and changes nothing, so it may be asked while the server runs or stands.
"""

from pathlib import Path

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from currant.app.settings import Settings
from currant.billing import books_checks
from currant.billing.books_checks import LedgerFinding
from currant.billing.books_service import CLEARING_DAYS, ledgers
from currant.billing.documents.taxed import tax_on_documents
from currant.db.backends import backend_for
from currant.db.crew import begin
from currant.db.failures import translated
from currant.db.migrating import newest_version, version_of
from currant.kit.clock import Clock
from currant.kit.errors import Conflict
from currant.kit.ids import TenantId


class LedgerOfTenant(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at in one organisation's ledger, and what was found."""

    tenant_id: TenantId
    entries: int
    accounts: int
    ok: bool
    findings: tuple[LedgerFinding, ...]


def check_ledgers(settings: Settings, clock: Clock) -> list[LedgerOfTenant]:
    """Every ledger there is. Raises StoreUnavailable when the database cannot be read, Conflict when it is older."""
    now, url = clock.now(), settings.database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return []  # made at the first start
    try:
        backend = backend_for(url)
        try:
            with backend.connect(read_only=True) as connection:
                if not backend.one_writer:
                    # It looks at everything, and nobody waits for it.
                    connection.exec_driver_sql("SET statement_timeout = 0")
                cursor = begin(connection, backend.begin_read)
                found = version_of(connection)
                if found != newest_version():
                    raise Conflict(
                        f"The database's schema is {found or 'empty'}, not {newest_version()}: run `currant migrate`."
                    )
                reports = [
                    (
                        tenant_id,
                        books_checks.report(
                            connection,
                            tenant_id,
                            now,
                            clearing_days=CLEARING_DAYS,
                            tax_on_paper=tax_on_documents,
                        ),
                    )
                    for tenant_id in ledgers(connection)
                ]
                cursor.execute("ROLLBACK")
        finally:
            backend.close()
    except (SQLAlchemyError, OSError) as error:
        raise translated(error) from error
    return [
        LedgerOfTenant(
            tenant_id=tenant_id,
            entries=report.entries,
            accounts=report.accounts,
            ok=report.ok,
            findings=report.findings,
        )
        for tenant_id, report in reports
    ]
