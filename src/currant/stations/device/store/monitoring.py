"""Monitors of stations, what they told, and the problems that are open."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Text, and_, cast, func, literal, null, or_, select, union_all

from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.variables import MonitorKind, StreamRate, Variable
from currant.stations.device import naming
from currant.stations.device.store.tables import (
    component_events,
    component_problems,
    event_streams,
    monitors,
    stream_values,
)
from currant.stations.device.watching import (
    ComponentEvent,
    EventStream,
    EventTrigger,
    KnownMonitor,
    OpenProblem,
    Origin,
    ProblemSource,
    StreamedValue,
)
from currant.stations.store.tables import connector_states, stations

TEXT_MAX = 500
VALUE_MAX = 2_500


def monitor_row(tenant_id: TenantId, station_id: StationId, monitor: KnownMonitor) -> tuple[Any, ...]:
    rate = monitor.stream
    return (
        station_id,
        monitor.id,
        tenant_id,
        *_where(monitor.variable),
        monitor.kind.value,
        float(monitor.value),
        monitor.severity,
        monitor.in_transaction_only,
        monitor.origin.value,
        None if rate is None else rate.interval_s,
        None if rate is None else rate.values,
        monitor.declared_as,
        micros(monitor.known_since),
    )


def event_row(tenant_id: TenantId, event: ComponentEvent) -> tuple[Any, ...]:
    return (
        event.id,
        tenant_id,
        event.station_id,
        micros(event.at),
        event.event_id,
        event.trigger.value,
        event.origin.value,
        *_where(event.variable),
        event.value[:VALUE_MAX],
        event.cleared,
        event.error,
        event.tech_code[:TEXT_MAX],
        event.tech_info[:TEXT_MAX],
        event.severity,
        event.monitor_id,
        event.cause,
        event.transaction_id,
    )


def subject_of(variable: Variable) -> str:
    return naming.text_of(variable).lower()


def problem_row(tenant_id: TenantId, event: ComponentEvent) -> tuple[Any, ...]:
    at = micros(event.at)
    return (
        event.station_id,
        subject_of(event.variable),
        tenant_id,
        *_where(event.variable),
        event.value[:TEXT_MAX],
        event.error,
        event.tech_code[:TEXT_MAX],
        event.tech_info[:TEXT_MAX],
        event.severity,
        event.transaction_id,
        at,
        at,
    )


def _where(variable: Variable) -> tuple[str, str | None, str, str | None, int, int]:
    return (
        variable.component,
        variable.component_instance,
        variable.name,
        variable.instance,
        variable.evse or 0,
        variable.connector or 0,
    )


def monitors_of(
    conn: Connection, tenant_id: TenantId, station_id: StationId, *, after: int = -1, limit: int
) -> list[KnownMonitor]:
    """By the station's numbers for them."""
    m = monitors.c
    query = (
        select(monitors)
        .where(m.station_id == station_id, m.tenant_id == tenant_id, m.monitor_id > after)
        .order_by(m.monitor_id)
        .limit(limit)
    )
    return [_monitor(row) for row in conn.execute(query)]


def events(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None,
    component: str | None,
    problems_only: bool,
    since: datetime | None,
    until: datetime | None,
    before: str | None,
    limit: int,
) -> list[ComponentEvent]:
    """Latest first, by when they came in."""
    e = component_events.c
    query = select(component_events).where(e.tenant_id == tenant_id)
    if station_id is not None:
        query = query.where(e.station_id == station_id)
    if component is not None:
        query = query.where(func.lower(e.component) == component.lower())
    if problems_only:
        query = query.where(e.error != "")
    if since is not None:
        query = query.where(e.at >= micros(since))
    if until is not None:
        query = query.where(e.at < micros(until))
    if before is not None:
        query = query.where(e.id < before)
    return [_event(row) for row in conn.execute(query.order_by(e.id.desc()).limit(limit))]


def problems(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None,
    error: str | None,
    location_id: str | None,
    before: tuple[int, str, str] | None,
    limit: int,
) -> list[OpenProblem]:
    """What is wrong now, by components' events and connectors' statuses: the newest first."""
    p, c, s = component_problems.c, connector_states.c, stations.c
    of_components = (
        select(
            p.station_id,
            s.identity,
            literal(ProblemSource.COMPONENT.value).label("source"),
            p.subject,
            p.component,
            p.component_instance,
            p.name,
            p.instance,
            p.evse,
            p.connector,
            p.value,
            p.error,
            p.tech_code,
            p.tech_info,
            p.severity,
            p.transaction_id,
            p.since,
            p.last_at,
        )
        .select_from(component_problems.join(stations, s.id == p.station_id))
        .where(p.tenant_id == tenant_id)
    )
    subject = literal("connector/") + cast(c.evse, Text) + literal("/") + cast(c.connector, Text)
    of_connectors = (
        select(
            c.station_id,
            s.identity,
            literal(ProblemSource.CONNECTOR.value),
            subject,
            literal("Connector"),
            cast(null(), Text),
            literal(""),
            cast(null(), Text),
            c.evse,
            c.connector,
            c.status,
            c.error,
            func.coalesce(func.nullif(c.vendor_error, ""), c.raw_error),
            c.info,
            cast(null(), BigInteger),
            cast(null(), Text),
            func.coalesce(c.since, c.received_at),
            c.received_at,
        )
        .select_from(connector_states.join(stations, s.id == c.station_id))
        .where(c.tenant_id == tenant_id, c.error != "")
    )
    if station_id is not None:
        of_components = of_components.where(p.station_id == station_id)
        of_connectors = of_connectors.where(c.station_id == station_id)
    if error is not None:
        of_components = of_components.where(p.error == error)
        of_connectors = of_connectors.where(c.error == error)
    if location_id is not None:
        of_components = of_components.where(s.location_id == location_id)
        of_connectors = of_connectors.where(s.location_id == location_id)
    both = union_all(of_components, of_connectors).subquery()
    b = both.c
    query = select(both)
    if before is not None:
        since, station, last = before
        query = query.where(
            or_(
                b.since < since,
                and_(b.since == since, b.station_id < station),
                and_(b.since == since, b.station_id == station, b.subject < last),
            )
        )
    query = query.order_by(b.since.desc(), b.station_id.desc(), b.subject.desc()).limit(limit)
    return [_problem(row) for row in conn.execute(query)]


def streams_of(conn: Connection, tenant_id: TenantId, station_id: StationId) -> list[EventStream]:
    e, m = event_streams.c, monitors.c
    query = (
        select(
            event_streams,
            m.component,
            m.component_instance,
            m.name,
            m.instance,
            m.evse,
            m.connector,
        )
        .select_from(
            event_streams.outerjoin(
                monitors, and_(m.station_id == e.station_id, m.monitor_id == e.monitor_id)
            )
        )
        .where(e.station_id == station_id, e.tenant_id == tenant_id)
        .order_by(e.stream_id)
    )
    return [
        EventStream(
            id=row.stream_id,
            monitor_id=row.monitor_id,
            rate=StreamRate(interval_s=row.interval_s, values=row._mapping["values"]),
            opened_at=instant(row.opened_at),
            variable=None if row.component is None else _variable(row),
        )
        for row in conn.execute(query)
    ]


def streamed(
    conn: Connection,
    tenant_id: TenantId,
    station_id: StationId,
    monitor_id: int,
    *,
    before: int | None,
    limit: int,
) -> list[StreamedValue]:
    """Latest first."""
    v = stream_values.c
    query = select(v.at, v.value).where(
        v.station_id == station_id, v.monitor_id == monitor_id, v.tenant_id == tenant_id
    )
    if before is not None:
        query = query.where(v.at < before)
    return [
        StreamedValue(at=instant(row.at), value=row.value)
        for row in conn.execute(query.order_by(v.at.desc()).limit(limit))
    ]


def _variable(row: Any) -> Variable:
    return Variable(
        component=row.component,
        component_instance=row.component_instance,
        name=row.name,
        instance=row.instance,
        evse=row.evse or None,
        connector=row.connector or None,
    )


def _monitor(row: Any) -> KnownMonitor:
    streams = row.stream_interval_s is not None or row.stream_values is not None
    return KnownMonitor(
        id=row.monitor_id,
        variable=_variable(row),
        kind=MonitorKind(row.kind),
        value=row.value,
        severity=row.severity,
        in_transaction_only=row.in_transaction_only,
        origin=Origin(row.origin),
        stream=StreamRate(interval_s=row.stream_interval_s, values=row.stream_values) if streams else None,
        declared_as=row.declared_as,
        known_since=instant(row.known_at),
    )


def _event(row: Any) -> ComponentEvent:
    return ComponentEvent(
        id=row.id,
        station_id=row.station_id,
        at=instant(row.at),
        event_id=row.event_id,
        trigger=EventTrigger(row.trigger),
        origin=Origin(row.origin),
        variable=_variable(row),
        value=row.value,
        cleared=row.cleared,
        error=row.error,
        tech_code=row.tech_code,
        tech_info=row.tech_info,
        severity=row.severity,
        monitor_id=row.monitor_id,
        cause=row.cause,
        transaction_id=row.transaction_id,
    )


def _problem(row: Any) -> OpenProblem:
    of_component = row.source == ProblemSource.COMPONENT.value
    return OpenProblem(
        station_id=row.station_id,
        identity=row.identity,
        source=ProblemSource(row.source),
        error=row.error,
        since=instant(row.since),
        last_at=instant(row.last_at),
        component=row.component,
        variable=naming.text_of(_variable(row)) if of_component else "",
        evse=row.evse,
        connector=row.connector,
        value=row.value,
        severity=row.severity,
        tech_code=row.tech_code,
        tech_info=row.tech_info,
        transaction_id=row.transaction_id,
    )
