"""People's passwords: what is acceptable, and argon2 off the loop.

Argon2 takes 64 MB and tens of milliseconds on purpose. So it runs in two threads of its own, and when
too many wait the next is told to come back, instead of letting a flood of sign-ins eat the machine.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from currant.kit.crypto import new_secret
from currant.kit.errors import CurrantError, Invalid

LENGTH_MIN = 10
LENGTH_MAX = 200
WAITING_MAX = 32

# The beginnings of every list of leaked passwords that are long enough to pass the length rule.
TOO_COMMON = frozenset(
    {
        "1234567890",
        "0123456789",
        "12345678910",
        "123456789012",
        "password123",
        "password1234",
        "passwordpassword",
        "qwertyuiop",
        "qwerty123456",
        "iloveyou123",
        "administrator",
        "changemechangeme",
        "letmeinletmein",
        "currantcurrant",
    }
)


class TooManySigningIn(CurrantError):
    """More people sign in at this moment than passwords can be checked."""

    code = "too_many_requests"
    status = 429


def check_acceptable(password: str, *, login: str, field: str = "new_password") -> None:
    """Raise `Invalid` with what to do when a password will not do (NIST SP 800-63B, 5.1.1.2: length, not rules)."""
    if len(password) < LENGTH_MIN:
        raise Invalid(
            f"Use at least {LENGTH_MIN} characters: four random words are easy to keep in mind.",
            field=field,
        )
    if len(password) > LENGTH_MAX:
        raise Invalid(f"Use at most {LENGTH_MAX} characters.", field=field)
    plain = password.casefold()
    if plain in TOO_COMMON or plain == login.casefold() or len(set(plain)) < 4:
        raise Invalid("This one is among the first that are tried; choose another.", field=field)


class Passwords:
    """Hashes and checks, at most two at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
        self._waiting = 0
        self._nobody = ""

    async def hash(self, password: str) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, password)

    async def check(self, password: str, expected: str | None) -> bool:
        """Whether it is the password; `expected` None (nobody) or empty (no password) takes its time and says no."""
        if self._waiting >= WAITING_MAX:
            raise TooManySigningIn("Many people are signing in right now: try again in a few seconds.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._threads, self._verify, expected, password)
        finally:
            self._waiting -= 1
        return right and bool(expected)

    def wants_rehash(self, expected: str) -> bool:
        return self._hasher.check_needs_rehash(expected)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, expected: str | None, password: str) -> bool:
        # Checked for logins that do not exist, so that they take as long as those that do. Made at the
        # first sign-in of all, whoever signs in: a start need not wait for it.
        if not self._nobody:
            self._nobody = self._hasher.hash(new_secret(20))
        try:
            return self._hasher.verify(expected or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
