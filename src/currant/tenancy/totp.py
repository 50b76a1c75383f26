"""One-time codes of an authenticator app (RFC 6238) and codes to recover with: pure.

A code is made of a secret and the number of half minutes since 1970, the step. One step before and
after the present one are taken, because clocks differ; no step is taken twice.
"""

import io
import secrets

import pyotp
import segno

SECRET_LENGTH = 32
STEP_S = 30
STEPS_ASIDE = 1
DIGITS = 6

RECOVERY_CODES = 10
# Without what is mistaken for something else when it is copied from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_HALF = 5


def new_secret() -> str:
    """160 random bits in base32, as apps take them (RFC 4226, 4, R6)."""
    return pyotp.random_base32(SECRET_LENGTH)


def step_of(secret: str, code: str, *, at_s: float, after_step: int) -> int | None:
    """The step that `code` belongs to, if it is one of now and later than the last one taken; None otherwise."""
    code = "".join(code.split())
    if len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return None
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
    present = int(at_s) // STEP_S
    found = None
    for step in range(present - STEPS_ASIDE, present + STEPS_ASIDE + 1):
        # All are compared, however early one fits: how long it takes tells nothing.
        if secrets.compare_digest(totp.generate_otp(step), code) and step > after_step:
            found = step
    return found


def address(secret: str, *, login: str, issuer: str) -> str:
    """What an app scans: `otpauth://totp/…`."""
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
    # A colon parts issuer and login in it.
    return totp.provisioning_uri(name=login, issuer_name=issuer.replace(":", " ").strip() or "Currant")


def as_qr(text: str) -> str:
    """A QR code as SVG, to stand in a page."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn,
        kind="svg",
        scale=4,
        border=2,
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,
        light="#fff",
    )
    return drawn.getvalue().decode().strip()


def new_recovery_codes() -> list[str]:
    """Ten codes of 50 bits that work once each: `k7mq2-xw9ab`."""
    return [f"{_half()}-{_half()}" for _ in range(RECOVERY_CODES)]


def plain_recovery_code(code: str) -> str:
    """A code as it is compared, however it was typed; empty when it cannot be one."""
    plain = "".join(code.split()).replace("-", "").casefold()
    return plain if len(plain) == 2 * _HALF and plain.isascii() else ""


def _half() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_HALF))
