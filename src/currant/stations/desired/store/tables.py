"""What is declared, what changed, how it is rolled out, and how every station stands to it: the tables."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, UniqueConstraint

from currant.db.commits import delete_from, insert_into, update, upsert
from currant.db.tables import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


declarations = Table(
    "desired_declarations",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("scope"),
    # The station or group it is for; empty for models and all.
    _text("target"),
    _text("aspect"),
    _text("key"),
    # A digest of whom and what it is about: there is one declaration of each.
    _text("slot"),
    _text("body"),
    UniqueConstraint("tenant_id", "slot"),
    Index(None, "tenant_id", "id"),
)

revisions = Table(
    "desired_revisions",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("kind"),
    _text("changed_by"),
    _number("changed_at"),
    _text("why"),
    Column("undoes", Text),
    Column("undone_by", Text),
    _text("rollout_id"),
    _number("changes"),
    Index(None, "tenant_id", "id"),
)

changes = Table(
    "desired_changes",
    metadata,
    Column("revision_id", Text, primary_key=True),
    Column("declaration_id", Text, primary_key=True),
    _text("tenant_id"),
    Column("before", Text),
    Column("after", Text),
)

rollouts = Table(
    "desired_rollouts",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("revision_id"),
    _text("state"),
    _text("reason"),
    _text("pace"),
    _number("stations"),
    _text("begun_by"),
    _number("began_at"),
    Column("ended_at", BigInteger),
    Index(None, "tenant_id", "id"),
    Index(None, "state"),
)

rollout_stations = Table(
    "desired_rollout_stations",
    metadata,
    Column("rollout_id", Text, primary_key=True),
    Column("station_id", Text, primary_key=True),
    _text("tenant_id"),
    Column("begun_at", BigInteger),
    _text("standing"),
    _text("reason"),
    _number("since"),
    Index(None, "station_id"),
)

pauses = Table(
    "desired_pauses",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("aspect", Text, primary_key=True),
    _text("paused_by"),
    _number("paused_at"),
    _text("why"),
)

states = Table(
    "desired_states",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("aspect", Text, primary_key=True),
    _text("tenant_id"),
    _text("standing"),
    _text("cause"),
    _text("reason"),
    _number("since"),
    _number("attempts"),
    # 0: not by itself.
    _number("next_at"),
    _text("desired_digest"),
    _text("reported_digest"),
    _text("last_command_id"),
    _number("checked_at"),
    _text("keys"),
    _number("updated_at"),
    Index(None, "tenant_id", "aspect", "standing", "station_id"),
    Index(None, "next_at"),
)

known = Table(
    "desired_known",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("aspect", Text, primary_key=True),
    _text("tenant_id"),
    # What the station has, by key, as JSON; read as a whole at `read_at`, kept current since.
    _text("items"),
    _number("read_at"),
)

claims = Table(
    "desired_claims",
    metadata,
    Column("station_id", Text, primary_key=True),
    _text("tenant_id"),
    _text("node"),
    _number("until"),
    Column("released", Boolean, nullable=False),
)

INSERT_DECLARATION = insert_into(declarations)
UPDATE_DECLARATION = update(declarations, set=("body",), where=("id", "tenant_id"))
DELETE_DECLARATION = delete_from(declarations, where=("id", "tenant_id"))
INSERT_REVISION = insert_into(revisions)
MARK_UNDONE = update(revisions, set=("undone_by",), where=("id", "tenant_id"))
INSERT_CHANGE = insert_into(changes)

INSERT_ROLLOUT = insert_into(rollouts)
SAVE_ROLLOUT = update(
    rollouts, set=("state", "reason", "pace", "stations", "ended_at"), where=("id", "tenant_id")
)
ENROL = insert_into(rollout_stations, ignore_duplicates=True)
BEGIN = update(rollout_stations, set=("begun_at",), where=("rollout_id", "station_id", "tenant_id"))
STAND = update(
    rollout_stations,
    set=("standing", "reason", "since"),
    where=("rollout_id", "station_id", "tenant_id"),
)

SAVE_PAUSE = upsert(pauses, key=("tenant_id", "aspect"))
DELETE_PAUSE = delete_from(pauses, where=("tenant_id", "aspect"))

SAVE_STATE = upsert(states, key=("station_id", "aspect"), keep=("tenant_id",))
DELETE_STATE = delete_from(states, where=("station_id", "aspect", "tenant_id"))
SAVE_KNOWN = upsert(known, key=("station_id", "aspect"), keep=("tenant_id",))
SAVE_CLAIM = upsert(claims, key=("station_id",), keep=("tenant_id",))
RELEASE = update(claims, set=("released",), where=("station_id", "tenant_id", "node"))
