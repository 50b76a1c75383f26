"""A station that says no on purpose: what a test wants refused, always or the first few times."""

from functools import cache
from typing import TYPE_CHECKING, get_args

import msgspec

from currant.ocpp.payload import Payload
from currant.simulator.dialect import Answering, Refused
from currant.simulator.parts import Part

if TYPE_CHECKING:
    from currant.simulator.station import Station

ALWAYS = -1
# How the answers to the many commands say no, the plainest word first.
_NO = (
    "Rejected",
    "Failed",
    "UnlockFailed",
    "NoProfiles",
    "Unknown",
    "NotFound",
    "NoFirmware",
    "NotSupported",
)


class Refusals(Part):
    """Counts down what is left to refuse."""

    __slots__ = ("_left",)

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self._left = dict(station.spec.refusals)

    def take(self, what: str) -> bool:
        left = self._left.get(what, 0)
        if left > 0:
            self._left[what] = left - 1
        return left != 0


def refusal(response: type[Payload] | None) -> Answering:
    """The answer of this type that says no; an error where the type has no word for it."""
    word = None if response is None else _word(response)
    if response is None or word is None:
        return Refused(code="InternalError", description="Refused, as the test wants it.")
    return response(status=word)


@cache
def _word(response: type[Payload]) -> str | None:
    fields = {field.name: field for field in msgspec.structs.fields(response)}
    if "status" not in fields or any(field.required for name, field in fields.items() if name != "status"):
        return None
    words = get_args(fields["status"].type)
    return next((word for word in _NO if word in words), None)
