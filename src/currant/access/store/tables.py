"""The tables of access and the statements that write them."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, UniqueConstraint, false, text

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
    # JSON list of ids; NULL is none.
    Column("policies", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("payment_overdue", Boolean, nullable=False, server_default=false()),
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
    Column("policies", Text),
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
    Column("policies", Text),
    _text("language"),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "match_key", "kind"),
    Index(None, "tenant_id", "uid", "id"),
    Index(None, "group_id"),
    Index(None, "account_id"),
)

# The rules themselves are JSON: they are read whole, kept in memory, and never searched.
policies = Table(
    "policies",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("name"),
    _text("rules"),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "name", "id"),
)

calendars = Table(
    "holiday_calendars",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("name"),
    _text("content"),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "name", "id"),
)

# What each session counts for each policy: what makes counting it twice harmless.
policy_uses = Table(
    "policy_uses",
    metadata,
    Column("policy_id", Text, primary_key=True),
    Column("session_id", Text, primary_key=True),
    _text("tenant_id"),
    Column("number", BigInteger, nullable=False),
    _text("station_id"),
    Column("evse", BigInteger),
    _text("token_id"),
    Column("account_id", Text),
    # The day at its site on which it began, as days since 0001-01-01.
    Column("day", BigInteger, nullable=False),
    Column("energy_wh", BigInteger, nullable=False),
    Column("cost_minor", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("stop_asked_at", BigInteger),
    Index(None, "session_id"),
    Index(None, "day"),
    Index("ix_policy_uses_open", "policy_id", sqlite_where=text("open"), postgresql_where=text("open")),
)

# The sums of that: few rows, since every authorisation adds them up.
policy_days = Table(
    "policy_days",
    metadata,
    Column("policy_id", Text, primary_key=True),
    # `policy`, `token:<id>` or `account:<id>`.
    Column("subject", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True),
    _text("tenant_id"),
    Column("sessions", BigInteger, nullable=False),
    Column("energy_wh", BigInteger, nullable=False),
    Column("cost_minor", BigInteger, nullable=False),
    Index(None, "day"),
)

authorisers = Table(
    "authorisers",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    _text("settings"),
    _text("secret"),
    Column("changed_at", BigInteger, nullable=False),
)

# The local authorisation list that a station holds, as far as it is known.
station_lists = Table(
    "station_lists",
    metadata,
    Column("station_id", Text, primary_key=True),
    _text("tenant_id"),
    Column("version", BigInteger, nullable=False),
    # Of the content below; empty where only the version is known.
    _text("digest"),
    Column("checked_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "digest"),
)

# What stands on lists, once however many stations hold the same.
list_contents = Table(
    "list_contents",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    _text("entries"),
)

# Tokens of customers whom a station was told to forget: they stay off its list until somebody changes them.
list_clearances = Table(
    "list_clearances",
    metadata,
    Column("station_id", Text, primary_key=True),
    # Folded, as in lists.
    Column("uid", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    _text("tenant_id"),
    Column("cleared_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "uid"),
)

INSERT_TOKEN = insert_into(tokens)
SAVE_TOKEN = upsert(tokens, key=("id",), keep=("tenant_id", "kind", "uid", "match_key", "created_at"))
DELETE_TOKEN = delete_from(tokens, where=("id", "tenant_id"))
SAVE_GROUP = upsert(groups, key=("id",), keep=("tenant_id", "parent_uid", "created_at"))
DELETE_GROUP = delete_from(groups, where=("id", "tenant_id"))
SAVE_ACCOUNT = upsert(accounts, key=("id",), keep=("tenant_id", "created_at"))
DELETE_ACCOUNT = delete_from(accounts, where=("id", "tenant_id"))
SAVE_POLICY = upsert(policies, key=("id",), keep=("tenant_id", "created_at"))
DELETE_POLICY = delete_from(policies, where=("id", "tenant_id"))
DELETE_POLICY_USES = delete_from(policy_uses, where=("policy_id", "tenant_id"))
DELETE_POLICY_DAYS = delete_from(policy_days, where=("policy_id", "tenant_id"))
SAVE_CALENDAR = upsert(calendars, key=("id",), keep=("tenant_id", "created_at"))
DELETE_CALENDAR = delete_from(calendars, where=("id", "tenant_id"))
SAVE_USE = upsert(policy_uses, key=("policy_id", "session_id"), keep=("tenant_id", "token_id", "day"))
SAVE_DAY = upsert(policy_days, key=("policy_id", "subject", "day"), keep=("tenant_id",))
SAVE_STATION_LIST = upsert(station_lists, key=("station_id",), keep=("tenant_id",))
DELETE_STATION_LIST = delete_from(station_lists, where=("station_id", "tenant_id"))
SAVE_LIST_CONTENT = upsert(list_contents, key=("tenant_id", "digest"))
DELETE_LIST_CONTENT = delete_from(list_contents, where=("tenant_id", "digest"))
SAVE_LIST_CLEARANCE = upsert(list_clearances, key=("station_id", "uid", "kind"), keep=("tenant_id",))
DELETE_LIST_CLEARANCE = delete_from(list_clearances, where=("station_id", "uid", "kind", "tenant_id"))
SAVE_AUTHORISER = upsert(authorisers, key=("tenant_id",))
DELETE_AUTHORISER = delete_from(authorisers, where=("tenant_id",))
