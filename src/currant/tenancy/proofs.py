"""Whether it is still the person who signed in, asked before what would let a thief of the session stay."""

from datetime import timedelta

from currant.db.engine import Database
from currant.kit.clock import Clock, instant
from currant.kit.errors import Invalid, NotAllowed, NotFound
from currant.kit.ids import PersonId
from currant.tenancy import store
from currant.tenancy.guesses import Guesses
from currant.tenancy.model import Caller
from currant.tenancy.passwords import LENGTH_MAX, Passwords

FRESH = timedelta(minutes=15)


class PasswordNeeded(NotAllowed):
    """Signed in too long ago for this: the password is needed once more."""

    code = "password_needed"


class SignInAgain(NotAllowed):
    """The same for who has no password."""

    code = "sign_in_again"


class Proofs:
    def __init__(self, database: Database, clock: Clock, passwords: Passwords, guesses: Guesses) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._guesses = guesses

    async def check(self, caller: Caller, password: str = "", *, fresh_is_enough: bool = True) -> None:
        """That the person at the other end is the one who signed in: by the password, or because that was just now.

        `fresh_is_enough` False asks everybody for the password who has one.
        """
        person_id = PersonId(caller.id)
        found = await self._database.read(
            lambda connection: store.person_with_password(connection, caller.tenant_id, person_id)
        )
        if found is None:
            raise NotFound("There is no such person in this organisation.")
        _, expected = found
        if password and expected:
            self._guesses.count(person=f"proof of {person_id}")
            if not await self._passwords.check(password[: LENGTH_MAX + 1], expected):
                raise Invalid("The password is not right.", field="password")
            self._guesses.right(person=f"proof of {person_id}")
            return
        if expected and not fresh_is_enough:
            raise PasswordNeeded("Say your password once more: it is needed for this.")
        if await self._is_fresh(caller):
            return
        if expected:
            raise PasswordNeeded("You signed in a while ago: say your password once more.")
        raise SignInAgain("You signed in a while ago: sign out and in again, then do this.")

    async def _is_fresh(self, caller: Caller) -> bool:
        began = await self._database.read(
            lambda connection: store.login_began(connection, caller.tenant_id, caller.session_digest)
        )
        return began is not None and self._clock.now() - instant(began) < FRESH
