"""Which server a station calls, and how: connection profiles, security profiles and the way back.

A new way is tried a number of times; when it leads nowhere the station goes on to the next of its
list, and in the end back to the one that worked (2.x, B10.FR.03 to 09; 1.6 security whitepaper,
A05.FR.06 to 09).
"""

from typing import TYPE_CHECKING

import msgspec

from currant.simulator.keyring import STATION_CERTIFICATE, Keyring
from currant.simulator.parts import Part

if TYPE_CHECKING:
    from currant.simulator.station import Station

SLOTS = range(1, 5)
FACTORY_SLOT = 1
PRIORITY = "ocppcommctrlr///networkconfigurationpriority/"
ATTEMPTS = "ocppcommctrlr///networkprofileconnectionattempts/"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a server; what is None is as the station was delivered."""

    slot: int = FACTORY_SLOT
    url: str | None = None
    security_profile: int | None = None
    identity: str | None = None
    password: str | None = None


class Network(Part):
    """The ways a station knows, the one it is on, and how often it has been tried in vain."""

    __slots__ = ("_attempts", "_index", "_proven", "_ways", "slots")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        factory = Way(security_profile=station.spec.security_profile)
        self.slots: dict[int, Way] = {FACTORY_SLOT: factory}
        self._proven = station.way or factory
        self._ways: list[Way] = [self._proven]
        self._index = 0
        self._attempts = 0

    @property
    def current(self) -> Way:
        return self._ways[self._index]

    @property
    def priority(self) -> list[int]:
        return read_priority(self.station.settings.get(PRIORITY, "1")) or [FACTORY_SLOT]

    def rebooted(self) -> None:
        """The list is gone through from its beginning, after a restart and when all was in vain (B10.FR.04, 08)."""
        self._follow([self.slots[slot] for slot in self.priority if slot in self.slots] or [self._proven])

    def try_way(self, way: Way) -> None:
        """Reconnect this way, and the proven one should it lead nowhere."""
        self._follow([way])
        self.station.wants_disconnect = True

    def _follow(self, ways: list[Way]) -> None:
        self._ways, self._index, self._attempts = ways, 0, 0
        self.station.way = self.current

    def forget_passwords(self) -> None:
        """The station's own password goes before any that came with a profile."""
        plain = msgspec.structs.replace
        self.slots = {slot: plain(way, password=None) for slot, way in self.slots.items()}
        self._ways = [plain(way, password=None) for way in self._ways]
        self._proven = plain(self._proven, password=None)
        self.station.way = self.current

    def failed(self) -> None:
        """A connection could not be made."""
        self._attempts += 1
        if self._attempts < int(self.station.settings.get(ATTEMPTS, "3")):
            return
        self._attempts = 0
        keyring = self.station.has(Keyring)
        if keyring is not None and keyring.use_former(STATION_CERTIFICATE):
            return
        if self._index + 1 < len(self._ways):
            self._index += 1
        elif self.current != self._proven:
            self._ways, self._index = [*self._ways, self._proven], len(self._ways)
        else:
            self.rebooted()
        self.station.way = self.current

    def succeeded(self) -> None:
        """Connected: this is the way from now on, and weaker ones are forgotten (A05.FR.06)."""
        way = self._proven = self.current
        self._ways, self._index, self._attempts = [way], 0, 0
        level = way.security_profile
        if level is not None:
            weaker = [slot for slot, other in self.slots.items() if (other.security_profile or 0) < level]
            if weaker and way.slot in self.slots:
                for slot in weaker:
                    if slot != way.slot:
                        del self.slots[slot]
                kept = [slot for slot in self.priority if slot in self.slots] or [way.slot]
                self.station.settings[PRIORITY] = ",".join(map(str, kept))


def security_profile(station: "Station") -> int:
    """The profile in use: 0 nothing, 1 a password, 2 TLS and a password, 3 TLS and a certificate."""
    way = station.way
    if way is not None and way.security_profile is not None:
        return way.security_profile
    spec = station.spec
    if spec.security_profile is not None:
        return spec.security_profile
    return 3 if spec.client_certificate else 0 if station.password is None else 1


def can_use(station: "Station", profile: int) -> bool:
    """Whether all is there that a profile needs (1.6 security whitepaper, A05.FR.02 to 04; 2.x, A05.FR.02, 03)."""
    keyring = station.has(Keyring)
    trusts = station.spec.ca_file is not None or (keyring is not None and keyring.trusts_a_server)
    has_own = station.spec.client_certificate is not None or (
        keyring is not None and STATION_CERTIFICATE in keyring.own
    )
    if profile == security_profile(station):
        return True
    if profile in (1, 2) and station.password is None:
        return False
    return (profile < 2 or trusts) and (profile != 3 or has_own)


def change_password(station: "Station", password: str) -> None:
    """Used from the next connection on, by every way to a server (2.1, B09.FR.27)."""
    station.password = password
    network = station.has(Network)
    if network is not None:
        network.forget_passwords()


def connected(station: "Station") -> None:
    """What was tried has worked."""
    keyring, network = station.has(Keyring), station.has(Network)
    if keyring is not None:
        keyring.connected()
    if network is not None:
        network.succeeded()


def certificate_renewed(station: "Station") -> None:
    """A client certificate that is in use is shown at once, over a new connection (2.x, A02.FR.08)."""
    if security_profile(station) == 3:
        network = station.part(Network)
        station.run_steps([(1.0, lambda: network.try_way(network.current))])


def raise_profile(station: "Station", value: str) -> bool:
    """1.6's key SecurityProfile: upwards alone, and at once (security whitepaper, A05)."""
    if value not in ("1", "2", "3") or int(value) <= security_profile(station):
        return False
    if not can_use(station, int(value)):
        return False
    network = station.part(Network)
    way = msgspec.structs.replace(network.current, security_profile=int(value))
    station.run_steps([(1.0, lambda: network.try_way(way))])
    return True


def read_priority(value: str) -> list[int] | None:
    """The slots of a NetworkConfigurationPriority, first choice first; None when it is no such list."""
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts or not all(part.isdigit() for part in parts):
        return None
    slots = [int(part) for part in parts]
    return slots if len(set(slots)) == len(slots) else None


def url_template(url: str) -> str:
    """The address of a server as a template for its stations' (2.x Part 4, 3.1.1)."""
    return url if "{identity}" in url else f"{url.rstrip('/')}/{{identity}}"
