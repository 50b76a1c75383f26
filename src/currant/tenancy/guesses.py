"""How often somebody may guess at passwords, codes and links, counted before the guess is looked at."""

from currant.kit.clock import Clock
from currant.tenancy.attempts import Attempts
from currant.tenancy.model import SignInRefused


class Guesses:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # A login's pause stays short, or a stranger could lock its owner out; an address's grows long.
        self._by_login = Attempts(free=5, first_pause_s=2, longest_s=60, forget_s=3600)
        self._by_address = Attempts(free=20, first_pause_s=2, longest_s=900, forget_s=3600)
        # Who gets as far as a second step knows the password: their pause may grow long without a
        # stranger being able to lock anybody out.
        self._by_person = Attempts(free=5, first_pause_s=2, longest_s=900, forget_s=3600)
        self._letters = Attempts(free=2, first_pause_s=600, longest_s=3600, forget_s=7200)
        self._questions = Attempts(free=120, first_pause_s=1, longest_s=60, forget_s=600)

    def count_question(self, address: str) -> None:
        """One more thing asked that leaves a row behind: more are free than of guesses, and then as slow."""
        now = self._clock.monotonic()
        pause = self._questions.pause(address, now=now)
        if pause > 0:
            raise _too_many(pause)
        self._questions.fail(address, now=now)

    def count_letter(self, login: str) -> None:
        """One more letter to somebody that anybody can make us send; SignInRefused when there were enough."""
        now = self._clock.monotonic()
        pause = self._letters.pause(login, now=now)
        if pause > 0:
            raise _too_many(pause)
        self._letters.fail(login, now=now)

    def count(self, *, login: str = "", person: str = "", address: str = "") -> None:
        """One more guess by each of these; SignInRefused says how long to wait when there were too many.

        Counted before anything is looked at: a hundred guesses at once are a hundred guesses.
        """
        now = self._clock.monotonic()
        keyed = [
            (attempts, key)
            for attempts, key in (
                (self._by_login, login),
                (self._by_person, person),
                (self._by_address, address),
            )
            if key
        ]
        pause = max((attempts.pause(key, now=now) for attempts, key in keyed), default=0.0)
        if pause > 0:
            raise _too_many(pause)
        for attempts, key in keyed:
            attempts.fail(key, now=now)

    def right(self, *, login: str = "", person: str = "", address: str = "") -> None:
        """The guess was right: what was counted is forgiven."""
        self._by_login.succeed(login)
        self._by_person.succeed(person)
        self._by_address.succeed(address)


def _too_many(pause: float) -> SignInRefused:
    return SignInRefused(
        "Too many attempts: wait a little and try again.",
        reason="too_many_attempts",
        retry_after_s=int(pause) + 1,
    )
