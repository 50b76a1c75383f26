"""The one-time codes in a station's payment QR (OCPP 2.1 part 2, C25). Pure.

The station shows an address with a code that holds for a few seconds; whoever opens it stood before the
station a moment ago. HMAC-SHA-256 of the number of the interval (64 bits, big-endian) with the station's
secret; the last byte's lower half says where to begin, and each letter is one byte modulo 62.
"""

import hashlib
import hmac
import string
from datetime import datetime

ALPHABET = string.digits + string.ascii_lowercase + string.ascii_uppercase
VALIDITY_MIN_S = 6
LENGTH_MAX = 32


def code_at(secret: str, at: datetime, *, validity_s: int, length: int, shift: int = 0) -> str:
    """The code of the interval in which `at` lies, or of one `shift` intervals later."""
    if validity_s < VALIDITY_MIN_S:
        raise ValueError(f"A code holds for {VALIDITY_MIN_S} seconds or longer.")
    if not 1 <= length <= LENGTH_MAX:
        raise ValueError(f"A code has 1 to {LENGTH_MAX} letters.")
    interval = int(at.timestamp()) // validity_s + shift
    digest = hmac.new(secret.encode(), interval.to_bytes(8, "big"), hashlib.sha256).digest()
    start = digest[-1] & 15
    return "".join(ALPHABET[digest[(start + n) % len(digest)] % 62] for n in range(length))


def interval_of(code: str, secret: str, at: datetime, *, validity_s: int, length: int) -> int | None:
    """The number of the interval whose code this is: the present one, the one before or the one after.

    None for any other code. Takes the same time whatever is wrong with it.
    """
    found: int | None = None
    for shift in (-1, 0, 1):
        wanted = code_at(secret, at, validity_s=validity_s, length=length, shift=shift)
        if hmac.compare_digest(wanted.encode(), code.encode()):
            found = int(at.timestamp()) // validity_s + shift
    return found
