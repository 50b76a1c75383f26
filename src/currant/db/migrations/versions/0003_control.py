"""Remote control: device model, desired state, commands that wait, access rules."""

import sqlalchemy as sa
from alembic import op

revision = "0003_control"
down_revision = "0002_network"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "authorisers",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_authorisers")),
    )
    op.create_table(
        "battery_swaps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("token_uid", sa.Text(), nullable=False),
        sa.Column("batteries", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_battery_swaps")),
    )
    with op.batch_alter_table("battery_swaps", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_battery_swaps_station_id_request_id"), ["station_id", "request_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_battery_swaps_tenant_id_id"), ["tenant_id", "id"], unique=False)

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
        "holiday_calendars",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_calendars")),
    )
    with op.batch_alter_table("holiday_calendars", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_holiday_calendars_tenant_id_name_id"), ["tenant_id", "name", "id"], unique=False
        )

    op.create_table(
        "installed_certificates",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("issuer_key_hash", sa.Text(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("issuer_name_hash", sa.Text(), nullable=False),
        sa.Column("children", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "station_id", "use", "issuer_key_hash", "serial_number", name=op.f("pk_installed_certificates")
        ),
    )
    op.create_table(
        "installed_certificates_asked",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_installed_certificates_asked")),
    )
    op.create_table(
        "list_contents",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_list_contents")),
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
        "policies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_policies_tenant_id_name_id"), ["tenant_id", "name", "id"], unique=False
        )

    op.create_table(
        "policy_days",
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("energy_wh", sa.BigInteger(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("policy_id", "subject", "day", name=op.f("pk_policy_days")),
    )
    op.create_table(
        "policy_uses",
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=True),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("energy_wh", sa.BigInteger(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("stop_asked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("policy_id", "session_id", name=op.f("pk_policy_uses")),
    )
    with op.batch_alter_table("policy_uses", schema=None) as batch_op:
        batch_op.create_index(
            "ix_policy_uses_open",
            ["policy_id"],
            unique=False,
            sqlite_where=sa.text("open"),
            postgresql_where=sa.text("open"),
        )
        batch_op.create_index(batch_op.f("ix_policy_uses_session_id"), ["session_id"], unique=False)

    op.create_table(
        "reservations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("token_uid", sa.Text(), nullable=False),
        sa.Column("token_kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("parent_uid", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.Column("station_id", sa.Text(), nullable=True),
        sa.Column("evse", sa.BigInteger(), nullable=True),
        sa.Column("connector_standard", sa.Text(), nullable=True),
        sa.Column("min_power_w", sa.BigInteger(), nullable=True),
        sa.Column("place_station_id", sa.Text(), nullable=False),
        sa.Column("place_evse", sa.BigInteger(), nullable=False),
        sa.Column("any_evse", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ad_hoc", sa.Boolean(), nullable=False),
        sa.Column("hold_from", sa.BigInteger(), nullable=False),
        sa.Column("release_at", sa.BigInteger(), nullable=False),
        sa.Column("booked_until", sa.BigInteger(), nullable=False),
        sa.Column("held_since", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("session_number", sa.BigInteger(), nullable=True),
        sa.Column("waiting_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("station_knows", sa.Boolean(), nullable=False),
        sa.Column("retries", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
        sa.UniqueConstraint("number", name=op.f("uq_reservations_number")),
    )
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reservations_due",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_reservations_live_account",
            ["account_id"],
            unique=False,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )
        batch_op.create_index(
            "ix_reservations_live_place",
            ["place_station_id", "hold_from"],
            unique=False,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )
        batch_op.create_index(
            "ix_reservations_live_token",
            ["token_id", "hold_from"],
            unique=False,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )
        batch_op.create_index(
            batch_op.f("ix_reservations_location_id_booked_until"),
            ["location_id", "booked_until"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_reservations_place_station_id_booked_until"),
            ["place_station_id", "booked_until"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_reservations_tenant_id_id"), ["tenant_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reservations_token_id_id"), ["token_id", "id"], unique=False)

    op.create_table(
        "security_upgrades",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_upgrades")),
    )
    with op.batch_alter_table("security_upgrades", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_security_upgrades_open"), ["open"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_security_upgrades_station_id_id"), ["station_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_security_upgrades_tenant_id_id"), ["tenant_id", "id"], unique=False
        )

    op.create_table(
        "session_needs",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("profile_id", sa.BigInteger(), nullable=True),
        sa.Column("offered", sa.Text(), nullable=True),
        sa.Column("offered_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("planned", sa.Text(), nullable=True),
        sa.Column("planned_at", sa.BigInteger(), nullable=True),
        sa.Column("planned_accepted", sa.Boolean(), nullable=True),
        sa.Column("renegotiations", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("allowed_transfers", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_needs")),
    )
    with op.batch_alter_table("session_needs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_session_needs_tenant_id_station_id_transaction_id"),
            ["tenant_id", "station_id", "transaction_id"],
            unique=False,
        )

    op.create_table(
        "station_certificates",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("renewal_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("key_digest", sa.Text(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_certificates")),
    )
    with op.batch_alter_table("station_certificates", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_station_certificates_station_id_use"), ["station_id", "use"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_station_certificates_status_valid_until"), ["status", "valid_until"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_station_certificates_tenant_id_id"), ["tenant_id", "id"], unique=False
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
        "station_lists",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_station_lists")),
    )
    with op.batch_alter_table("station_lists", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_station_lists_tenant_id_digest"), ["tenant_id", "digest"], unique=False
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

    op.create_table(
        "terminal_settlements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("receipt_url", sa.Text(), nullable=False),
        sa.Column("vat_number", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terminal_settlements")),
    )
    with op.batch_alter_table("terminal_settlements", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_terminal_settlements_station_id_reference"),
            ["station_id", "reference"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_terminal_settlements_tenant_id_id"), ["tenant_id", "id"], unique=False
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
        batch_op.create_index(batch_op.f("ix_transfers_station_id_id"), ["station_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_transfers_status_heard_at"), ["status", "heard_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_transfers_tenant_id_id"), ["tenant_id", "id"], unique=False)

    op.create_table(
        "waiting_drivers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=True),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("token_uid", sa.Text(), nullable=False),
        sa.Column("token_kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("connector_standard", sa.Text(), nullable=True),
        sa.Column("min_power_w", sa.BigInteger(), nullable=True),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reservation_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_drivers")),
    )
    with op.batch_alter_table("waiting_drivers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_waiting_drivers_live",
            ["location_id", "id"],
            unique=False,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )
        batch_op.create_index(
            "ix_waiting_drivers_live_token",
            ["token_id"],
            unique=False,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )
        batch_op.create_index(
            batch_op.f("ix_waiting_drivers_tenant_id_id"), ["tenant_id", "id"], unique=False
        )

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policies", sa.Text(), nullable=True))

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

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("authorisation_reference", sa.Text(), server_default="", nullable=False)
        )

    with op.batch_alter_table("token_groups", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policies", sa.Text(), nullable=True))

    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policies", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_column("policies")

    with op.batch_alter_table("token_groups", schema=None) as batch_op:
        batch_op.drop_column("policies")

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("authorisation_reference")

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

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("policies")

    with op.batch_alter_table("waiting_drivers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waiting_drivers_tenant_id_id"))
        batch_op.drop_index(
            "ix_waiting_drivers_live_token", sqlite_where=sa.text("live"), postgresql_where=sa.text("live")
        )
        batch_op.drop_index(
            "ix_waiting_drivers_live", sqlite_where=sa.text("live"), postgresql_where=sa.text("live")
        )

    op.drop_table("waiting_drivers")
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transfers_tenant_id_id"))
        batch_op.drop_index(batch_op.f("ix_transfers_status_heard_at"))
        batch_op.drop_index(batch_op.f("ix_transfers_station_id_id"))

    op.drop_table("transfers")
    with op.batch_alter_table("terminal_settlements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_terminal_settlements_tenant_id_id"))
        batch_op.drop_index(batch_op.f("ix_terminal_settlements_station_id_reference"))

    op.drop_table("terminal_settlements")
    with op.batch_alter_table("stream_values", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stream_values_at"))

    op.drop_table("stream_values")
    with op.batch_alter_table("station_profiles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_profiles_tenant_id_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_station_profiles_tenant_id_profile_id_station_id"))

    op.drop_table("station_profiles")
    with op.batch_alter_table("station_password_offers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_password_offers_valid_offered_at"))
        batch_op.drop_index(batch_op.f("ix_station_password_offers_station_id_id"))

    op.drop_table("station_password_offers")
    with op.batch_alter_table("station_outside_limits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_outside_limits_tenant_id_station_id"))

    op.drop_table("station_outside_limits")
    with op.batch_alter_table("station_lists", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_lists_tenant_id_digest"))

    op.drop_table("station_lists")
    op.drop_table("station_groups")
    with op.batch_alter_table("station_group_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_group_members_station_id"))

    op.drop_table("station_group_members")
    with op.batch_alter_table("station_der_controls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_der_controls_tenant_id_station_id"))

    op.drop_table("station_der_controls")
    with op.batch_alter_table("station_der_alarms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_der_alarms_tenant_id_station_id_id"))

    op.drop_table("station_der_alarms")
    with op.batch_alter_table("station_certificates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_station_certificates_tenant_id_id"))
        batch_op.drop_index(batch_op.f("ix_station_certificates_status_valid_until"))
        batch_op.drop_index(batch_op.f("ix_station_certificates_station_id_use"))

    op.drop_table("station_certificates")
    with op.batch_alter_table("session_needs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_needs_tenant_id_station_id_transaction_id"))

    op.drop_table("session_needs")
    with op.batch_alter_table("security_upgrades", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_security_upgrades_tenant_id_id"))
        batch_op.drop_index(batch_op.f("ix_security_upgrades_station_id_id"))
        batch_op.drop_index(batch_op.f("ix_security_upgrades_open"))

    op.drop_table("security_upgrades")
    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reservations_token_id_id"))
        batch_op.drop_index(batch_op.f("ix_reservations_tenant_id_id"))
        batch_op.drop_index(batch_op.f("ix_reservations_place_station_id_booked_until"))
        batch_op.drop_index(batch_op.f("ix_reservations_location_id_booked_until"))
        batch_op.drop_index(
            "ix_reservations_live_token", sqlite_where=sa.text("live"), postgresql_where=sa.text("live")
        )
        batch_op.drop_index(
            "ix_reservations_live_place", sqlite_where=sa.text("live"), postgresql_where=sa.text("live")
        )
        batch_op.drop_index(
            "ix_reservations_live_account", sqlite_where=sa.text("live"), postgresql_where=sa.text("live")
        )
        batch_op.drop_index(
            "ix_reservations_due",
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )

    op.drop_table("reservations")
    with op.batch_alter_table("policy_uses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policy_uses_session_id"))
        batch_op.drop_index(
            "ix_policy_uses_open", sqlite_where=sa.text("open"), postgresql_where=sa.text("open")
        )

    op.drop_table("policy_uses")
    op.drop_table("policy_days")
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policies_tenant_id_name_id"))

    op.drop_table("policies")
    op.drop_table("monitors")
    op.drop_table("list_contents")
    op.drop_table("installed_certificates_asked")
    op.drop_table("installed_certificates")
    with op.batch_alter_table("holiday_calendars", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_holiday_calendars_tenant_id_name_id"))

    op.drop_table("holiday_calendars")
    op.drop_table("firmware_images")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_files_tenant_id_id"))
        batch_op.drop_index(batch_op.f("ix_files_station_id_id"))
        batch_op.drop_index(batch_op.f("ix_files_created_at"))

    op.drop_table("files")
    op.drop_table("event_streams")
    op.drop_table("device_variables")
    with op.batch_alter_table("device_values", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_values_variable_station"))

    op.drop_table("device_values")
    op.drop_table("device_traits")
    op.drop_table("device_models")
    with op.batch_alter_table("desired_states", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desired_states_tenant_id_aspect_standing_station_id"))
        batch_op.drop_index(batch_op.f("ix_desired_states_next_at"))

    op.drop_table("desired_states")
    with op.batch_alter_table("desired_rollouts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desired_rollouts_tenant_id_id"))
        batch_op.drop_index(batch_op.f("ix_desired_rollouts_state"))

    op.drop_table("desired_rollouts")
    with op.batch_alter_table("desired_rollout_stations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desired_rollout_stations_station_id"))

    op.drop_table("desired_rollout_stations")
    with op.batch_alter_table("desired_revisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desired_revisions_tenant_id_id"))

    op.drop_table("desired_revisions")
    op.drop_table("desired_pauses")
    op.drop_table("desired_known")
    with op.batch_alter_table("desired_declarations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desired_declarations_tenant_id_id"))

    op.drop_table("desired_declarations")
    op.drop_table("desired_claims")
    op.drop_table("desired_changes")
    with op.batch_alter_table("component_problems", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_component_problems_tenant_id_since"))

    op.drop_table("component_problems")
    with op.batch_alter_table("component_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_component_events_tenant_id_station_id_id"))

    op.drop_table("component_events")
    with op.batch_alter_table("command_batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_command_batches_tenant_id_id"))

    op.drop_table("command_batches")
    with op.batch_alter_table("battery_swaps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_battery_swaps_tenant_id_id"))
        batch_op.drop_index(batch_op.f("ix_battery_swaps_station_id_request_id"))

    op.drop_table("battery_swaps")
    op.drop_table("authorisers")
