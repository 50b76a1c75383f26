"""Secrets: random ones, digests of them, and comparison that takes the same time whatever differs."""

import base64
import hmac
import secrets
from hashlib import blake2b


def new_secret(length: int = 24) -> str:
    """A random password of `length` letters, digits, ``-`` and ``_`` (6 bits each)."""
    return base64.urlsafe_b64encode(secrets.token_bytes(length)).decode()[:length]


def digest(secret: bytes, *, key: bytes) -> bytes:
    """Keyed BLAKE2b of a long random secret, 32 bytes.

    Fit for keys that a machine made; people's passwords go through argon2 (tenancy), which is
    slow on purpose and would need minutes for 10,000 stations that reconnect at once.
    """
    return blake2b(secret, key=key, digest_size=32).digest()


def matches(secret: bytes, expected: bytes, *, key: bytes) -> bool:
    """Whether `secret` has the digest `expected`, compared in constant time."""
    return hmac.compare_digest(digest(secret, key=key), expected)
