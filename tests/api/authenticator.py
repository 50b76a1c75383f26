"""A security key in software that can also be what attackers have: a copy, or one that recognises nobody."""

import base64
import copy
import json
from hashlib import sha256
from struct import pack
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """Holds one passkey. `verifies`: it recognises its owner (a finger, a PIN) and not only a touch."""

    def __init__(self, *, verifies: bool = True, counts: bool = True) -> None:
        self.verifies = verifies
        self.counts = counts
        self.sign_count = 0
        self.credential_id = b""
        self.user_handle = b""

    def create(self, options: dict[str, Any], *, origin: str) -> dict[str, Any]:
        """What `navigator.credentials.create` gives as JSON."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = sha256(str(id(self._key)).encode()).digest()
        self.user_handle = decoded(options["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        made = b"\0" * 16 + pack(">H", len(self.credential_id)) + self.credential_id + cbor2.dumps(key)
        data = self._data(options["rp"]["id"], ATTESTED) + made
        return self._answer(
            {
                "clientDataJSON": encoded(client_data("webauthn.create", options, origin)),
                "attestationObject": encoded(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            }
        )

    def get(self, options: dict[str, Any], *, origin: str, host: str = "") -> dict[str, Any]:
        """What `navigator.credentials.get` gives as JSON."""
        if self.counts:
            self.sign_count += 1
        told = client_data("webauthn.get", options, origin)
        data = self._data(host or options["rpId"], 0)
        signature = self._key.sign(data + sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": encoded(told),
                "authenticatorData": encoded(data),
                "signature": encoded(signature),
                "userHandle": encoded(self.user_handle),
            }
        )

    def copied(self) -> "Authenticator":
        """What a thief who read out the key has."""
        return copy.copy(self)

    def _data(self, host: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return sha256(host.encode()).digest() + bytes([flags]) + pack(">I", self.sign_count)

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = encoded(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def client_data(kind: str, options: dict[str, Any], origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": options["challenge"], "origin": origin}).encode()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
