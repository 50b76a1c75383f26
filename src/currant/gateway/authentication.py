"""Whether a connection may speak for a station: the security profiles 0 to 3 as one pure rule.

Profiles: OCPP 1.6 security whitepaper, A00; OCPP 2.0.1 and 2.1 Part 2, A00. A station uses one
profile at a time, and a connection with another is refused (A00.FR.001, FR.002).
"""

import msgspec

from currant.stations.model import Admission
from currant.stations.onboarding_model import Trouble


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection brings. `names` are the common names of a client certificate that was verified."""

    encrypted: bool
    user: bytes | None = None
    password: bytes | None = None
    names: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    revoked: str | None = None
    """Why the certificate shown is believed no more; None when nothing speaks against it."""

    @property
    def profile(self) -> int:
        if self.encrypted and self.names:
            return 3
        if self.user is not None:
            return 2 if self.encrypted else 1
        return 0


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the station."""

    identity: str
    admission: Admission
    profile: int | None
    has_password: bool
    serial_number: str = ""
    organisation: str | None = None
    allow_unauthenticated: bool = False
    also: tuple[int, ...] = ()
    """Profiles that are taken too, while the station is moved from one to another."""


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    profile: int


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """Why not; `kind` names the security event (2.x Appendix 1: InvalidChargingStationCertificate and ours)."""

    reason: str
    kind: str = "FailedToAuthenticateAtCsms"
    problem: Trouble = Trouble.WRONG_PASSWORD
    variant: str = ""
    """Which of several ways there are to have the problem, where it is known here."""


def judge(offered: Credentials, expected: Expected, *, password_matches: bool) -> Granted | Denied:
    """Grant a profile or say why not. `password_matches` is the comparison with the directory's digest."""
    if expected.admission in (Admission.REFUSED, Admission.RETIRED):
        return Denied(
            reason=f"The station is {expected.admission.value}.",
            kind="RefusedStationConnected",
            problem=Trouble.NOT_ADMITTED,
        )
    if offered.revoked is not None:
        # Whatever else it brings: somebody may have its key (A00.FR.407).
        return Denied(
            reason=f"The certificate shown has been revoked: {offered.revoked}.",
            kind="InvalidChargingStationCertificate",
            problem=Trouble.CERTIFICATE_WRONG,
            variant="revoked",
        )
    if expected.profile is None:
        return _judge_any(offered, expected, password_matches=password_matches)
    verdict = _judge_as(expected.profile, offered, expected, password_matches=password_matches)
    for profile in expected.also:
        if isinstance(verdict, Granted):
            break
        other = _judge_as(profile, offered, expected, password_matches=password_matches)
        verdict = other if isinstance(other, Granted) else verdict
    return verdict


def _judge_as(
    profile: int, offered: Credentials, expected: Expected, *, password_matches: bool
) -> Granted | Denied:
    if profile == 0:
        if expected.allow_unauthenticated:
            return Granted(profile=0)
        return Denied(
            reason="Connections without authentication are switched off.", problem=Trouble.PROFILE_0_OFF
        )
    if profile == 3:
        return _judge_certificate(offered, expected)
    if offered.encrypted != (profile == 2):
        return Denied(
            reason=f"The station uses security profile {profile}, and this is profile {offered.profile}.",
            kind="InvalidSecurityProfile",
            problem=Trouble.WRONG_SECURITY_PROFILE,
        )
    return _judge_password(offered, expected, password_matches=password_matches)


def _judge_any(offered: Credentials, expected: Expected, *, password_matches: bool) -> Granted | Denied:
    """No profile is prescribed: take the strongest that is offered, and never less than is known of it."""
    if offered.encrypted and offered.names:
        return _judge_certificate(offered, expected)
    if expected.has_password:
        return _judge_password(offered, expected, password_matches=password_matches)
    # Nothing is known to compare with. A pending station may do nothing but introduce itself.
    if expected.admission is Admission.PENDING or expected.allow_unauthenticated:
        return Granted(profile=0)
    return Denied(
        reason="No password is set for the station, and connections without one are switched off.",
        problem=Trouble.PASSWORD_NOT_SET,
    )


def _judge_password(offered: Credentials, expected: Expected, *, password_matches: bool) -> Granted | Denied:
    if offered.user is None:
        return Denied(reason="No user name and password were sent.", problem=Trouble.NO_PASSWORD)
    # The user name is the identity as in the URL (1.6 whitepaper A00.FR.204, 2.x A00.FR.204).
    if offered.user != expected.identity.encode():
        return Denied(reason="The user name is not the station's identity.", problem=Trouble.WRONG_USER)
    if not offered.password or not password_matches:
        return Denied(reason="The password is wrong.")
    return Granted(profile=2 if offered.encrypted else 1)


def _judge_certificate(offered: Credentials, expected: Expected) -> Granted | Denied:
    kind = "InvalidChargingStationCertificate"
    if not offered.encrypted or not offered.names:
        return Denied(
            reason="No valid client certificate was shown.", kind=kind, problem=Trouble.NO_CERTIFICATE
        )
    # CN is the unique serial number (2.0.1 A00.FR.405; 1.6 whitepaper A00.FR.405); many operators use the identity.
    wanted = {name.casefold() for name in (expected.identity, expected.serial_number) if name}
    if not any(name.casefold() in wanted for name in offered.names):
        return Denied(
            reason="The certificate belongs to another station.",
            kind=kind,
            problem=Trouble.CERTIFICATE_WRONG,
            variant="another",
        )
    if expected.organisation is not None and expected.organisation not in offered.organisations:
        return Denied(
            reason="The certificate's organisation is not the operator.",
            kind=kind,
            problem=Trouble.CERTIFICATE_WRONG,
            variant="organisation",
        )
    return Granted(profile=3)
