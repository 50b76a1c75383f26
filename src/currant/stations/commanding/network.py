"""How a station finds us: network connection profiles (2.x B09, B10)."""

from typing import Literal

from currant.stations.commanding.base import Command, Part


class Apn(Part, frozen=True, kw_only=True):
    """A mobile network's access point."""

    apn: str
    authentication: str = "AUTO"
    """AUTO, PAP, CHAP, NONE"""
    user: str | None = None
    password: str | None = None
    sim_pin: int | None = None
    preferred_network: str | None = None
    only_preferred_network: bool | None = None


class Vpn(Part, frozen=True, kw_only=True):
    server: str
    user: str
    password: str
    key: str
    kind: str
    """IKEv2, IPSec, L2TP, PPTP"""
    group: str | None = None


class ConnectionProfile(Part, frozen=True, kw_only=True):
    url: str
    security_profile: int
    version: str = "2.0.1"
    """2.1 leaves it to the handshake."""
    transport: Literal["JSON", "SOAP"] = "JSON"
    interface: str = "Wired0"
    """Wired0 … Wired3, Wireless0 … Wireless3, Any (2.1)"""
    message_timeout_s: int = 30
    apn: Apn | None = None
    vpn: Vpn | None = None
    identity: str | None = None
    """2.1."""
    password: str | None = None
    """2.1."""


class SetNetworkProfile(Command, frozen=True, kw_only=True):
    slot: int
    profile: ConnectionProfile
