"""Alfen's signed values: `AP;type;version;key;dataset;signature`, in Base32. Pure.

The dataset has 82 bytes, numbers little-endian; the key is a point on secp192r1, the signature r and s
of 24 bytes each over SHA-256 of the dataset. As the transparency software reads it.
"""

import base64
import binascii
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

DATASET_BYTES = 82
_TYPES = {"0": "begin", "1": "end", "2": "between"}
# Bits of the status that say that meter or adapter were at fault (counted from the lowest).
_METER_FAULTS = (1, 2)
_ADAPTER_FAULTS = (16, 30, 31)
_START_MISMATCH = 26


class AlfenValue(msgspec.Struct, frozen=True, kw_only=True):
    """What one signed value says."""

    nature: str
    key: bytes
    dataset: bytes
    signature: bytes
    meter_id: str
    at: datetime
    energy_wh: Decimal
    uid: str
    session: int
    page: int
    faulty: bool
    start_mismatch: bool


def read(text: str) -> AlfenValue:
    """The value in `text`. Raises ValueError with what is wrong with it."""
    parts = text.strip().rstrip(";").split(";")
    if len(parts) != 6 or parts[0] != "AP" or parts[1] not in _TYPES:
        raise ValueError("It is not of the form AP;type;version;key;dataset;signature.")
    key, dataset, signature = (_base32(part) for part in parts[3:])
    if len(dataset) != DATASET_BYTES:
        raise ValueError(f"Its dataset has {len(dataset)} bytes and not {DATASET_BYTES}.")
    number = int.from_bytes
    status = number(dataset[26:30], "little")
    exponent = number(dataset[45:46], "little", signed=True)
    return AlfenValue(
        nature=_TYPES[parts[1]],
        key=key,
        dataset=dataset,
        signature=signature,
        meter_id=dataset[16:26].hex(),
        at=datetime.fromtimestamp(number(dataset[34:38], "little"), UTC),
        energy_wh=Decimal(number(dataset[46:54], "little")).scaleb(exponent),
        uid=dataset[54:74].rstrip(b"\0 ").decode("utf-8", "replace"),
        session=number(dataset[74:78], "little"),
        page=number(dataset[78:82], "little"),
        faulty=any(status >> bit & 1 for bit in (*_METER_FAULTS, *_ADAPTER_FAULTS)),
        start_mismatch=bool(status >> _START_MISMATCH & 1),
    )


def is_signed(value: AlfenValue, point: bytes) -> bool:
    """Whether the key of this point (X9.62) signed it. Raises ValueError for a point of another curve."""
    if len(value.signature) != 48:
        return False
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP192R1(), point)
    r, s = (int.from_bytes(value.signature[at : at + 24], "big") for at in (0, 24))
    try:
        key.verify(encode_dss_signature(r, s), value.dataset, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _base32(part: str) -> bytes:
    part = part.strip().upper()
    try:
        return base64.b32decode(part + "=" * (-len(part) % 8))
    except binascii.Error as error:
        raise ValueError(f"A part is not Base32: {error}.") from error
