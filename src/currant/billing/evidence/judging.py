"""Whether what a meter signed holds: its signatures, its key, and what it says of the session. Pure.

OCMF 1.4 and its rules for billing by pyocmf, which checks the bytes as they came and follows the
transparency software; Alfen's values by alfen.py.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyocmf import OCMF, SignatureMethod
from pyocmf.compliance import EichrechtIssue, IssueCode, IssueSeverity
from pyocmf.enums.reading import TimeStatus, is_end_reason
from pyocmf.exceptions import PyOCMFError

from currant.billing.evidence import alfen
from currant.billing.evidence.model import (
    EvidenceProblem,
    EvidenceStanding,
    Judgement,
    KeyStanding,
    MeterKey,
    Nature,
    SignedFormat,
    SignedRecord,
)

# Registers of meters and of stations are rounded differently.
TOLERANCE_WH = 10
PROBLEMS_MAX = 30
# The specification's name of a curve (OCMF 1.4, table 22), and the one by which pyocmf finds it.
_ALSO_CALLED = {
    SignatureMethod.BRAINPOOL256R1_SHA256: SignatureMethod.BRAINPOOLP256R1_SHA256,
    SignatureMethod.BRAINPOOL256R1_SHA512: SignatureMethod.BRAINPOOLP256R1_SHA512,
}
_WH = {"kWh": Decimal(1000), "Wh": Decimal(1), "MWh": Decimal(1_000_000)}


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    """A begin or an end as it was signed."""

    at: datetime
    energy_wh: Decimal
    exact: bool
    serial: str


class _Found(msgspec.Struct, kw_only=True):
    """What the records say, as far as it was read."""

    problems: list[EvidenceProblem]
    begin: _Value | None = None
    end: _Value | None = None
    key: str = ""
    confirmed: bool = True
    unverified: bool = False


def judge(records: Sequence[SignedRecord], keys: Sequence[MeterKey], *, energy_wh: int) -> Judgement:
    """What these records of a session are worth; `keys` are the station's, `energy_wh` what it is said to have got.

    Every signature is checked. Keys that a person confirmed go before those that only stations told;
    a record with another key than the confirmed ones fails.
    """
    if not records:
        return Judgement(standing=EvidenceStanding.NONE)
    found = _Found(problems=[])
    if all(record.format is SignedFormat.ALFEN for record in records):
        _read_alfen(records, keys, found)
    elif all(record.format is SignedFormat.OCMF for record in records):
        _read_ocmf(records, keys, found)
    else:
        found.unverified = True
        names = sorted({record.name or record.format for record in records})
        found.problems.append(
            EvidenceProblem(
                code="format_unknown",
                text=f"Values of the format {', '.join(names)[:200]} cannot be checked here: use the transparency software.",
                serious=False,
            )
        )
    return _judged(found, energy_wh)


def _judged(found: _Found, energy_wh: int) -> Judgement:
    problems, begin, end = found.problems, found.begin, found.end
    signed = None
    if begin is not None and end is not None:
        signed = end.energy_wh - begin.energy_wh
        if begin.serial != end.serial:
            problems.append(
                EvidenceProblem(
                    code="meter_changed",
                    text=f"Meter {begin.serial} signed the begin and {end.serial} the end.",
                )
            )
        if abs(signed - energy_wh) > TOLERANCE_WH:
            problems.append(
                EvidenceProblem(
                    code="energy_differs",
                    text=f"The meter signed {signed.normalize():f} Wh, the session has {energy_wh} Wh.",
                )
            )
    if any(problem.serious for problem in problems):
        standing = EvidenceStanding.FAILED
    elif found.unverified:
        standing = EvidenceStanding.UNVERIFIABLE
    elif signed is None:
        standing = EvidenceStanding.INCOMPLETE
        missing = [name for name, value in (("begin", begin), ("end", end)) if value is None]
        problems.append(
            EvidenceProblem(
                code="incomplete",
                text=f"There is no signed value of the {' and of the '.join(missing)}.",
                serious=False,
            )
        )
    else:
        standing = EvidenceStanding.VERIFIED if found.confirmed else EvidenceStanding.UNCONFIRMED
    return Judgement(
        standing=standing,
        problems=tuple(problems[:PROBLEMS_MAX]),
        energy_wh=signed,
        begin_at=None if begin is None else begin.at,
        end_at=None if end is None else end.at,
        time_exact=begin is not None and end is not None and begin.exact and end.exact,
        meter_serial="" if begin is None else begin.serial,
        key=found.key,
    )


def _choose(record: SignedRecord, keys: Sequence[MeterKey], found: _Found) -> list[str]:
    """The keys that may have signed a record, the most trusted first; what is odd about them is noted."""
    valid = [key for key in keys if key.valid_until is None or record.at <= key.valid_until]
    confirmed = [key.key for key in valid if key.standing is KeyStanding.CONFIRMED]
    refused = {key.key for key in valid if key.standing is KeyStanding.REFUSED}
    if record.key in refused and record.key:
        _once(found, "key_refused", "The key that came with it was refused by a person.")
        return []
    if confirmed:
        if record.key and not any(_same_key(record.key, key) for key in confirmed):
            _once(
                found,
                "key_changed",
                "It came with another key than the one that was confirmed for the meter.",
            )
        return confirmed
    found.confirmed = False
    told = [key.key for key in valid if key.standing is KeyStanding.TOLD]
    return list(dict.fromkeys([*([record.key] if record.key else []), *told]))


def _same_key(one: str, other: str) -> bool:
    """Whether two spellings are the same point: a key, or the point of it alone."""
    if one == other:
        return True
    with suppress(ValueError):
        return _point(bytes.fromhex(one)) == _point(bytes.fromhex(other))
    return False


def _point(key: bytes) -> bytes:
    """The compressed point of a key that is DER or a point already. Raises ValueError when it is neither."""
    if key[:1] in (b"\x02", b"\x03"):
        return key
    if key[:1] == b"\x04":
        half = (len(key) - 1) // 2
        return bytes([2 + (key[-1] & 1)]) + key[1 : 1 + half]
    public = serialization.load_der_public_key(key)
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise ValueError("It is no key of an elliptic curve.")
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


def _once(found: _Found, code: str, text: str, *, serious: bool = True) -> None:
    if not any(problem.code == code for problem in found.problems):
        found.problems.append(EvidenceProblem(code=code, text=text, serious=serious))


def _read_ocmf(records: Sequence[SignedRecord], keys: Sequence[MeterKey], found: _Found) -> None:
    whole: OCMF | None = None
    begin: OCMF | None = None
    end: OCMF | None = None
    for record in records:
        ocmf = _parsed(record, found)
        if ocmf is None:
            continue
        _check_signature(ocmf, record, keys, found)
        reasons = [reading.TX for reading in ocmf.payload.RD]
        begins, ends = "B" in reasons, any(is_end_reason(reason) for reason in reasons)
        if begins and ends:
            whole = whole or ocmf
        elif begins or (record.nature is Nature.BEGIN and not ends):
            begin = begin or ocmf
        elif ends or record.nature is Nature.END:
            end = ocmf
    if whole is not None:
        begin = end = whole
        _note(whole.check_eichrecht(), found)
    elif begin is not None and end is not None:
        _note(begin.check_eichrecht(end), found)
    for ocmf, name in ((begin, "begin"), (end, "end")):
        if ocmf is not None:
            value = _ocmf_value(ocmf, name, alone=whole is None)
            if value is not None:
                setattr(found, name, value)


def _parsed(record: SignedRecord, found: _Found) -> OCMF | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return OCMF.from_string(record.text)
    except (PyOCMFError, ValueError, RecursionError) as error:
        _once(found, "malformed", f"A record cannot be read: {str(error)[:200]}")
        return None


def _check_signature(ocmf: OCMF, record: SignedRecord, keys: Sequence[MeterKey], found: _Found) -> None:
    candidates = _choose(record, keys, found)
    if not candidates:
        found.unverified = True
        _once(
            found,
            "key_unknown",
            "No public key of the meter is known: enter it, or have the station send it.",
            serious=False,
        )
        return
    if not isinstance(ocmf.signature.SA, SignatureMethod):
        found.unverified = True
        _once(
            found,
            "algorithm_unknown",
            f"Signatures by {str(ocmf.signature.SA)[:60]} cannot be checked here: use the transparency software.",
            serious=False,
        )
        return
    ocmf.signature.SA = _ALSO_CALLED.get(ocmf.signature.SA, ocmf.signature.SA)
    why = ""
    for key in candidates:
        try:
            if ocmf.verify_signature(key):
                found.key = found.key or key
                return
            why = ""
        except (PyOCMFError, ValueError) as error:
            why = str(error)[:200]
    if why:
        _once(found, "signature_unreadable", f"A signature cannot be checked: {why}")
    else:
        _once(found, "signature_wrong", f"The signature of the value of {record.at.isoformat()} is wrong.")


def _note(issues: Sequence[EichrechtIssue], found: _Found) -> None:
    for issue in issues:
        # That the clock is not exact matters where time is billed, and is told by `time_exact`.
        if issue.code is IssueCode.TIME_SYNC and issue.severity is IssueSeverity.WARNING:
            continue
        _once(found, issue.code.lower(), issue.message[:300], serious=issue.severity is IssueSeverity.ERROR)


def _ocmf_value(ocmf: OCMF, name: str, *, alone: bool) -> _Value | None:
    """The register that billing goes by: compensated for losses where there is one."""
    payload = ocmf.payload
    relevant = list(_relevant(payload.RD))
    for reading in relevant if name == "begin" else reversed(relevant):
        fits = reading.TX == "B" if name == "begin" else is_end_reason(reading.TX)
        if (fits or alone) and reading.RV is not None and str(reading.RU) in _WH:
            return _Value(
                at=reading.timestamp,
                energy_wh=Decimal(str(reading.RV)) * _WH[str(reading.RU)],
                exact=reading.time_status == TimeStatus.SYNCHRONIZED,
                serial=payload.MS or payload.GS or "",
            )
    return None


def _relevant(readings: Sequence[Any]) -> Iterator[Any]:
    compensated = [each for each in readings if each.RI is not None and each.RI.is_loss_compensated]
    yield from compensated or [each for each in readings if each.RI is not None and each.RI.is_law_relevant]


def _read_alfen(records: Sequence[SignedRecord], keys: Sequence[MeterKey], found: _Found) -> None:
    values: dict[str, alfen.AlfenValue] = {}
    for record in records:
        try:
            value = alfen.read(record.text)
        except ValueError as error:
            _once(found, "malformed", f"A record cannot be read: {error}")
            continue
        _check_alfen(value, record, keys, found)
        if value.faulty:
            _once(found, "meter_status", "Meter or adapter were at fault when it was signed.")
        if value.start_mismatch:
            _once(found, "meter_start_mismatch", "The meter says that its reading at the start does not fit.")
        if value.nature != "begin" or "begin" not in values:
            values[value.nature] = value
    begin, end = values.get("begin"), values.get("end")
    if begin is not None and end is not None:
        if begin.session != end.session:
            _once(found, "session_differs", "Begin and end are of different sessions of the meter.")
        if begin.page >= end.page:
            _once(found, "pagination_inconsistent", "The end was written before the begin.")
        if end.energy_wh < begin.energy_wh:
            _once(found, "value_regression", "The end is below the begin.")
    for name, each in (("begin", begin), ("end", end)):
        if each is not None:
            # Alfen's clock is set by the backend, and the values do not say whether it was.
            setattr(
                found,
                name,
                _Value(at=each.at, energy_wh=each.energy_wh, exact=False, serial=each.meter_id),
            )


def _check_alfen(
    value: alfen.AlfenValue, record: SignedRecord, keys: Sequence[MeterKey], found: _Found
) -> None:
    own = record if record.key else msgspec.structs.replace(record, key=value.key.hex())
    for key in _choose(own, keys, found):
        try:
            if alfen.is_signed(value, _point(bytes.fromhex(key))):
                found.key = found.key or key
                return
        except ValueError:
            continue
    _once(found, "signature_wrong", f"The signature of the value of {value.at.isoformat()} is wrong.")
