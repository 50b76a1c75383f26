"""Charges, the ledger, payments and invoices."""

import sqlalchemy as sa
from alembic import op

revision = "0009_billing"
down_revision = "0008_pricing"
branch_labels = None
depends_on = None

TABLES = (
    "account_terms",
    "bank_lines",
    "bank_statements",
    "charge_details",
    "charges",
    "ledger_balances",
    "ledger_entries",
    "ledger_holds",
    "ledger_legs",
    "ledger_progress",
    "ledger_standings",
    "meter_keys",
    "payment_methods",
    "payment_notices",
    "payment_operations",
    "payment_providers",
    "payments",
    "receivables",
    "sandbox_balance",
    "sandbox_keys",
    "sandbox_messages",
    "sandbox_methods",
    "sandbox_payments",
    "session_evidence",
    "session_prices",
)

# What the database itself refuses: in the ledger, and in tables that are only appended to.
GUARDS = {
    "sqlite": (
        """CREATE TRIGGER ledger_entries_once BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries e WHERE e.tenant_id = NEW.tenant_id
  AND e.source_type = NEW.source_type AND e.source_id = NEW.source_id AND e.purpose = NEW.purpose)
BEGIN SELECT RAISE(IGNORE); END""",
        """CREATE TRIGGER ledger_entries_known BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries e WHERE e.id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'ledger: an entry is never replaced'); END""",
        """CREATE TRIGGER ledger_entries_balanced BEFORE INSERT ON ledger_entries
WHEN json_array_length(NEW.legs) < 2
  OR EXISTS (SELECT 1 FROM json_each(NEW.legs) leg
    WHERE coalesce(json_type(leg.value, '$[3]') <> 'integer', 1) OR json_extract(leg.value, '$[3]') = 0)
  OR EXISTS (SELECT 1 FROM json_each(NEW.legs) leg GROUP BY json_extract(leg.value, '$[2]')
    HAVING sum(json_extract(leg.value, '$[3]')) <> 0)
BEGIN SELECT RAISE(ABORT, 'ledger: an entry must balance in each currency'); END""",
        """CREATE TRIGGER ledger_entries_spread AFTER INSERT ON ledger_entries
BEGIN INSERT INTO ledger_legs (entry_id, line, tenant_id, kind, owner, currency, amount)
  SELECT NEW.id, leg.key, NEW.tenant_id, json_extract(leg.value, '$[0]'),
    json_extract(leg.value, '$[1]'), json_extract(leg.value, '$[2]'), json_extract(leg.value, '$[3]')
  FROM json_each(NEW.legs) leg; END""",
        """CREATE TRIGGER ledger_entries_unchanged BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger: entries are never changed'); END""",
        """CREATE TRIGGER ledger_entries_kept BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger: entries are never removed'); END""",
        """CREATE TRIGGER ledger_legs_of_entry BEFORE INSERT ON ledger_legs
WHEN EXISTS (SELECT 1 FROM ledger_legs l WHERE l.entry_id = NEW.entry_id AND l.line = NEW.line)
  OR NOT EXISTS (SELECT 1 FROM ledger_entries e, json_each(e.legs) leg
    WHERE e.id = NEW.entry_id AND e.tenant_id = NEW.tenant_id AND leg.key = NEW.line
    AND json_extract(leg.value, '$[0]') = NEW.kind AND json_extract(leg.value, '$[1]') = NEW.owner
    AND json_extract(leg.value, '$[2]') = NEW.currency AND json_extract(leg.value, '$[3]') = NEW.amount)
BEGIN SELECT RAISE(ABORT, 'ledger: legs come with their entry alone'); END""",
        """CREATE TRIGGER ledger_legs_unchanged BEFORE UPDATE ON ledger_legs
BEGIN SELECT RAISE(ABORT, 'ledger: legs are never changed'); END""",
        """CREATE TRIGGER ledger_legs_kept BEFORE DELETE ON ledger_legs
BEGIN SELECT RAISE(ABORT, 'ledger: legs are never removed'); END""",
        """CREATE TRIGGER ledger_holds_settled BEFORE UPDATE ON ledger_holds
WHEN OLD.state <> 'open' OR NEW.id <> OLD.id OR NEW.tenant_id <> OLD.tenant_id OR NEW.kind <> OLD.kind
  OR NEW.owner <> OLD.owner OR NEW.currency <> OLD.currency OR NEW.source_type <> OLD.source_type
  OR NEW.source_id <> OLD.source_id OR NEW.placed_at <> OLD.placed_at
BEGIN SELECT RAISE(ABORT, 'ledger: a hold is settled once'); END""",
        """CREATE TRIGGER ledger_holds_kept BEFORE DELETE ON ledger_holds
BEGIN SELECT RAISE(ABORT, 'ledger: holds are never removed'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION currant_ledger_spread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF jsonb_array_length(NEW.legs::jsonb) < 2
    OR EXISTS (SELECT 1 FROM jsonb_array_elements(NEW.legs::jsonb) leg
      WHERE (leg->>3)::bigint = 0 OR leg->>3 IS NULL)
    OR EXISTS (SELECT 1 FROM jsonb_array_elements(NEW.legs::jsonb) leg GROUP BY leg->>2
      HAVING sum((leg->>3)::bigint) <> 0)
  THEN RAISE EXCEPTION 'ledger: an entry must balance in each currency' USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO ledger_legs (entry_id, line, tenant_id, kind, owner, currency, amount)
    SELECT NEW.id, leg.at - 1, NEW.tenant_id, leg.value->>0, leg.value->>1, leg.value->>2,
      (leg.value->>3)::bigint
    FROM jsonb_array_elements(NEW.legs::jsonb) WITH ORDINALITY AS leg(value, at);
  RETURN NULL;
END $$""",
        """CREATE OR REPLACE FUNCTION currant_ledger_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: what is booked is never changed or removed' USING ERRCODE = 'check_violation';
END $$""",
        """CREATE TRIGGER ledger_entries_spread AFTER INSERT ON ledger_entries
FOR EACH ROW EXECUTE FUNCTION currant_ledger_spread()""",
        """CREATE TRIGGER ledger_entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION currant_ledger_kept()""",
        """CREATE OR REPLACE FUNCTION currant_ledger_leg() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'ledger: legs come with their entry alone' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$""",
        """CREATE OR REPLACE FUNCTION currant_ledger_leg_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: legs are never changed or removed' USING ERRCODE = 'check_violation';
END $$""",
        """CREATE TRIGGER ledger_legs_of_entry BEFORE INSERT ON ledger_legs
FOR EACH STATEMENT EXECUTE FUNCTION currant_ledger_leg()""",
        """CREATE TRIGGER ledger_legs_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_legs
FOR EACH STATEMENT EXECUTE FUNCTION currant_ledger_leg_kept()""",
        """CREATE OR REPLACE FUNCTION currant_ledger_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR OLD.state <> 'open'
    OR (NEW.id, NEW.tenant_id, NEW.kind, NEW.owner, NEW.currency, NEW.source_type, NEW.source_id, NEW.placed_at)
    IS DISTINCT FROM
    (OLD.id, OLD.tenant_id, OLD.kind, OLD.owner, OLD.currency, OLD.source_type, OLD.source_id, OLD.placed_at)
  THEN RAISE EXCEPTION 'ledger: a hold is settled once and never removed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$""",
        """CREATE TRIGGER ledger_holds_settled BEFORE UPDATE OR DELETE ON ledger_holds
FOR EACH ROW EXECUTE FUNCTION currant_ledger_hold()""",
    ),
}


def upgrade() -> None:
    op.create_table(
        "account_terms",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("pays_by", sa.Text(), nullable=False),
        sa.Column("method_id", sa.Text(), nullable=False),
        sa.Column("blocked_after_days", sa.BigInteger(), nullable=True),
        sa.Column("overdue_since", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_terms")),
    )
    op.create_table(
        "bank_lines",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("matched_kind", sa.Text(), nullable=False),
        sa.Column("matched_id", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_lines")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_bank_lines_tenant_id_key")),
    )
    with op.batch_alter_table("bank_lines", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_bank_lines_tenant_id_state_id"), ["tenant_id", "state", "id"], unique=False
        )

    op.create_table(
        "bank_statements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=True),
        sa.Column("closing", sa.BigInteger(), nullable=True),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statements")),
        sa.UniqueConstraint(
            "tenant_id", "account", "name", name=op.f("uq_bank_statements_tenant_id_account_name")
        ),
    )
    op.create_table(
        "charge_details",
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("rated", sa.Text(), nullable=False),
        sa.Column("bill", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_charge_details")),
    )
    op.create_table(
        "charges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("session_number", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("paid", sa.Text(), nullable=False),
        sa.Column("payer_kind", sa.Text(), nullable=False),
        sa.Column("payer_owner", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.Column("method_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("collected", sa.BigInteger(), nullable=False),
        sa.Column("reduced_by", sa.BigInteger(), nullable=False),
        sa.Column("energy_wh", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("token_id", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finalised_at", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.Column("credits", sa.Text(), nullable=True),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
        sa.UniqueConstraint(
            "session_id",
            "purpose",
            "kind",
            "revision",
            name=op.f("uq_charges_session_id_purpose_kind_revision"),
        ),
    )
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_charges_account_id_ended_at"), ["account_id", "ended_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_charges_payment_id"), ["payment_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_charges_tenant_id_ended_at_id"), ["tenant_id", "ended_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_charges_tenant_id_state_ended_at"),
            ["tenant_id", "state", "ended_at"],
            unique=False,
        )

    op.create_table(
        "ledger_balances",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "owner", "currency", name=op.f("pk_ledger_balances")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("legs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint(
            "tenant_id",
            "source_type",
            "source_id",
            "purpose",
            name=op.f("uq_ledger_entries_tenant_id_source_type_source_id_purpose"),
        ),
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_entries_tenant_id_id"), ["tenant_id", "id"], unique=False)

    op.create_table(
        "ledger_holds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("entry_id", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'captured') = (captured > 0)", name=op.f("ck_ledger_holds_captured")),
        sa.CheckConstraint("(state = 'open') = (resolved_at IS NULL)", name=op.f("ck_ledger_holds_resolved")),
        sa.CheckConstraint(
            "amount > 0 AND captured >= 0 AND captured <= amount", name=op.f("ck_ledger_holds_amounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_holds")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_holds_entry_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "source_type",
            "source_id",
            "kind",
            name=op.f("uq_ledger_holds_tenant_id_source_type_source_id_kind"),
        ),
    )
    with op.batch_alter_table("ledger_holds", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_holds_account", ["tenant_id", "owner", "placed_at"], unique=False)
        batch_op.create_index(
            "ix_ledger_holds_open",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "ledger_legs",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "line", name=op.f("pk_ledger_legs")),
    )
    with op.batch_alter_table("ledger_legs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_legs_account",
            ["tenant_id", "kind", "owner", "currency", "entry_id", "amount"],
            unique=False,
        )

    op.create_table(
        "ledger_progress",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_ledger_progress")),
    )
    op.create_table(
        "ledger_standings",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'credit_line' OR balance >= held", name=op.f("ck_ledger_standings_not_below_zero")
        ),
        sa.CheckConstraint("held >= 0", name=op.f("ck_ledger_standings_held")),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "owner", "currency", name=op.f("pk_ledger_standings")),
    )
    with op.batch_alter_table("ledger_standings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_standings_tenant_id_owner"), ["tenant_id", "owner"], unique=False
        )

    op.create_table(
        "meter_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("meter_serial", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_keys")),
        sa.UniqueConstraint("station_id", "evse", "key", name=op.f("uq_meter_keys_station_id_evse_key")),
    )
    with op.batch_alter_table("meter_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meter_keys_tenant_id_id"), ["tenant_id", "id"], unique=False)

    op.create_table(
        "payment_methods",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("setup_reference", sa.Text(), nullable=False),
        sa.Column("customer_reference", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
    )
    with op.batch_alter_table("payment_methods", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payment_methods_tenant_id_owner_kind_owner_id"),
            ["tenant_id", "owner_kind", "owner_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_payment_methods_tenant_id_setup_reference"),
            ["tenant_id", "setup_reference"],
            unique=False,
        )

    op.create_table(
        "payment_notices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_notices")),
        sa.UniqueConstraint(
            "tenant_id", "provider", "event_id", name=op.f("uq_payment_notices_tenant_id_provider_event_id")
        ),
    )
    with op.batch_alter_table("payment_notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_notices_received_at"), ["received_at"], unique=False)

    op.create_table(
        "payment_operations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("failure_text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_operations")),
        sa.UniqueConstraint(
            "tenant_id",
            "payment_id",
            "kind",
            "key",
            name=op.f("uq_payment_operations_tenant_id_payment_id_kind_key"),
        ),
    )
    with op.batch_alter_table("payment_operations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payment_operations_state_next_at"), ["state", "next_at"], unique=False
        )

    op.create_table(
        "payment_providers",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_payment_providers")),
        sa.UniqueConstraint("hook", name=op.f("uq_payment_providers_hook")),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("authorised", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("look_at", sa.BigInteger(), nullable=True),
        sa.Column("payment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "tenant_id",
            "owner_kind",
            "owner_id",
            "key",
            name=op.f("uq_payments_tenant_id_owner_kind_owner_id_key"),
        ),
        sa.UniqueConstraint(
            "tenant_id", "provider", "reference", name=op.f("uq_payments_tenant_id_provider_reference")
        ),
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payments_look_at"), ["look_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_payments_tenant_id_id"), ["tenant_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_payments_tenant_id_session_id"), ["tenant_id", "session_id"], unique=False
        )

    op.create_table(
        "receivables",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("reminders", sa.BigInteger(), nullable=False),
        sa.Column("remind_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receivables")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_receivables_charge_id")),
    )
    with op.batch_alter_table("receivables", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_receivables_account_id_state"), ["account_id", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_receivables_tenant_id_state_due_at"),
            ["tenant_id", "state", "due_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_receivables_to_remind",
            ["remind_at"],
            unique=False,
            sqlite_where=sa.text("remind_at IS NOT NULL"),
            postgresql_where=sa.text("remind_at IS NOT NULL"),
        )

    op.create_table(
        "sandbox_balance",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_reference", sa.Text(), nullable=False),
        sa.Column("payout", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_balance")),
    )
    with op.batch_alter_table("sandbox_balance", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sandbox_balance_tenant_id_at"), ["tenant_id", "at"], unique=False
        )

    op.create_table(
        "sandbox_keys",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("failure_text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", name=op.f("pk_sandbox_keys")),
    )
    with op.batch_alter_table("sandbox_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sandbox_keys_at"), ["at"], unique=False)

    op.create_table(
        "sandbox_messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_messages")),
    )
    with op.batch_alter_table("sandbox_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sandbox_messages_due_at"), ["due_at"], unique=False)

    op.create_table(
        "sandbox_methods",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("setup", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_sandbox_methods")),
        sa.UniqueConstraint("setup", name=op.f("uq_sandbox_methods_setup")),
    )
    op.create_table(
        "sandbox_payments",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("payment", sa.Text(), nullable=False),
        sa.Column("moves_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_sandbox_payments")),
    )
    with op.batch_alter_table("sandbox_payments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sandbox_payments_moves_at"), ["moves_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_sandbox_payments_tenant_id_payment_id"), ["tenant_id", "payment_id"], unique=False
        )

    op.create_table(
        "session_evidence",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("judged_at", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("energy_wh", sa.BigInteger(), nullable=False),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("records", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_evidence")),
    )
    with op.batch_alter_table("session_evidence", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_session_evidence_station_id_session_id"),
            ["station_id", "session_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_session_evidence_tenant_id_standing_session_id"),
            ["tenant_id", "standing", "session_id"],
            unique=False,
        )

    op.create_table(
        "session_prices",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", "purpose", name=op.f("pk_session_prices")),
    )
    with op.batch_alter_table("session_prices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_prices_version_id"), ["version_id"], unique=False)
    connection = op.get_bind()
    for statement in GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for function in (
            "currant_ledger_hold",
            "currant_ledger_kept",
            "currant_ledger_leg",
            "currant_ledger_leg_kept",
            "currant_ledger_spread",
        ):
            op.execute(f"DROP FUNCTION IF EXISTS {function}()")
