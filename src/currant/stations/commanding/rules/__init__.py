"""What the specifications say about commands' arguments, checked before anything is recorded or sent."""

from collections.abc import Callable
from typing import Any

from currant.stations.commanding import AnyCommand
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


def check(command: AnyCommand) -> None:
    """Raise Invalid where a command could not be meant in any version."""
    rule = CHECKS.get(type(command))
    if rule is not None:
        rule(command)
