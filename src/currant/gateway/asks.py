"""How one command asks its station (outcomes.Ask): every call of it under the command's one deadline."""

from collections.abc import Awaitable
from typing import Any, Protocol

from currant.gateway.socket import monotonic
from currant.ocpp.payload import Payload


class Askable(Protocol):
    """A connection, as far as commands ask it."""

    def ask(self, action: str, request: Payload, *, until: float) -> Awaitable[Any]: ...

    def ask_idle(self, action: str, request: Payload, *, until: float) -> Awaitable[Any]: ...


class Asks:
    __slots__ = ("_connection", "_until")

    def __init__(self, connection: Askable, until: float) -> None:
        self._connection = connection
        self._until = until

    def __call__(self, action: str, request: Payload) -> Awaitable[Any]:
        return self._connection.ask(action, request, until=self._until)

    @property
    def left_s(self) -> float:
        return max(self._until - monotonic(), 0.0)


class AsksIdle(Asks):
    """The same for a command that no session may be disturbed by."""

    __slots__ = ()

    def __call__(self, action: str, request: Payload) -> Awaitable[Any]:
        return self._connection.ask_idle(action, request, until=self._until)
