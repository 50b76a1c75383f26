"""Access rules, reservations, swaps and certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0005_access"
down_revision = "0004_desired"
branch_labels = None
depends_on = None

TABLES = (
    "authorisers",
    "battery_swaps",
    "holiday_calendars",
    "installed_certificates",
    "installed_certificates_asked",
    "known_roots",
    "list_clearances",
    "list_contents",
    "policies",
    "policy_days",
    "policy_uses",
    "reservations",
    "security_upgrades",
    "session_needs",
    "station_certificates",
    "station_lists",
    "terminal_settlements",
    "waiting_drivers",
)


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
        "known_roots",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_known_roots")),
    )
    op.create_table(
        "list_clearances",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "uid", "kind", name=op.f("pk_list_clearances")),
    )
    with op.batch_alter_table("list_clearances", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_list_clearances_tenant_id_uid"), ["tenant_id", "uid"], unique=False
        )

    op.create_table(
        "list_contents",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_list_contents")),
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
    with op.batch_alter_table("policy_days", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_days_day"), ["day"], unique=False)

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
        batch_op.create_index(batch_op.f("ix_policy_uses_day"), ["day"], unique=False)
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
        batch_op.create_index(batch_op.f("ix_reservations_ended_at"), ["ended_at"], unique=False)
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
        batch_op.create_index(batch_op.f("ix_waiting_drivers_ended_at"), ["ended_at"], unique=False)
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

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_column("policies")
    for table in reversed(TABLES):
        op.drop_table(table)
