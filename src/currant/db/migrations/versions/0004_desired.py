"""Desired state and station groups, files and firmware."""

import sqlalchemy as sa
from alembic import op

revision = "0004_desired"
down_revision = "0003_commands"
branch_labels = None
depends_on = None

TABLES = (
    "desired_changes",
    "desired_claims",
    "desired_declarations",
    "desired_known",
    "desired_pauses",
    "desired_revisions",
    "desired_rollout_stations",
    "desired_rollouts",
    "desired_states",
    "files",
    "firmware_images",
    "station_group_members",
    "station_groups",
    "transfers",
)


def upgrade() -> None:
    op.create_table(
        "desired_changes",
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("declaration_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("revision_id", "declaration_id", name=op.f("pk_desired_changes")),
    )
    op.create_table(
        "desired_claims",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_desired_claims")),
    )
    op.create_table(
        "desired_declarations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desired_declarations")),
        sa.UniqueConstraint("tenant_id", "slot", name=op.f("uq_desired_declarations_tenant_id_slot")),
    )
    with op.batch_alter_table("desired_declarations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_desired_declarations_tenant_id_id"), ["tenant_id", "id"], unique=False
        )

    op.create_table(
        "desired_known",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "aspect", name=op.f("pk_desired_known")),
    )
    op.create_table(
        "desired_pauses",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "aspect", name=op.f("pk_desired_pauses")),
    )
    op.create_table(
        "desired_revisions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("undoes", sa.Text(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("rollout_id", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desired_revisions")),
    )
    with op.batch_alter_table("desired_revisions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_desired_revisions_tenant_id_id"), ["tenant_id", "id"], unique=False
        )

    op.create_table(
        "desired_rollout_stations",
        sa.Column("rollout_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rollout_id", "station_id", name=op.f("pk_desired_rollout_stations")),
    )
    with op.batch_alter_table("desired_rollout_stations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_desired_rollout_stations_station_id"), ["station_id"], unique=False
        )

    op.create_table(
        "desired_rollouts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("stations", sa.BigInteger(), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desired_rollouts")),
    )
    with op.batch_alter_table("desired_rollouts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desired_rollouts_state"), ["state"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_desired_rollouts_tenant_id_id"), ["tenant_id", "id"], unique=False
        )

    op.create_table(
        "desired_states",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("desired_digest", sa.Text(), nullable=False),
        sa.Column("reported_digest", sa.Text(), nullable=False),
        sa.Column("last_command_id", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "aspect", name=op.f("pk_desired_states")),
    )
    with op.batch_alter_table("desired_states", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desired_states_next_at"), ["next_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_desired_states_tenant_id_aspect_standing_station_id"),
            ["tenant_id", "aspect", "standing", "station_id"],
            unique=False,
        )

    op.create_table(
        "files",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_files_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_files_station_id_id"), ["station_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_files_tenant_id_id"), ["tenant_id", "id"], unique=False)

    op.create_table(
        "firmware_images",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("models", sa.Text(), nullable=False),
        sa.Column("release_notes", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("md5", sa.Text(), nullable=False),
        sa.Column("signing", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firmware_images")),
        sa.UniqueConstraint(
            "tenant_id", "sha256", "version", name=op.f("uq_firmware_images_tenant_id_sha256_version")
        ),
    )
    op.create_table(
        "station_group_members",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "station_id", name=op.f("pk_station_group_members")),
    )
    with op.batch_alter_table("station_group_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_station_group_members_station_id"), ["station_id"], unique=False)

    op.create_table(
        "station_groups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_groups")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_station_groups_tenant_id_name")),
    )
    op.create_table(
        "transfers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("command_id", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("oldest", sa.BigInteger(), nullable=True),
        sa.Column("latest", sa.BigInteger(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("firmware_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("version_before", sa.Text(), nullable=False),
        sa.Column("version_after", sa.Text(), nullable=False),
        sa.Column("retrieve_at", sa.BigInteger(), nullable=True),
        sa.Column("install_at", sa.BigInteger(), nullable=True),
        sa.Column("fetched_at", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("locations", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
    )
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfers_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_transfers_firmware_id_status"), ["firmware_id", "status"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_transfers_station_id_id"), ["station_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_transfers_status_heard_at"), ["status", "heard_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_transfers_tenant_id_id"), ["tenant_id", "id"], unique=False)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
