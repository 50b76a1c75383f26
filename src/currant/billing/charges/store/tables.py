"""The tables of charges and the statements that write them.

A charge's row is what lists, reports and invoices need; the exact lines with their trace stand beside it,
in `charge_details`, because they are ten times as large and asked for one at a time.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Table, Text, UniqueConstraint, text

from currant.db.commits import insert_into, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros

session_prices = Table(
    "session_prices",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("version_id", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("token_id", Text),
    Index(None, "version_id"),
    Index(None, "at"),
)
charges = Table(
    "charges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("session_number", BigInteger, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("paid", Text, nullable=False),
    Column("payer_kind", Text, nullable=False),
    Column("payer_owner", Text, nullable=False),
    Column("payment_id", Text),
    Column("method_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("collected", BigInteger, nullable=False),
    Column("reduced_by", BigInteger, nullable=False),
    Column("energy_wh", BigInteger, nullable=False),
    Column("version_id", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("account_id", Text),
    Column("token_id", Text),
    Column("location_id", Text),
    Column("station_id", Text, nullable=False),
    Column("evse", BigInteger),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("finalised_at", BigInteger),
    Column("released_by", Text, nullable=False),
    Column("credits", Text),
    Column("document_id", Text),
    Column("note", Text, nullable=False),
    # Two at work on one session cannot both charge for it.
    UniqueConstraint("session_id", "purpose", "kind", "revision"),
    Index(None, "tenant_id", "ended_at", "id"),
    Index(None, "account_id", "ended_at"),
    Index(None, "tenant_id", "state", "ended_at"),
    Index(None, "payment_id"),
)
charge_details = Table(
    "charge_details",
    metadata,
    Column("charge_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("rated", Text, nullable=False),
    Column("bill", Text, nullable=False),
    # The decision on taxes, where there was one.
    Column("decision", Text),
    Column("entity_id", Text),
)
receivables = Table(
    "receivables",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("charge_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("account_id", Text),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("reminders", BigInteger, nullable=False),
    Column("remind_at", BigInteger),
    UniqueConstraint("charge_id"),
    Index(None, "tenant_id", "state", "due_at"),
    Index(None, "account_id", "state"),
    Index(
        "ix_receivables_to_remind",
        "remind_at",
        sqlite_where=text("remind_at IS NOT NULL"),
        postgresql_where=text("remind_at IS NOT NULL"),
    ),
)
account_terms = Table(
    "account_terms",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("pays_by", Text, nullable=False),
    Column("method_id", Text, nullable=False),
    Column("blocked_after_days", BigInteger),
    Column("overdue_since", BigInteger),
    Column("updated_at", BigInteger),
)

SAVE_LOCK = upsert(session_prices, key=("session_id", "purpose"))
SAVE_CHARGE = upsert(charges, key=("id",))
SAVE_DETAILS = upsert(charge_details, key=("charge_id",))
INSERT_CHARGE = insert_into(charges)
SAVE_RECEIVABLE = upsert(receivables, key=("id",))
SAVE_TERMS = upsert(account_terms, key=("account_id",))


def us(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def at_of(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)
