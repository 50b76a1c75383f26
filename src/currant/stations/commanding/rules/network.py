"""Network connection profiles: what the commands must be, whatever the version."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from currant.kit.errors import Invalid
from currant.stations.commanding import network
from currant.stations.commanding.rules.common import between, text

INTERFACES = frozenset({f"{kind}{number}" for kind in ("Wired", "Wireless") for number in range(4)} | {"Any"})
VERSIONS = ("1.2", "1.5", "1.6", "2.0", "2.0.1", "2.1")
APN_AUTHENTICATION = ("AUTO", "PAP", "CHAP", "NONE")
VPN_KINDS = ("IKEv2", "IPSec", "L2TP", "PPTP")


def set_profile(command: network.SetNetworkProfile) -> None:
    profile = command.profile
    between("slot", command.slot, 0, 999)
    between("security_profile", profile.security_profile, 0, 3)
    between("message_timeout_s", profile.message_timeout_s, 1, 3_600)
    _one_of("version", profile.version, VERSIONS)
    _one_of("interface", profile.interface, sorted(INTERFACES))
    text("url", profile.url, least=1, most=2_000)
    address = urlsplit(profile.url)
    if profile.transport == "JSON":
        # A05 and the profiles' own words: 2 and 3 are with TLS, 0 and 1 without.
        wanted = "wss" if profile.security_profile >= 2 else "ws"
        if address.scheme != wanted or not address.netloc:
            raise Invalid(
                f"Security profile {profile.security_profile} needs an address that begins with {wanted}://.",
                field="url",
            )
    if address.username or address.password:
        raise Invalid("Put no name and password into the address.", field="url")
    if profile.identity is not None:
        text("identity", profile.identity, least=1, most=48)
    if profile.password is not None:
        text("password", profile.password, least=16, most=64)
    if profile.apn is not None:
        text("apn", profile.apn.apn, least=1, most=2_000)
        _one_of("authentication", profile.apn.authentication, APN_AUTHENTICATION)
    if profile.vpn is not None:
        text("server", profile.vpn.server, least=1, most=2_000)
        _one_of("kind", profile.vpn.kind, VPN_KINDS)


def _one_of(field: str, value: str, words: Any) -> None:
    if value not in words:
        raise Invalid(f"{field} is one of {', '.join(words)}; this is {value!r}.", field=field)


CHECKS: dict[type, Callable[[Any], None]] = {network.SetNetworkProfile: set_profile}
