"""Secrets: random ones, digests of them, comparison that takes the same time whatever differs, and sealing."""

import base64
import hmac
import secrets
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


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


_NONCE_BYTES = 12


def seal(plain: bytes, *, key: bytes, about: str) -> bytes:
    """Encrypt what must be read again (AES-256-GCM): only `unseal` with the same key and `about` opens it.

    `about` says what it is and whose, so that a value moved to another row does not open there.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_sealing_key(key)).encrypt(nonce, plain, about.encode())


def unseal(sealed: bytes, *, key: bytes, about: str) -> bytes:
    """What was sealed; ValueError when it was not sealed with this key, for this purpose, or was changed."""
    try:
        return AESGCM(_sealing_key(key)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
    except InvalidTag:
        raise ValueError("This was sealed with another key or for another purpose, or was changed.") from None


def _sealing_key(key: bytes) -> bytes:
    # Digests are made with the key itself: nothing is ever both a digest's key and a cipher's.
    return blake2b(b"sealing", key=key, digest_size=32).digest()
