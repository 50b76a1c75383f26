"""The tables of device models, monitors and component events, and the statements that write them.

Millions of values are kept (300 of each of 10,000 stations), so a row holds numbers: of the
station, of the variable's name, of its kind. Names and kinds are few, and are kept once per tenant.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Table, Text, UniqueConstraint

from currant.db.commits import delete_from, insert_into, update, upsert
from currant.db.tables import Position, metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _key(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


device_models = Table(
    "device_models",
    metadata,
    Column("number", Position, primary_key=True),
    _text("tenant_id"),
    _text("station_id"),
    # What the station was when it was read.
    _text("vendor"),
    _text("model"),
    _text("firmware_version"),
    Column("read_at", BigInteger),
    Column("complete", Boolean, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("next_at", BigInteger),
    _text("problem"),
    # Since when a value waits for the station's restart.
    Column("pending_since", BigInteger),
    UniqueConstraint("station_id"),
)

device_variables = Table(
    "device_variables",
    metadata,
    Column("number", Position, primary_key=True),
    _text("tenant_id"),
    # Name and instances in one line and in lower case: the same however a station spells it.
    _text("folded"),
    _text("component"),
    Column("component_instance", Text),
    _text("name"),
    Column("instance", Text),
    UniqueConstraint("tenant_id", "folded"),
)

device_traits = Table(
    "device_traits",
    metadata,
    Column("number", Position, primary_key=True),
    _text("tenant_id"),
    _text("digest"),
    _text("body"),
    UniqueConstraint("tenant_id", "digest"),
)

device_values = Table(
    "device_values",
    metadata,
    _key("station"),
    _key("variable"),
    _key("evse"),
    _key("connector"),
    _key("attribute"),
    Column("value", Text),
    Column("traits", BigInteger, nullable=False),
    Column("known_at", BigInteger, nullable=False),
    Column("how", BigInteger, nullable=False),
    Column("pending", Text),
    Column("digest", Text),
    Index(None, "variable", "station"),
    sqlite_with_rowid=False,
)

monitors = Table(
    "monitors",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("monitor_id", BigInteger, primary_key=True, autoincrement=False),
    _text("tenant_id"),
    _text("component"),
    Column("component_instance", Text),
    _text("name"),
    Column("instance", Text),
    Column("evse", BigInteger, nullable=False),
    Column("connector", BigInteger, nullable=False),
    _text("kind"),
    Column("value", Float, nullable=False),
    Column("severity", BigInteger, nullable=False),
    Column("in_transaction_only", Boolean, nullable=False),
    _text("origin"),
    Column("stream_interval_s", BigInteger),
    Column("stream_values", BigInteger),
    _text("declared_as"),
    Column("known_at", BigInteger, nullable=False),
)

component_events = Table(
    "component_events",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("station_id"),
    Column("at", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    _text("trigger"),
    _text("origin"),
    _text("component"),
    Column("component_instance", Text),
    _text("name"),
    Column("instance", Text),
    Column("evse", BigInteger, nullable=False),
    Column("connector", BigInteger, nullable=False),
    _text("value"),
    Column("cleared", Boolean, nullable=False),
    _text("error"),
    _text("tech_code"),
    _text("tech_info"),
    Column("severity", BigInteger),
    Column("monitor_id", BigInteger),
    Column("cause", BigInteger),
    Column("transaction_id", Text),
    Index(None, "tenant_id", "station_id", "id"),
)

component_problems = Table(
    "component_problems",
    metadata,
    Column("station_id", Text, primary_key=True),
    # The variable in one line and in lower case.
    Column("subject", Text, primary_key=True),
    _text("tenant_id"),
    _text("component"),
    Column("component_instance", Text),
    _text("name"),
    Column("instance", Text),
    Column("evse", BigInteger, nullable=False),
    Column("connector", BigInteger, nullable=False),
    _text("value"),
    _text("error"),
    _text("tech_code"),
    _text("tech_info"),
    Column("severity", BigInteger),
    Column("transaction_id", Text),
    Column("since", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "since"),
)

event_streams = Table(
    "event_streams",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("stream_id", BigInteger, primary_key=True, autoincrement=False),
    _text("tenant_id"),
    Column("monitor_id", BigInteger, nullable=False),
    Column("interval_s", BigInteger),
    Column("values", BigInteger),
    Column("opened_at", BigInteger, nullable=False),
)

stream_values = Table(
    "stream_values",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("monitor_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    _text("tenant_id"),
    _text("value"),
    Index(None, "at"),
    sqlite_with_rowid=False,
)

SAVE_VALUE = upsert(device_values, key=("station", "variable", "evse", "connector", "attribute"))
DELETE_VALUE = delete_from(device_values, where=("station", "variable", "evse", "connector", "attribute"))
MODEL_READ = update(
    device_models,
    set=(
        "vendor",
        "model",
        "firmware_version",
        "read_at",
        "complete",
        "attempts",
        "next_at",
        "problem",
    ),
    where=("number",),
)
MODEL_NOT_READ = update(device_models, set=("attempts", "next_at", "problem"), where=("number",))
MODEL_PENDING = update(device_models, set=("pending_since",), where=("number",))

SAVE_MONITOR = upsert(monitors, key=("station_id", "monitor_id"))
DELETE_MONITOR = delete_from(monitors, where=("station_id", "monitor_id"))
INSERT_EVENT = insert_into(component_events)
RAISE_PROBLEM = upsert(component_problems, key=("station_id", "subject"), keep=("since",))
CLEAR_PROBLEM = delete_from(component_problems, where=("station_id", "subject"))
SAVE_STREAM = upsert(event_streams, key=("station_id", "stream_id"))
DELETE_STREAM = delete_from(event_streams, where=("station_id", "stream_id"))
DELETE_STREAMS = delete_from(event_streams, where=("station_id",))
SAVE_STREAM_VALUE = upsert(stream_values, key=("station_id", "monitor_id", "at"))
