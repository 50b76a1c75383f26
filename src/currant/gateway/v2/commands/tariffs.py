"""Tariffs that stations reckon with: worded in OCPP 2.x."""

from currant.gateway.outcomes import Wording

COMMANDS: dict[type, Wording] = {}

# What 2.1 alone has.
COMMANDS_21: dict[type, Wording] = {}
