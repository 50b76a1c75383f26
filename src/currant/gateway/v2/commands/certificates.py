"""Certificates: worded in OCPP 2.x."""

from currant.gateway.outcomes import Wording

COMMANDS: dict[type, Wording] = {}
