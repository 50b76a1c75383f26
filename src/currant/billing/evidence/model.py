"""The values of evidence: what a meter signed, whose key it is, and what came of checking it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from currant.kit.ids import SessionId, StationId, TenantId


class SignedFormat(StrEnum):
    """How signed values are written, as the transparency software names it."""

    OCMF = "OCMF"
    ALFEN = "ALFEN"
    OTHER = "other"
    """Kept and handed out, not checked here (EDL40, ISA-EDL, SML, …)."""


class Nature(StrEnum):
    """Which moment of the session a value stands for."""

    BEGIN = "begin"
    END = "end"
    BOTH = "both"
    """One record that holds both."""
    BETWEEN = "between"


class SignedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A signed value as the meter wrote it. `text` is exactly what was signed, with its signature."""

    at: datetime
    format: SignedFormat
    nature: Nature = Nature.BETWEEN
    text: str
    key: str = ""
    """The public key that came with it, DER in hex; empty when none did."""
    name: str = ""
    """How the station called the format."""


class KeyStanding(StrEnum):
    TOLD = "told"
    """The station said so, and nobody has compared it with the meter yet."""
    CONFIRMED = "confirmed"
    """A person compared it with the meter, or took it from its papers."""
    REFUSED = "refused"


class MeterKey(msgspec.Struct, frozen=True, kw_only=True):
    """The public key of a meter. `evse` 0 is the whole station's."""

    id: str
    tenant_id: TenantId
    station_id: StationId
    evse: int = 0
    key: str
    """DER (SubjectPublicKeyInfo) in hex."""
    standing: KeyStanding = KeyStanding.TOLD
    meter_serial: str = ""
    first_seen: datetime
    valid_until: datetime | None = None
    """When the meter was taken out: what it signed before stays good."""
    by: str = ""
    """Who confirmed or refused it."""


class EvidenceStanding(StrEnum):
    """What became of a session's evidence."""

    NONE = "none"
    """Nothing was signed."""
    VERIFIED = "verified"
    """Begin and end are signed by the meter's key, fit each other and what the session says."""
    UNCONFIRMED = "unconfirmed"
    """The same, by a key that only the station vouches for."""
    INCOMPLETE = "incomplete"
    """The begin or the end is missing."""
    UNVERIFIABLE = "unverifiable"
    """No key is known, or the format cannot be checked here."""
    FAILED = "failed"
    """A signature is wrong, or the signed values say something else."""


class EvidenceProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something about the evidence; `code` is stable, `text` English."""

    code: str
    text: str
    serious: bool = True
    """Whether it makes the evidence fail, or is only to be known."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What checking said, and why."""

    standing: EvidenceStanding
    problems: tuple[EvidenceProblem, ...] = ()
    energy_wh: Decimal | None = None
    """By the signed registers."""
    begin_at: datetime | None = None
    end_at: datetime | None = None
    time_exact: bool = False
    """Whether the meter's clock was synchronised: otherwise no time may be billed by it (OCMF, TM: S)."""
    meter_serial: str = ""
    key: str = ""


class SessionEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that was signed in a session, and what it is worth. Kept longer than readings are."""

    session_id: SessionId
    tenant_id: TenantId
    station_id: StationId
    number: int
    judged_at: datetime
    judgement: Judgement
    records: tuple[SignedRecord, ...]
    energy_wh: int
    """Of the session, when it was judged."""
