"""A passkey without hardware that speaks a browser's JSON (`navigator.credentials` with `toJSON()`)."""

import base64
import json
import struct
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from soft_webauthn import SoftWebauthnDevice  # type: ignore[import-untyped]

PRESENT, VERIFIED = 0x01, 0x04


class Passkey:
    """`create` and `get` answer the options that our API gives; `verifies` is a device with a finger or a PIN."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin = origin
        self.verifies = verifies
        self.sign_count = 0
        self._device = SoftWebauthnDevice()
        self.user_handle = b""

    @property
    def credential_id(self) -> str:
        return _text(self._device.credential_id)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What the browser sends to make this passkey known."""
        self.user_handle = _bytes(options["user"]["id"])
        wanted = {
            **options,
            "challenge": _bytes(options["challenge"]),
            "user": {**options["user"], "id": self.user_handle},
        }
        made = self._device.create({"publicKey": wanted}, self.origin)
        attestation = bytearray(made["response"]["attestationObject"])
        if self.verifies:
            # The flags stand right behind the 32 bytes that say which site this is for.
            place = bytes(attestation).index(sha256(options["rp"]["id"].encode()).digest()) + 32
            attestation[place] |= VERIFIED
        return {
            "id": self.credential_id,
            "rawId": self.credential_id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": _text(made["response"]["clientDataJSON"]),
                "attestationObject": _text(bytes(attestation)),
                "transports": ["internal"],
            },
        }

    def get(self, options: dict[str, Any], *, sign_count: int | None = None) -> dict[str, Any]:
        """What the browser sends to prove this passkey."""
        self.sign_count = self.sign_count + 1 if sign_count is None else sign_count
        told = {"type": "webauthn.get", "challenge": options["challenge"], "origin": self.origin}
        client_data = json.dumps(told).encode()
        data = sha256(options["rpId"].encode()).digest()
        data += bytes([PRESENT | (VERIFIED if self.verifies else 0)]) + struct.pack(">I", self.sign_count)
        signature = self._device.private_key.sign(
            data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256())
        )
        return {
            "id": self.credential_id,
            "rawId": self.credential_id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": _text(client_data),
                "authenticatorData": _text(data),
                "signature": _text(signature),
                "userHandle": _text(self.user_handle),
            },
        }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
