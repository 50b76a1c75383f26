"""Link security declared: the roots that stations hold, their connection profiles, passwords and profiles.

Passwords and security profiles are not a matter of one command: what is declared of them starts the
service that sees to it (`Credentials`, `Upgrades`), and then waits for what comes of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography import x509

from currant.db.engine import Database
from currant.kit.clock import Clock, wire_time
from currant.kit.errors import Conflict, CurrantError, Invalid
from currant.pki.hashes import fingerprint, hash_of_root, read_certificates, same
from currant.pki.held import HeldCertificates, check_root
from currant.pki.model import InstalledCertificates
from currant.pki.security_upgrade import UpgradePhase
from currant.pki.upgrading import Upgrades
from currant.stations.commanding import rules
from currant.stations.commanding.certificates import (
    DeleteCertificate,
    GetInstalledCertificates,
    InstallCertificate,
    RootUse,
)
from currant.stations.commanding.network import ConnectionProfile, SetNetworkProfile
from currant.stations.commanding.secrets import masked
from currant.stations.desired.aspect import Desired, Refusal, Reported, Step
from currant.stations.desired.knowing import Knowing, plain
from currant.stations.directory import DirectoryEntry
from currant.stations.link import StationLink
from currant.stations.model import CommandRecord, CommandStatus
from currant.stations.security import Credentials
from currant.stations.security_model import PasswordStatus

TRIED_AGAIN_AFTER = timedelta(days=1)
"""A station that fell back, or refused, is not moved again before this."""
INSTALLED = "installed"


class RootCertificates:
    """Roots by use and fingerprint: the key is `csms/<SHA-256>`, the value the certificate (PEM), None for none.

    New ones are installed before old ones are deleted, and what nobody declared absent is left alone.
    """

    name = "root_certificates"
    order = 20

    def __init__(self, held: HeldCertificates, clock: Clock) -> None:
        self._held = held
        self._clock = clock

    def check(self, key: str, value: Any) -> Any:
        _, mark = _root_key(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise Invalid("The value of a root certificate is its PEM text.", field="value")
        root = check_root(value, now=self._clock.now())
        if fingerprint(root) != mark:
            raise Invalid(
                f"The key names another certificate: this one's fingerprint is {fingerprint(root)}.",
                field="key",
            )
        self._held.learn(root)
        return value

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        found = await self._held.of(station.tenant_id, station.station_id)
        if found.asked_at is None:
            return {}
        told: dict[str, Reported] = {}
        for each in desired:
            root = self._root(each)
            if root is not None or each.value is None:
                value = INSTALLED if root is not None and _holds(found, each.key, root) else None
                told[each.key] = Reported(key=each.key, value=value, at=found.asked_at)
        return told

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        return reported is not None and (reported.value == INSTALLED) == (desired.value is not None)

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        if any(each.key not in reported for each in differing):
            every = tuple(each.key for each in differing)
            return [Step(command=GetInstalledCertificates(), keys=every)]
        installs = [
            Step(
                command=InstallCertificate(use=_root_key(each.key)[0], certificate=each.value),
                keys=(each.key,),
            )
            for each in differing
            if each.value is not None
        ]
        if installs:
            return installs
        steps: list[Step] = []
        found = await self._held.of(station.tenant_id, station.station_id)
        for each in differing:
            root = self._root(each)
            assert root is not None, "A root that nobody knows is not reported as held."
            use, _ = _root_key(each.key)
            held = [item for item in found.items if item.use == use and _is(item.hash, root)]
            if not held:
                continue
            # M05: a station without a root for its server never comes back.
            if await self._held.is_last_csms_root(station.tenant_id, station.station_id, held[0].hash):
                continue
            steps.append(Step(command=DeleteCertificate(hash=held[0].hash), keys=(each.key,)))
        if not steps:
            return Refusal(
                reason="It is the last root by which the station trusts a server: declare another one first.",
                final=False,
            )
        return steps

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        await self._held.remember(record)
        gone = (
            isinstance(step.command, DeleteCertificate) and (record.answer or {}).get("status") == "NotFound"
        )
        if record.status is not CommandStatus.ACCEPTED and not gone:
            return {}
        return dict.fromkeys(step.keys)

    def _root(self, desired: Desired) -> x509.Certificate | None:
        """The certificate that a key names; None when nobody knows it."""
        if desired.value is not None:
            return read_certificates(desired.value)[0]
        _, mark = _root_key(desired.key)
        return self._held.known(mark)


def _root_key(key: str) -> tuple[RootUse, str]:
    use, _, mark = key.partition("/")
    if use not in set(RootUse) or len(mark) != 64 or mark.strip("0123456789abcdef"):
        raise Invalid(
            "The key of a root certificate is its use and fingerprint (SHA-256, 64 hexadecimal digits), as in "
            f"csms/0a1b…; the uses are {', '.join(RootUse)}.",
            field="key",
        )
    return RootUse(use), mark


def _holds(found: InstalledCertificates, key: str, root: x509.Certificate) -> bool:
    use, _ = _root_key(key)
    return any(item.use == use and _is(item.hash, root) for item in found.items)


def _is(named: Any, root: x509.Certificate) -> bool:
    try:
        return same(named, hash_of_root(root, algorithm=named.algorithm))
    except KeyError:
        return False


class ConnectionProfiles:
    """Network connection profiles by slot (2.x B09): the key is the slot's number.

    2.0.1 has no message that reads them back: what a station took from us is what it has.
    """

    name = "connection_profiles"
    order = 30

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._knowing = Knowing(database, clock, self.name)

    def check(self, key: str, value: Any) -> Any:
        slot = _slot(key)
        if value is None:
            raise Invalid(
                "A connection profile cannot be taken out of a station, only replaced.", field="value"
            )
        command = SetNetworkProfile(slot=slot, profile=_profile(value))
        rules.check(command)
        if masked(command) != command:
            raise Invalid(
                "Declare no passwords, keys or PINs: everybody who may read declarations could read them.",
                field="value",
            )
        return plain(command.profile)

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        # It keeps them through a boot: what it took is known until it takes another.
        items = await self._knowing.items(station)
        now = self._clock.now()
        return {each.key: Reported(key=each.key, value=items.get(each.key), at=now) for each in desired}

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        return reported is not None and bool(reported.value == desired.value)

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        if version == "1.6":
            return Refusal(reason="OCPP 1.6 knows no connection profiles.", unsupported=True)
        return [
            Step(
                command=SetNetworkProfile(slot=_slot(each.key), profile=_profile(each.value)),
                keys=(each.key,),
            )
            for each in differing
        ]

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        if record.status is not CommandStatus.ACCEPTED:
            return {}
        assert isinstance(step.command, SetNetworkProfile), "It gives no other command."
        items = await self._knowing.items(station)
        items[str(step.command.slot)] = plain(step.command.profile)
        await self._knowing.read(station, items)
        return dict.fromkeys(step.keys)


def _slot(key: str) -> int:
    if not (key.isascii() and key.isdecimal() and len(key) <= 3):
        raise Invalid(f"The key of a connection profile is its slot's number, not {key!r}.", field="key")
    return int(key)


def _profile(value: Any) -> ConnectionProfile:
    try:
        return msgspec.convert(value, ConnectionProfile)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.", field="value") from error


class PasswordRotation:
    """New passwords from time to time: the key is `password`, the value `{"every_days": 90}`."""

    name = "password_rotation"
    order = 5

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock

    def check(self, key: str, value: Any) -> Any:
        _only_key(key, "password")
        if value is None:
            return None
        days = value.get("every_days") if isinstance(value, dict) and len(value) == 1 else None
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 3_650:
            raise Invalid('Say how often, in days from 1 to 3650, as in {"every_days": 90}.', field="value")
        return {"every_days": days}

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        credential = await self._credentials.of(station.tenant_id, station.station_id)
        # One on its way counts from when it was offered: another one would make nothing better.
        waiting = [each.offered_at for each in credential.rotations if each.status in _ON_THEIR_WAY]
        times = [at for at in (credential.password_set_at, *waiting) if at is not None]
        since = max(times, default=None)
        value = None if since is None else {"since": wire_time(since)}
        return {each.key: Reported(key=each.key, value=value, at=self._clock.now()) for each in desired}

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        if desired.value is None:
            return True
        if reported is None or reported.value is None:
            return False
        since = msgspec.convert(reported.value["since"], datetime)
        return reported.at < since + timedelta(days=desired.value["every_days"])

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        try:
            offer = await self._credentials.rotate(
                station.tenant_id, station.station_id, by=f"system:{self.name}"
            )
        except Conflict as conflict:
            return Refusal(reason=conflict.message, final=False)
        if offer.status is PasswordStatus.REFUSED:
            return Refusal(reason=f"The station keeps its password. {offer.reason}".strip(), final=False)
        return ()

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        return {}


_ON_THEIR_WAY = (PasswordStatus.OFFERED, PasswordStatus.ACCEPTED, PasswordStatus.UNANSWERED)


class SecurityProfiles:
    """The least security profile of stations: the key is `profile`, the value 1, 2 or 3.

    A station in a higher one is left there.
    """

    name = "security_profile"
    order = 25

    def __init__(self, upgrades: Upgrades, link: StationLink, clock: Clock) -> None:
        self._upgrades = upgrades
        self._link = link
        self._clock = clock

    def check(self, key: str, value: Any) -> Any:
        _only_key(key, "profile")
        if value is not None and (isinstance(value, bool) or value not in (1, 2, 3)):
            raise Invalid("A security profile to be reached is 1, 2 or 3.", field="value")
        return value

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        profile = self._link.profile_of(station.station_id)
        if profile is None:
            profile = station.security_profile
        if profile is None:
            return {}
        now = self._clock.now()
        return {each.key: Reported(key=each.key, value=profile, at=now) for each in desired}

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        if desired.value is None:
            return True
        return reported is not None and int(reported.value) >= int(desired.value)

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        [wanted] = differing
        latest = await self._upgrades.of(station.tenant_id, station.station_id)
        if latest is not None and latest.to_profile == wanted.value:
            if not latest.ended:
                return ()
            recently = self._clock.now() < latest.since + TRIED_AGAIN_AFTER
            if recently and latest.phase in (UpgradePhase.FALLEN_BACK, UpgradePhase.FAILED):
                return Refusal(reason=latest.reason, final=False)
        if not wanted.may_restart:
            return Refusal(reason="It takes a restart, and its declaration does not allow one.", final=False)
        try:
            await self._upgrades.start(
                station.tenant_id, station.station_id, wanted.value, by=f"system:{self.name}"
            )
        except CurrantError as error:
            return Refusal(reason=error.message, final=False)
        return ()

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        return {}


def _only_key(key: str, only: str) -> None:
    if key != only:
        raise Invalid(f"The only key of this is `{only}`.", field="key")
