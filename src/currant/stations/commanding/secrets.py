"""Takes passwords out of commands and their outcomes before they are kept or shown.

The station gets the command as it was given; the record of it, which operators read and backups
hold, says that there was a password and not which (2.x A01.FR.09).
"""

import re
from collections.abc import Iterable

import msgspec

from currant.stations.commanding import AnyCommand, transfers
from currant.stations.commanding.network import Apn, ConnectionProfile, SetNetworkProfile, Vpn
from currant.stations.commanding.variables import SetVariables, VariableValue
from currant.stations.transfers import addresses

MASK = "***"
_SECRET = re.compile(r"authorizationkey|password|passphrase|secret|privatekey|\bpsk\b", re.IGNORECASE)


def names_secret(variable: str) -> bool:
    """Whether a variable's or configuration key's name says that its value is a secret."""
    return _SECRET.search(variable) is not None


def masked_values(values: Iterable[VariableValue]) -> tuple[VariableValue, ...]:
    return tuple(
        msgspec.structs.replace(each, value=MASK) if each.value and names_secret(each.variable.name) else each
        for each in values
    )


def masked(command: AnyCommand) -> AnyCommand:
    """The command as it may be kept; the same one when it holds no secret."""
    if isinstance(command, SetVariables):
        values = masked_values(command.values)
        return command if values == command.values else SetVariables(values=values)
    if isinstance(command, SetNetworkProfile):
        profile = _masked_profile(command.profile)
        return (
            command if profile == command.profile else SetNetworkProfile(slot=command.slot, profile=profile)
        )
    if isinstance(command, transfers.GetLog | transfers.UpdateFirmware | transfers.PublishFirmware):
        url = addresses.masked(command.url)
        return command if url == command.url else msgspec.structs.replace(command, url=url)
    return command


def _masked_profile(profile: ConnectionProfile) -> ConnectionProfile:
    apn: Apn | None = profile.apn
    vpn: Vpn | None = profile.vpn
    if apn is not None:
        apn = msgspec.structs.replace(
            apn,
            password=MASK if apn.password else apn.password,
            sim_pin=None,
        )
    if vpn is not None:
        vpn = msgspec.structs.replace(vpn, password=MASK, key=MASK)
    return msgspec.structs.replace(
        profile, apn=apn, vpn=vpn, password=MASK if profile.password else profile.password
    )
