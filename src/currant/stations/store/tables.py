"""The tables of the charging infrastructure and the statements that write them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from currant.db.commits import Write, delete_from, insert_into, update, upsert
from currant.db.tables import Position, metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


locations = Table(
    "locations",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("name"),
    _text("address"),
    _text("city"),
    _text("postal_code"),
    _text("country"),
    Column("latitude", Float),
    Column("longitude", Float),
    _text("time_zone"),
    _text("opening_hours"),
    _text("facilities"),
    # None, and not the empty word, where there is none: only real references are unique.
    Column("reference", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "reference"),
    Index(None, "tenant_id", "name", "id"),
)

stations = Table(
    "stations",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("identity"),
    Column("location_id", Text),
    _text("name"),
    _text("admission"),
    _text("vendor"),
    _text("model"),
    _text("serial_number"),
    _text("firmware_version"),
    _text("iccid"),
    _text("imsi"),
    _text("meter_type"),
    _text("meter_serial_number"),
    Column("ocpp_version", Text),
    Column("security_profile", BigInteger),
    _text("settings"),
    Column("connected", Boolean, nullable=False),
    Column("connected_at", BigInteger),
    Column("disconnected_at", BigInteger),
    Column("last_seen_at", BigInteger),
    Column("last_boot_at", BigInteger),
    _text("boot_reason"),
    _text("remote_address"),
    # Which node holds, or last held, its connection: a node that starts again clears its own.
    _text("node"),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # In the whole installation, whatever the tenant: a handshake names no tenant.
    UniqueConstraint("identity"),
    Index(None, "tenant_id", "identity"),
    Index(None, "location_id"),
)

credentials = Table(
    "station_credentials",
    metadata,
    Column("station_id", Text, primary_key=True),
    _text("tenant_id"),
    Column("digest", LargeBinary, nullable=False),
    Column("previous_digest", LargeBinary),
    Column("previous_until", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
)

evses = Table(
    "evses",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _text("tenant_id"),
    _text("reference"),
    Column("max_power_w", BigInteger),
    Column("learned", Boolean, nullable=False),
)

connectors = Table(
    "connectors",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("evse", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _text("tenant_id"),
    _text("standard"),
    _text("format"),
    _text("power_type"),
    Column("max_voltage_v", BigInteger, nullable=False),
    Column("max_current_a", BigInteger, nullable=False),
    Column("max_power_w", BigInteger),
    Column("phases", BigInteger),
    Column("phase_rotation", Text),
    Column("ocpp16_connector_id", BigInteger),
)

connector_states = Table(
    "connector_states",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("evse", BigInteger, primary_key=True, autoincrement=False),
    Column("connector", BigInteger, primary_key=True, autoincrement=False),
    _text("tenant_id"),
    _text("status"),
    Column("since", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    _text("error"),
    _text("raw_error"),
    _text("vendor_error"),
    _text("info"),
)

status_history = Table(
    "status_history",
    metadata,
    Column("id", Position, primary_key=True),
    _text("tenant_id"),
    _text("station_id"),
    Column("evse", BigInteger, nullable=False),
    Column("connector", BigInteger, nullable=False),
    _text("status"),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    _text("error"),
    _text("raw_status"),
    _text("raw_error"),
    _text("vendor_error"),
    _text("vendor_id"),
    _text("info"),
    Index(None, "station_id", "at"),
    Index(None, "received_at"),
)

commands = Table(
    "commands",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("station_id"),
    _text("kind"),
    _text("command"),
    _text("asked_by"),
    Column("asked_at", BigInteger, nullable=False),
    _text("status"),
    _text("reason"),
    Column("answer", Text),
    _text("variables"),
    _text("report"),
    Column("ended_at", BigInteger),
    Column("not_before", BigInteger),
    Column("expires_at", BigInteger),
    Column("batch_id", Text),
    Index(None, "tenant_id", "id"),
    Index(None, "station_id", "id"),
    Index(
        "ix_commands_batch",
        "batch_id",
        "status",
        sqlite_where=text("batch_id IS NOT NULL"),
        postgresql_where=text("batch_id IS NOT NULL"),
    ),
    Index(
        "ix_commands_queued",
        "station_id",
        "asked_at",
        sqlite_where=text("status = 'queued'"),
        postgresql_where=text("status = 'queued'"),
    ),
)

command_batches = Table(
    "command_batches",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("kind"),
    _text("command"),
    _text("asked_by"),
    Column("asked_at", BigInteger, nullable=False),
    Column("stations", BigInteger, nullable=False),
    Column("at_once", BigInteger, nullable=False),
    _text("note"),
    Column("not_before", BigInteger),
    Column("expires_at", BigInteger),
    Column("paused", Boolean, nullable=False),
    Column("cancelled_at", BigInteger),
    Index(None, "tenant_id", "id"),
)

findings = Table(
    "findings",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("action", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    _text("tenant_id"),
    Column("count", BigInteger, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    _text("example"),
    Index(None, "tenant_id", "last_at"),
    # For those that are forgotten, of every tenant.
    Index(None, "last_at"),
)

security_events = Table(
    "security_events",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    Column("station_id", Text),
    _text("identity"),
    _text("kind"),
    Column("at", BigInteger, nullable=False),
    _text("detail"),
    _text("severity"),
    _text("remote_address"),
    Index(None, "tenant_id", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Position, primary_key=True),
    _text("tenant_id"),
    _text("station_id"),
    Column("station_key", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    _text("direction"),
    _text("action"),
    _text("message_id"),
    _text("outcome"),
    _text("request"),
    Column("response", Text),
    Column("request_bytes", BigInteger, nullable=False),
    Column("response_bytes", BigInteger, nullable=False),
    Column("latency_us", BigInteger),
    # One index alone, since every frame of every station pays for it: a station's messages by time.
    # It is of numbers (messages.station_key), because one of ids as text took two thirds of the insert.
    # The network's messages are walked along the primary key, which grows with time.
    Index(None, "station_key", "at"),
)

INSERT_LOCATION = insert_into(locations)
UPSERT_LOCATION = upsert(locations, key=("id",), keep=("tenant_id", "created_at"))
DELETE_LOCATION = delete_from(locations, where=("id", "tenant_id"))

INSERT_STATION = insert_into(stations)
REGISTER = update(
    stations,
    set=(
        "location_id",
        "name",
        "admission",
        "vendor",
        "model",
        "serial_number",
        "firmware_version",
        "security_profile",
        "settings",
        "updated_at",
    ),
    where=("id", "tenant_id"),
)
ADMIT = update(stations, set=("admission", "location_id", "name", "updated_at"), where=("id", "tenant_id"))
CONNECT = update(
    stations,
    set=("connected", "connected_at", "last_seen_at", "ocpp_version", "remote_address", "node"),
    where=("id", "tenant_id"),
)
# Only the connection that stands can end: a newer one has another beginning.
DISCONNECT = update(stations, set=("connected", "disconnected_at"), where=("id", "tenant_id", "connected_at"))
SEEN = update(stations, set=("last_seen_at",), where=("id", "tenant_id"))
BOOT = update(
    stations,
    set=(
        "vendor",
        "model",
        "serial_number",
        "firmware_version",
        "iccid",
        "imsi",
        "meter_type",
        "meter_serial_number",
        "last_boot_at",
        "boot_reason",
        "last_seen_at",
    ),
    where=("id", "tenant_id"),
)

SAVE_CREDENTIAL = upsert(credentials, key=("station_id",), keep=("tenant_id",))
DELETE_CREDENTIAL = delete_from(credentials, where=("station_id", "tenant_id"))

SAVE_EVSE = upsert(evses, key=("station_id", "number"), keep=("tenant_id",))
LEARN_EVSE = insert_into(evses, ignore_duplicates=True)
DELETE_EVSES = delete_from(evses, where=("station_id", "tenant_id"))
SAVE_CONNECTOR = upsert(connectors, key=("station_id", "evse", "number"), keep=("tenant_id",))
LEARN_CONNECTOR = insert_into(connectors, ignore_duplicates=True)
DELETE_CONNECTORS = delete_from(connectors, where=("station_id", "tenant_id"))

SAVE_STATE = upsert(connector_states, key=("station_id", "evse", "connector"), keep=("tenant_id",))
INSERT_HISTORY = insert_into(
    status_history, *(column.name for column in status_history.columns if column.name != "id")
)

INSERT_COMMAND = insert_into(commands)
END_COMMAND = update(
    commands, set=("status", "reason", "answer", "variables", "report", "ended_at"), where=("id", "tenant_id")
)
INSERT_BATCH = insert_into(command_batches)

INSERT_SECURITY_EVENT = insert_into(security_events)

INSERT_MESSAGE = insert_into(messages, *(column.name for column in messages.columns if column.name != "id"))


def _count_finding(dialect: Dialect, rows: int) -> str:
    assert rows == 1, "Two counts of one finding in one statement would clash."
    mark = "?" if dialect.name == "sqlite" else "%s"
    names = findings.columns.keys()
    return (
        f"INSERT INTO findings ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))}) "
        "ON CONFLICT (station_id, action, code, field) DO UPDATE SET "
        "count = findings.count + excluded.count, last_at = excluded.last_at, example = excluded.example"
    )


# Adds to what is there; so no row may stand for another of the same key.
COUNT_FINDING = Write(findings, _count_finding, width=len(findings.columns), key_at=None)
