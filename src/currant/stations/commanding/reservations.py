"""Reservations as stations know them (1.6 5.13, 5.2; 2.x block H)."""

from currant.stations.commanding.base import Command, Instant


class Reserve(Command, frozen=True, kw_only=True):
    """Keep a place for a token until `expires_at`; the same `reservation_id` again replaces it.

    Without an EVSE any will do (1.6 needs ReserveConnectorZeroSupported, 2.x ReservationNonEvseSpecific);
    `connector_standard` (as in a connector's `standard`) narrows it in 2.x.
    """

    reservation_id: int
    expires_at: Instant
    token_uid: str
    token_kind: str = "central"
    evse: int | None = None
    connector: int | None = None
    connector_standard: str | None = None
    connector_format: str | None = None
    """`socket` or `cable`: stations have different words for a Type 2 socket and a Type 2 cable."""
    parent_uid: str | None = None
    """Tokens of this group may use it too."""


class CancelReservation(Command, frozen=True, kw_only=True):
    reservation_id: int
