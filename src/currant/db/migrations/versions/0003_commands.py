"""Commands that wait, the device model and what stations hold."""

import sqlalchemy as sa
from alembic import op

revision = "0003_commands"
down_revision = "0002_network"
branch_labels = None
depends_on = None

TABLES = (
    "command_batches",
    "component_events",
    "component_problems",
    "device_models",
    "device_traits",
    "device_values",
    "device_variables",
    "event_streams",
    "monitors",
    "station_der_alarms",
    "station_der_controls",
    "station_outside_limits",
    "station_password_offers",
    "station_profiles",
    "stream_values",
)


def upgrade() -> None:
    op.create_table(
        "command_batches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("stations", sa.BigInteger(), nullable=False),
        sa.Column("at_once", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command_batches")),
    )
    with op.batch_alter_table("command_batches", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_command_batches_tenant_id_id"), ["tenant_id", "id"], unique=False
        )

    op.create_table(
        "component_events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("component_instance", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=True),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("connector", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tech_code", sa.Text(), nullable=False),
        sa.Column("tech_info", sa.Text(), nullable=False),
        sa.Column("severity", sa.BigInteger(), nullable=True),
        sa.Column("monitor_id", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.BigInteger(), nullable=True),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component_events")),
    )
    with op.batch_alter_table("component_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_component_events_tenant_id_station_id_id"),
            ["tenant_id", "station_id", "id"],
            unique=False,
        )

    op.create_table(
        "component_problems",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("component_instance", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=True),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("connector", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tech_code", sa.Text(), nullable=False),
        sa.Column("tech_info", sa.Text(), nullable=False),
        sa.Column("severity", sa.BigInteger(), nullable=True),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "subject", name=op.f("pk_component_problems")),
    )
    with op.batch_alter_table("component_problems", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_component_problems_tenant_id_since"), ["tenant_id", "since"], unique=False
        )

    op.create_table(
        "device_models",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("firmware_version", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("pending_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_device_models")),
        sa.UniqueConstraint("station_id", name=op.f("uq_device_models_station_id")),
    )
    op.create_table(
        "device_traits",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_device_traits")),
        sa.UniqueConstraint("tenant_id", "digest", name=op.f("uq_device_traits_tenant_id_digest")),
    )
    op.create_table(
        "device_values",
        sa.Column("station", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("variable", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("evse", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connector", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attribute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("traits", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "station", "variable", "evse", "connector", "attribute", name=op.f("pk_device_values")
        ),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("device_values", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_device_values_variable_station"), ["variable", "station"], unique=False
        )

    op.create_table(
        "device_variables",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("component_instance", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_device_variables")),
        sa.UniqueConstraint("tenant_id", "folded", name=op.f("uq_device_variables_tenant_id_folded")),
    )
    op.create_table(
        "event_streams",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("monitor_id", sa.BigInteger(), nullable=False),
        sa.Column("interval_s", sa.BigInteger(), nullable=True),
        sa.Column("values", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "stream_id", name=op.f("pk_event_streams")),
    )
    op.create_table(
        "monitors",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("monitor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("component_instance", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=True),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("connector", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("severity", sa.BigInteger(), nullable=False),
        sa.Column("in_transaction_only", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("stream_interval_s", sa.BigInteger(), nullable=True),
        sa.Column("stream_values", sa.BigInteger(), nullable=True),
        sa.Column("declared_as", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "monitor_id", name=op.f("pk_monitors")),
    )
    op.create_table(
        "station_der_alarms",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("info", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_der_alarms")),
    )
    with op.batch_alter_table("station_der_alarms", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_station_der_alarms_tenant_id_station_id_id"),
            ["tenant_id", "station_id", "id"],
            unique=False,
        )

    op.create_table(
        "station_der_controls",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("started", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "control_id", name=op.f("pk_station_der_controls")),
    )
    with op.batch_alter_table("station_der_controls", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_station_der_controls_tenant_id_station_id"),
            ["tenant_id", "station_id"],
            unique=False,
        )

    op.create_table(
        "station_outside_limits",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("evse", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("schedules", sa.Text(), nullable=False),
        sa.Column("grid_critical", sa.Boolean(), nullable=False),
        sa.Column("local_generation", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "evse", "source", name=op.f("pk_station_outside_limits")),
    )
    with op.batch_alter_table("station_outside_limits", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_station_outside_limits_tenant_id_station_id"),
            ["tenant_id", "station_id"],
            unique=False,
        )

    op.create_table(
        "station_password_offers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("offered_by", sa.Text(), nullable=False),
        sa.Column("contradicted_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_password_offers")),
    )
    with op.batch_alter_table("station_password_offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_station_password_offers_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_station_password_offers_station_id_id"), ["station_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_station_password_offers_valid_offered_at"), ["valid", "offered_at"], unique=False
        )

    op.create_table(
        "station_profiles",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("profile_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("stack_level", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("installed_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("command_id", sa.Text(), nullable=True),
        sa.Column("dynamic_values", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "profile_id", name=op.f("pk_station_profiles")),
    )
    with op.batch_alter_table("station_profiles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_station_profiles_tenant_id_profile_id_station_id"),
            ["tenant_id", "profile_id", "station_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_station_profiles_tenant_id_transaction_id"),
            ["tenant_id", "transaction_id"],
            unique=False,
        )

    op.create_table(
        "stream_values",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("monitor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "monitor_id", "at", name=op.f("pk_stream_values")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("stream_values", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stream_values_at"), ["at"], unique=False)

    with op.batch_alter_table("commands", schema=None) as batch_op:
        batch_op.add_column(sa.Column("report", sa.Text(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("not_before", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("expires_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("batch_id", sa.Text(), nullable=True))
        batch_op.create_index(
            "ix_commands_batch",
            ["batch_id", "status"],
            unique=False,
            sqlite_where=sa.text("batch_id IS NOT NULL"),
            postgresql_where=sa.text("batch_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_commands_queued",
            ["station_id", "asked_at"],
            unique=False,
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("commands", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_commands_queued",
            sqlite_where=sa.text("status = 'queued'"),
            postgresql_where=sa.text("status = 'queued'"),
        )
        batch_op.drop_index(
            "ix_commands_batch",
            sqlite_where=sa.text("batch_id IS NOT NULL"),
            postgresql_where=sa.text("batch_id IS NOT NULL"),
        )
        batch_op.drop_column("batch_id")
        batch_op.drop_column("expires_at")
        batch_op.drop_column("not_before")
        batch_op.drop_column("report")
    for table in reversed(TABLES):
        op.drop_table(table)
