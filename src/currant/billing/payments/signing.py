"""How messages of providers are known to be theirs: signatures over the bytes as they came, in constant time. Pure."""

import hashlib
import hmac
from datetime import datetime

from currant.billing.payments.port import NotGenuine

TOLERANCE_S = 300
"""How old a signed message may be: a copy of an old one proves nothing."""
SIGNATURES_MAX = 5


def check_timed(header: str, body: bytes, secret: str, *, now: datetime) -> None:
    """`t=<seconds>,v1=<hex>` over `<seconds>.<body>`, as Stripe and Currant sign. Raises NotGenuine.

    Several `v1` stand beside each other while a secret is replaced.
    """
    parts = [part.strip().partition("=") for part in header.split(",")[: SIGNATURES_MAX + 2]]
    times = [value for name, _, value in parts if name == "t"]
    told = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()) or len(times[0]) > 12 or not told:
        raise NotGenuine("It is not signed.", code="not_signed")
    expected = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    if not any(_same(expected, each) for each in told):
        raise NotGenuine("Its signature is not the provider's.", code="wrong_signature")
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_S:
        raise NotGenuine("It was signed too long ago.", code="too_old")


def check_plain(header: str, body: bytes, secret: str) -> None:
    """The hex of HMAC-SHA256 of the body, as Razorpay signs. Raises NotGenuine."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not header:
        raise NotGenuine("It is not signed.", code="not_signed")
    if not _same(expected, header.strip()):
        raise NotGenuine("Its signature is not the provider's.", code="wrong_signature")


def _same(expected: str, told: str) -> bool:
    return hmac.compare_digest(expected.encode(), told.encode("utf-8", "replace"))
