"""Reservations as stations know them (1.6 5.13, 5.2; 2.x block H)."""

from currant.stations.commanding.base import Command, Instant


class Reserve(Command, frozen=True, kw_only=True):
    """Keep a place for a token until `expires_at`; the same `reservation_id` again replaces it.

    Without an EVSE any will do (1.6 needs ReserveConnectorZeroSupported); `connector_standard` narrows it in 2.x.
    """

    reservation_id: int
    expires_at: Instant
    token_uid: str
    token_kind: str = "central"
    evse: int | None = None
    connector: int | None = None
    connector_standard: str | None = None
    parent_uid: str | None = None


class CancelReservation(Command, frozen=True, kw_only=True):
    reservation_id: int
