"""The ledger, what guards it, and wallets."""

import sqlalchemy as sa
from alembic import op

revision = "0010_ledger"
down_revision = "0009_billing"
branch_labels = None
depends_on = None

TABLES = (
    "ledger_balances",
    "ledger_entries",
    "ledger_holds",
    "ledger_legs",
    "ledger_progress",
    "ledger_standings",
    "wallet_fills",
    "wallet_rules",
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
        "wallet_fills",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_fills")),
    )
    with op.batch_alter_table("wallet_fills", schema=None) as batch_op:
        batch_op.create_index(
            "ix_wallet_fills_owner", ["tenant_id", "owner", "currency", "asked_at"], unique=False
        )
        batch_op.create_index(
            "uq_wallet_fills_asked",
            ["tenant_id", "owner", "currency"],
            unique=True,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )

    op.create_table(
        "wallet_rules",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("below", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("most_a_month", sa.BigInteger(), nullable=False),
        sa.Column("method_id", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_failure", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "owner", "currency", name=op.f("pk_wallet_rules")),
    )
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
