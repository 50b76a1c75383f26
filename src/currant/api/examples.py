"""Examples for the description: one plausible value of each kind a reader meets first."""

from datetime import UTC, datetime

import msgspec

from currant.access.model import Account, Group, Token, TokenKind
from currant.api.problems import FieldError, Problem
from currant.api.views import Doing, MessageView, SessionView, station_view
from currant.charging.model import Activity, Phase, Reading
from currant.kit.ids import (
    AccountId,
    CommandId,
    GroupId,
    KeyId,
    LocationId,
    PersonId,
    SessionId,
    StationId,
    TenantId,
    TokenId,
)
from currant.stations.commanding.remote import Reset
from currant.stations.model import (
    Admission,
    CommandRecord,
    CommandStatus,
    Connector,
    ConnectorState,
    ConnectorStatus,
    Evse,
    Finding,
    Location,
    Station,
    StationConnection,
    StationOverview,
)
from currant.tenancy.model import ApiKey, Organisation, Person, Role

AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 1, 31, 12, 40, tzinfo=UTC)
TENANT = TenantId("019c1432-6400-7000-8000-000000000001")
PLACE = LocationId("019c1432-6400-7000-8000-000000000002")
STATION = StationId("019c1432-6400-7000-8000-000000000003")
TOKEN = TokenId("019c1432-6400-7000-8000-000000000004")
SESSION = SessionId("019c1432-6400-7000-8000-000000000005")
ACCOUNT = AccountId("019c1432-6400-7000-8000-000000000006")
GROUP = GroupId("019c1432-6400-7000-8000-000000000007")

_EVSE = Evse(number=1, reference="DE*CUR*E1001*1", max_power_w=22_000, connectors=(Connector(number=1),))

_STATE = ConnectorState(evse=1, connector=1, status=ConnectorStatus.CHARGING, since=AT)
_CONNECTION = StationConnection(
    connected=True, since=AT, security_profile=2, remote_address="192.0.2.17", ocpp_version="2.0.1"
)
_STATION = Station(
    id=STATION,
    tenant_id=TENANT,
    identity="FR-001-A",
    location_id=PLACE,
    name="Left of the fountain",
    admission=Admission.ACCEPTED,
    vendor="Example",
    model="Wallbox 22",
    ocpp_version="2.0.1",
    security_profile=2,
    evses=(_EVSE,),
    connected=True,
    connected_at=AT,
    last_seen_at=LATER,
)

EXAMPLES: tuple[msgspec.Struct, ...] = (
    Location(
        id=PLACE,
        tenant_id=TENANT,
        name="Market Square",
        address="Marktplatz 1",
        city="Freiburg",
        postal_code="79098",
        country="DE",
        latitude=47.9959,
        longitude=7.8522,
        time_zone="Europe/Berlin",
        facilities=("RESTAURANT",),
        reference="FR-001",
    ),
    _STATION,
    station_view(StationOverview(station=_STATION, states=(_STATE,), connection=_CONNECTION)),
    _EVSE,
    _STATE,
    SessionView(
        station_identity="FR-001-A",
        id=SESSION,
        number=1017,
        tenant_id=TENANT,
        station_id=STATION,
        transaction_id="1017",
        started_at=AT,
        location_id=PLACE,
        evse=1,
        connector=1,
        phase=Phase.ACTIVE,
        activity=Activity.CHARGING,
        activity_since=AT,
        token_id=TOKEN,
        account_id=ACCOUNT,
        token_uid="04A2B3C4D5E680",
        token_kind="rfid",
        authorised=True,
        authorisation="accepted",
        meter_start_wh=120_000,
        meter_last_wh=127_350,
        meter_last_at=LATER,
        energy_wh=7_350,
        timeline=(Doing(at=AT, what="charging"),),
        power_w=11_020.0,
    ),
    Reading(
        at=LATER,
        received_at=LATER,
        evse=1,
        energy_wh=127_350.0,
        power_w=11_020.0,
        current_l1_a=16.0,
        current_l2_a=15.9,
        current_l3_a=16.0,
        voltage_l1_v=230.1,
        voltage_l2_v=229.8,
        voltage_l3_v=230.4,
    ),
    Token(
        id=TOKEN,
        tenant_id=TENANT,
        kind=TokenKind.RFID,
        uid="04A2B3C4D5E680",
        visual_number="CUR-0042",
        account_id=ACCOUNT,
        created_at=AT,
    ),
    Group(id=GROUP, tenant_id=TENANT, name="Fleet", parent_uid="FLEET1"),
    Account(id=ACCOUNT, tenant_id=TENANT, name="Ada Lovelace", email="ada@example.com"),
    CommandRecord(
        id=CommandId("019c1432-6400-7000-8000-000000000008"),
        tenant_id=TENANT,
        station_id=STATION,
        command=Reset(),
        asked_by="person:ada@example.com",
        asked_at=AT,
        status=CommandStatus.ACCEPTED,
        ended_at=AT,
    ),
    MessageView(
        station_identity="FR-001-A",
        id=90_211,
        tenant_id=TENANT,
        station_id=STATION,
        at=AT,
        direction="in",
        action="Heartbeat",
        message_id="8f1c",
        outcome="answered",
        request='[2,"8f1c","Heartbeat",{}]',
        response='[3,"8f1c",{"currentTime":"2026-01-31T12:00:00Z"}]',
        request_bytes=25,
        response_bytes=49,
        latency_us=310,
    ),
    Finding(
        code="time_without_zone",
        action="StatusNotification",
        field="timestamp",
        count=120,
        first_at=AT,
        last_at=LATER,
        example="2026-01-31T12:00:00",
        vendor="Example",
        model="Wallbox 22",
    ),
    Organisation(id=TENANT, name="Stadtwerke Beispiel", created_at=AT),
    Person(
        id=PersonId("019c1432-6400-7000-8000-000000000009"),
        tenant_id=TENANT,
        login="ada@example.com",
        name="Ada Lovelace",
        email="ada@example.com",
        role=Role.OPERATOR,
        created_at=AT,
    ),
    ApiKey(
        id=KeyId("019c1432-6400-7000-8000-00000000000a"),
        tenant_id=TENANT,
        name="billing export",
        prefix="cur_h7k2m9p4qx",
        role=Role.INTEGRATION,
        created_at=AT,
        created_by="person:ada@example.com",
    ),
    Problem(
        type="urn:currant:problem:invalid",
        title="Unprocessable Content",
        status=422,
        code="invalid",
        detail="latitde: There is no field `latitde` here. Did you mean `latitude`?",
        request_id="019c1432-6400-7000-8000-00000000000b",
        errors=(
            FieldError(field="latitde", message="There is no field `latitde` here. Did you mean `latitude`?"),
        ),
    ),
)
