"""Every command that OCPP 1.6 has words for: a new one is a function and a line in the table of its block."""

from currant.gateway.outcomes import Wording
from currant.gateway.v16.commands import (
    certificates,
    displays,
    lists,
    profiles,
    remote,
    reservations,
    transfers,
    variables,
)

COMMANDS: dict[type, Wording] = {
    **certificates.COMMANDS,
    **displays.COMMANDS,
    **lists.COMMANDS,
    **profiles.COMMANDS,
    **remote.COMMANDS,
    **reservations.COMMANDS,
    **transfers.COMMANDS,
    **variables.COMMANDS,
}
