"""From what stations send to signed records. Pure.

OCPP 1.6 has a SampledValue of the format SignedData: OCMF itself, hex or Base64 of it, or the JSON that
OCPP 2.0.1 sends as signedMeterValue (OCA, Signed Meter Values in OCPP). OCPP 2.x has Base64 in
signedMeterData and publicKey, the key as DER or in words as `oca:base16:asn1:…`.
"""

import base64
import binascii
import contextlib
import json
from collections.abc import Iterable
from typing import Any

from currant.billing.evidence.model import Nature, SignedFormat, SignedRecord
from currant.charging.model import Reading

TEXT_MAX = 60_000
RECORDS_MAX = 200
_NATURES = {"Transaction.Begin": Nature.BEGIN, "Transaction.End": Nature.END}


def records_of(readings: Iterable[Reading]) -> tuple[SignedRecord, ...]:
    """What was signed in these readings, in order, each once; at most RECORDS_MAX, begin and end among them."""
    found: dict[str, SignedRecord] = {}
    for reading in readings:
        for raw in reading.signed:
            record = record_of(reading, raw)
            if record is None:
                continue
            before = found.get(record.text)
            # The same value is often sent at its time and once more with the end.
            if before is None or (not before.key and record.key):
                found[record.text] = record
    records = list(found.values())
    if len(records) > RECORDS_MAX:
        ends = [record for record in records if record.nature is not Nature.BETWEEN]
        between = [record for record in records if record.nature is Nature.BETWEEN]
        records = sorted(
            [*ends, *between[: max(0, RECORDS_MAX - len(ends))]][:RECORDS_MAX], key=lambda each: each.at
        )
    return tuple(records)


def record_of(reading: Reading, raw: dict[str, Any]) -> SignedRecord | None:
    """A signed value of a reading; None when there is nothing in it."""
    data, key, name = _parts(raw)
    text = _plain(data)
    if not text or len(text) > TEXT_MAX:
        return None
    kind = _format(text)
    if kind is SignedFormat.OCMF and text.count("|") > 2 and not key:
        # Some append the key as a fourth part, as codes for the transparency software do.
        key = text.rpartition("|")[2]
    return SignedRecord(
        at=reading.at,
        format=kind,
        nature=_NATURES.get(str(raw.get("context") or reading.context), Nature.BETWEEN),
        text=text,
        key=key_hex(key),
        name=name,
    )


def _parts(raw: dict[str, Any]) -> tuple[str, str, str]:
    """Data, key and name of the format."""
    if "signedMeterData" in raw:
        return _said(raw, "signedMeterData"), _said(raw, "publicKey"), _said(raw, "encodingMethod")
    value = str(raw.get("value", ""))
    if value.lstrip().startswith("{"):
        with contextlib.suppress(ValueError):
            inner = json.loads(value)
            if isinstance(inner, dict):
                data = _said(inner, "signedMeterData") or _said(inner, "signedMeterValue")
                return data, _said(inner, "publicKey"), _said(inner, "encodingMethod")
    return value, "", ""


def _said(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _plain(data: str) -> str:
    """The signed text itself, whether it came as it is, in hex or in Base64."""
    data = data.strip()
    if _format(data) is not SignedFormat.OTHER:
        return data
    for decode in (bytes.fromhex, _base64):
        with contextlib.suppress(ValueError):
            text = decode(data).decode("utf-8").strip()
            if _format(text) is not SignedFormat.OTHER:
                return text
    return data


def _base64(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def _format(text: str) -> SignedFormat:
    if text.startswith("OCMF|"):
        return SignedFormat.OCMF
    if text.startswith("AP;") and text.count(";") >= 5:
        return SignedFormat.ALFEN
    return SignedFormat.OTHER


def key_hex(key: str) -> str:
    """A public key as DER in hex, from hex, Base64, Base64 of hex, PEM, or `oca:base16:asn1:…`; empty when it is none.

    A point alone (compressed or not) is not completed here: its curve stands in what was signed.
    """
    key = key.strip()
    if "BEGIN PUBLIC KEY" in key:
        key = "".join(line for line in key.splitlines() if "-----" not in line)
    if key.startswith("oca:"):
        parts = key.split(":", 3)
        return key_hex(parts[3]) if len(parts) == 4 else ""
    compact = "".join(key.split())
    for decode in (bytes.fromhex, _base64):
        try:
            decoded = decode(compact)
        except (ValueError, binascii.Error):
            continue
        if decoded[:1] in (b"\x30", b"\x02", b"\x03", b"\x04"):
            return decoded.hex()
        with contextlib.suppress(UnicodeDecodeError):
            inner = decoded.decode("ascii").strip()
            if inner != key and (inner.startswith(("oca:", "30", "04", "02", "03")) or "BEGIN" in inner):
                return key_hex(inner)
    return ""
