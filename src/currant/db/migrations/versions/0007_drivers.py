"""Drivers and what they see."""

import sqlalchemy as sa
from alembic import op

revision = "0007_drivers"
down_revision = "0006_people"
branch_labels = None
depends_on = None

TABLES = (
    "driver_challenges",
    "driver_links",
    "driver_passkeys",
    "driver_sign_ins",
    "driver_starts",
    "drivers",
    "photo_files",
    "place_listings",
    "place_photos",
    "push_subscriptions",
)


def upgrade() -> None:
    op.create_table(
        "driver_challenges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("driver_id", sa.Text(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver_challenges")),
    )
    with op.batch_alter_table("driver_challenges", schema=None) as batch_op:
        batch_op.create_index("ix_driver_challenges_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "driver_links",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_driver_links")),
    )
    with op.batch_alter_table("driver_links", schema=None) as batch_op:
        batch_op.create_index("ix_driver_links_email", ["tenant_id", "email", "created_at"], unique=False)
        batch_op.create_index("ix_driver_links_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "driver_passkeys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("driver_id", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver_passkeys")),
        sa.UniqueConstraint(
            "tenant_id", "credential_id", name=op.f("uq_driver_passkeys_tenant_id_credential_id")
        ),
    )
    with op.batch_alter_table("driver_passkeys", schema=None) as batch_op:
        batch_op.create_index("ix_driver_passkeys_driver", ["tenant_id", "driver_id"], unique=False)

    op.create_table(
        "driver_sign_ins",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("driver_id", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_driver_sign_ins")),
    )
    with op.batch_alter_table("driver_sign_ins", schema=None) as batch_op:
        batch_op.create_index(
            "ix_driver_sign_ins_driver", ["tenant_id", "driver_id", "created_at"], unique=False
        )
        batch_op.create_index("ix_driver_sign_ins_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "driver_starts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("driver_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("evse", sa.BigInteger(), nullable=False),
        sa.Column("connector", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("remote_start_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("stop_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver_starts")),
    )
    with op.batch_alter_table("driver_starts", schema=None) as batch_op:
        batch_op.create_index("ix_driver_starts_driver", ["tenant_id", "driver_id", "asked_at"], unique=False)
        batch_op.create_index(
            "ix_driver_starts_open",
            ["asked_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_driver_starts_session", ["tenant_id", "session_id"], unique=False)

    op.create_table(
        "drivers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("token_uid", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drivers")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_drivers_tenant_id_email")),
    )
    with op.batch_alter_table("drivers", schema=None) as batch_op:
        batch_op.create_index("ix_drivers_account", ["tenant_id", "account_id"], unique=False)
        batch_op.create_index(
            "ix_drivers_guests",
            ["seen_at"],
            unique=False,
            sqlite_where=sa.text("guest"),
            postgresql_where=sa.text("guest"),
        )

    op.create_table(
        "photo_files",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_photo_files")),
    )
    op.create_table(
        "place_listings",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "location_id", name=op.f("pk_place_listings")),
    )
    op.create_table(
        "place_photos",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_photos")),
        sa.UniqueConstraint(
            "tenant_id", "location_id", "name", name=op.f("uq_place_photos_tenant_id_location_id_name")
        ),
    )
    with op.batch_alter_table("place_photos", schema=None) as batch_op:
        batch_op.create_index("ix_place_photos_name", ["tenant_id", "name"], unique=False)

    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("driver_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("sign_in", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint("tenant_id", "endpoint", name=op.f("uq_push_subscriptions_tenant_id_endpoint")),
    )
    with op.batch_alter_table("push_subscriptions", schema=None) as batch_op:
        batch_op.create_index("ix_push_subscriptions_driver", ["tenant_id", "driver_id"], unique=False)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
