"""Meters of tests: they sign as OCMF and as Alfen's do, with keys of their own."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


class Meter:
    """A meter with a key of its own that signs OCMF."""

    def __init__(
        self,
        curve: ec.EllipticCurve | None = None,
        *,
        algorithm: str = "ECDSA-secp256r1-SHA256",
        serial: str = "7EMH0001",
    ) -> None:
        self.private = ec.generate_private_key(curve or ec.SECP256R1())
        self.algorithm = algorithm
        self.serial = serial
        self.page = 0

    @property
    def key(self) -> str:
        """DER in hex."""
        return self.der.hex()

    @property
    def der(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def ocmf(self, *readings: dict[str, Any], **more: Any) -> str:
        """A signed record of these readings."""
        self.page += 1
        payload = {
            "FV": "1.0",
            "GI": "a gateway",
            "GS": "G1",
            "GV": "1",
            "PG": f"T{self.page}",
            "MS": self.serial,
            "IS": True,
            "IL": "VERIFIED",
            "IF": [],
            "IT": "ISO14443",
            "ID": "CAFE0001",
            "RD": list(readings),
            **more,
        }
        # Odd spacing: what was signed are the bytes, not what they mean.
        text = json.dumps(payload, separators=(" ,", ": "))
        signature = self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256())).hex()
        return f"OCMF|{text}|" + json.dumps({"SA": self.algorithm, "SD": signature})


def rd(reason: str, kwh: str, *, at: str = "2026-05-11T12:00:00,000+0000 S", **more: Any) -> dict[str, Any]:
    """A reading of OCMF."""
    return {
        "TM": at,
        "TX": reason,
        "RV": float(kwh),
        "RI": "01-00:B2.08.00.FF",
        "RU": "kWh",
        "RT": "AC",
        "EF": "",
        "ST": "G",
        **more,
    }


class AlfenMeter:
    """A meter that signs as Alfen's adapters do."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP192R1())

    @property
    def point(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
        )

    def signed(
        self, kind: str, wh: int, *, seconds: int, page: int, session: int = 3, status: int = 0, at: int = 0
    ) -> str:
        dataset = b"".join(
            (
                b"A" * 10,
                b"1.00",
                b"\x12\x34",
                b"meter-0001",
                status.to_bytes(4, "little"),
                seconds.to_bytes(4, "little"),
                (at or 1_778_500_800 + seconds).to_bytes(4, "little"),
                bytes.fromhex("0100010800ff"),
                b"\x1e",
                b"\x00",
                wh.to_bytes(8, "little"),
                b"CAFE0001".ljust(20, b"\0"),
                session.to_bytes(4, "little"),
                page.to_bytes(4, "little"),
            )
        )
        r, s = decode_dss_signature(self.private.sign(dataset, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(24, "big") + s.to_bytes(24, "big")
        parts = (base64.b32encode(each).decode() for each in (self.point, dataset, signature))
        return ";".join(("AP", kind, "3", *parts)) + ";"
