"""The tables of access and the statements that write them."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, UniqueConstraint

from currant.db.commits import delete_from, insert_into, upsert
from currant.db.tables import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("name"),
    _text("email"),
    Column("blocked", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "name", "id"),
)

groups = Table(
    "token_groups",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("name"),
    _text("parent_uid"),
    Column("master", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "parent_uid"),
    Index(None, "tenant_id", "name", "id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("kind"),
    _text("uid"),
    # The same for all spellings of one token (uids.match_key).
    _text("match_key"),
    _text("visual_number"),
    _text("status"),
    Column("valid_from", BigInteger),
    Column("valid_until", BigInteger),
    Column("group_id", Text),
    Column("account_id", Text),
    _text("concurrent_use"),
    _text("locations"),
    _text("stations"),
    _text("language"),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "match_key", "kind"),
    Index(None, "tenant_id", "uid", "id"),
    Index(None, "group_id"),
    Index(None, "account_id"),
)

INSERT_TOKEN = insert_into(tokens)
SAVE_TOKEN = upsert(tokens, key=("id",), keep=("tenant_id", "kind", "uid", "match_key", "created_at"))
DELETE_TOKEN = delete_from(tokens, where=("id", "tenant_id"))
SAVE_GROUP = upsert(groups, key=("id",), keep=("tenant_id", "parent_uid", "created_at"))
DELETE_GROUP = delete_from(groups, where=("id", "tenant_id"))
SAVE_ACCOUNT = upsert(accounts, key=("id",), keep=("tenant_id", "created_at"))
DELETE_ACCOUNT = delete_from(accounts, where=("id", "tenant_id"))
