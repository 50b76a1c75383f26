"""Every command that OCPP 2.x has words for: a new one is a function and a line in the table of its block."""

from currant.gateway.outcomes import Wording
from currant.gateway.v2.commands import (
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

COMMANDS_201: dict[type, Wording] = {
    **certificates.COMMANDS,
    **der.COMMANDS,
    **displays.COMMANDS,
    **lists.COMMANDS,
    **network.COMMANDS,
    **profiles.COMMANDS,
    **remote.COMMANDS,
    **reservations.COMMANDS,
    **tariffs.COMMANDS,
    **transfers.COMMANDS,
    **variables.COMMANDS,
}

COMMANDS_21: dict[type, Wording] = {
    **COMMANDS_201,
    **der.COMMANDS_21,
    **displays.COMMANDS_21,
    **profiles.COMMANDS_21,
    **remote.COMMANDS_21,
    **tariffs.COMMANDS_21,
    **variables.COMMANDS_21,
}
