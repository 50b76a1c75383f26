"""What the specifications say about commands' arguments, checked before anything is recorded or sent."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from currant.stations.commanding import AnyCommand
from currant.stations.commanding.reservations import Reserve
from currant.stations.commanding.rules import (
    certificates,
    der,
    displays,
    lists,
    network,
    profiles,
    remote,
    reservations,
    tariffs,
    transfers,
    variables,
)

CHECKS: dict[type, Callable[[Any], None]] = {
    **certificates.CHECKS,
    **der.CHECKS,
    **displays.CHECKS,
    **lists.CHECKS,
    **network.CHECKS,
    **profiles.CHECKS,
    **remote.CHECKS,
    **reservations.CHECKS,
    **tariffs.CHECKS,
    **transfers.CHECKS,
    **variables.CHECKS,
}


def check(command: AnyCommand, *, now: datetime | None = None) -> None:
    """Raise Invalid where a command could not be meant in any version, or, with `now`, not any more."""
    rule = CHECKS.get(type(command))
    if rule is not None:
        rule(command)
    if now is not None and isinstance(command, Reserve):
        reservations.check_ahead(command, now)
