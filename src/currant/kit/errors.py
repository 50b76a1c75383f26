"""The three ways something is not done: a refusal (a value), a caller's mistake, a store that is away."""

from typing import Any


class CurrantError(Exception):
    """A caller's mistake, with a stable code, a sentence for people and the facts as attributes.

    `code` is what machines compare (`station_unknown`), `status` the HTTP status that fits,
    `facts` go into the problem document beside the sentence.
    """

    code: str = "invalid"
    status: int = 400

    def __init__(self, message: str, **facts: Any) -> None:
        self.message = message
        self.facts = facts
        super().__init__(message)


class NotFound(CurrantError):
    """What was asked for does not exist, or belongs to another tenant."""

    code = "not_found"
    status = 404


class Conflict(CurrantError):
    """It cannot be done as things stand (a name already taken, a station already accepted)."""

    code = "conflict"
    status = 409


class Invalid(CurrantError):
    """A value is not what it must be; `facts["field"]` says which one."""

    code = "invalid"
    status = 422


class NotAllowed(CurrantError):
    """The caller is known and may not do this."""

    code = "not_allowed"
    status = 403


class StoreUnavailable(CurrantError):
    """The database cannot take the facts now (full disk, locked, gone): nothing was acknowledged."""

    code = "store_unavailable"
    status = 503
