"""Reservations: what the commands must be, whatever the version."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import reservations
from currant.stations.commanding.rules.common import between, place, text
from currant.stations.model import ConnectorFormat, ConnectorStandard

NUMBER_MAX = 2**31 - 1
"""OCPP 1.6 and many a station of 2.x keep a reservation's id in 32 bits."""
FORMATS = tuple(form.value for form in ConnectorFormat)


def reserve(command: reservations.Reserve) -> None:
    # 0 is what some stations send for no reservation at all (quirk C11).
    between("reservation_id", command.reservation_id, 1, NUMBER_MAX)
    text("token_uid", command.token_uid, least=1, most=255)
    if command.parent_uid is not None:
        text("parent_uid", command.parent_uid, least=1, most=255)
    place(command.evse, command.connector)
    if command.expires_at.tzinfo is None:
        raise Invalid("expires_at needs a time zone, as in 2026-01-31T12:00:00Z.", field="expires_at")
    standards = [standard.value for standard in ConnectorStandard]
    if command.connector_standard is not None and command.connector_standard not in standards:
        raise Invalid(
            f"There is no connector standard {command.connector_standard[:40]!r}: "
            f"take one of {', '.join(standards)}.",
            field="connector_standard",
        )
    if command.connector_format not in (None, *FORMATS):
        raise Invalid("A connector's format is socket or cable.", field="connector_format")


def check_ahead(command: reservations.Reserve, now: datetime) -> None:
    """Raise Invalid for a reservation that is over already: a station could do nothing with it."""
    if command.expires_at <= now:
        raise Invalid("The reservation is over already: expires_at lies in the past.", field="expires_at")


def cancel(command: reservations.CancelReservation) -> None:
    between("reservation_id", command.reservation_id, 0, NUMBER_MAX)


CHECKS: dict[type, Callable[[Any], None]] = {
    reservations.CancelReservation: cancel,
    reservations.Reserve: reserve,
}
