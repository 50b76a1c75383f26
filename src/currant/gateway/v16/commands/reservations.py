"""Reservations: worded in OCPP 1.6."""

from currant.gateway.outcomes import Wording

COMMANDS: dict[type, Wording] = {}
