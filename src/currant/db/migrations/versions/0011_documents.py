"""Legal entities, documents and how customers are billed."""

import sqlalchemy as sa
from alembic import op

revision = "0011_documents"
down_revision = "0010_ledger"
branch_labels = None
depends_on = None

TABLES = (
    "billing_profiles",
    "document_charges",
    "document_files",
    "document_numbers",
    "document_runs",
    "document_states",
    "documents",
    "entity_locations",
    "legal_entities",
    "tax_settings",
)

# What the database itself refuses: in the ledger, and in tables that are only appended to.
GUARDS = {
    "sqlite": (
        """CREATE TRIGGER documents_no_update BEFORE UPDATE ON documents BEGIN SELECT RAISE(ABORT, 'Rows of documents are never changed or deleted.'); END""",
        """CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents BEGIN SELECT RAISE(ABORT, 'Rows of documents are never changed or deleted.'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION currant_documents_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'Rows of documents are never changed or deleted.' USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER documents_append_only BEFORE UPDATE OR DELETE ON documents FOR EACH ROW EXECUTE FUNCTION currant_documents_kept()""",
        """CREATE TRIGGER documents_no_truncate BEFORE TRUNCATE ON documents FOR EACH STATEMENT EXECUTE FUNCTION currant_documents_kept()""",
    ),
}


def upgrade() -> None:
    op.create_table(
        "billing_profiles",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "owner", name=op.f("pk_billing_profiles")),
    )
    op.create_table(
        "document_charges",
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_document_charges")),
    )
    with op.batch_alter_table("document_charges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_charges_document_id"), ["document_id"], unique=False)

    op.create_table(
        "document_files",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "form", name=op.f("pk_document_files")),
    )
    op.create_table(
        "document_numbers",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entity_id", "series", "fiscal_year", name=op.f("pk_document_numbers")),
    )
    op.create_table(
        "document_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begins", sa.Text(), nullable=False),
        sa.Column("ends", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("last_owner", sa.Text(), nullable=False),
        sa.Column("errors", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_runs")),
    )
    with op.batch_alter_table("document_runs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_document_runs_tenant_id_created_at"), ["tenant_id", "created_at"], unique=False
        )

    op.create_table(
        "document_states",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("credited", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=True),
        sa.Column("irn", sa.Text(), nullable=False),
        sa.Column("irn_qr", sa.Text(), nullable=False),
        sa.Column("irn_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_states")),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("issue_date", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("preceding_id", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("entity_id", "number", name=op.f("uq_documents_entity_id_number")),
        sa.UniqueConstraint(
            "entity_id",
            "series",
            "fiscal_year",
            "sequence",
            name=op.f("uq_documents_entity_id_series_fiscal_year_sequence"),
        ),
        info={"append_only": True},
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index("ix_documents_owner", ["tenant_id", "owner", "issued_at"], unique=False)
        batch_op.create_index("ix_documents_preceding", ["tenant_id", "preceding_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_documents_tenant_id_issued_at"), ["tenant_id", "issued_at"], unique=False
        )

    op.create_table(
        "entity_locations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "location_id", name=op.f("pk_entity_locations")),
    )
    op.create_table(
        "legal_entities",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_entities")),
    )
    with op.batch_alter_table("legal_entities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_entities_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "tax_settings",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tax_settings")),
    )
    connection = op.get_bind()
    for statement in GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for function in ("currant_documents_kept",):
            op.execute(f"DROP FUNCTION IF EXISTS {function}()")
