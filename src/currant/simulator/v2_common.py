"""What all answers to OCPP 2.x share: which EVSE is meant, and lists that are told in parts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from currant.simulator.outlet import Outlet

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

T = TypeVar("T")

# The types of 2.0.1 and 2.1 are chosen by the connection; the codec checks what leaves.
Request = Any
Answer = Any


def outlet_of(words: "V2", evse_id: int | None) -> Outlet | None:
    outlets = words.station.outlets
    return outlets[evse_id - 1] if evse_id is not None and 1 <= evse_id <= len(outlets) else None


def unknown_evse(words: "V2", evse_id: int | None) -> bool:
    return bool(evse_id) and outlet_of(words, evse_id) is None


def outlet_with(words: "V2", transaction_id: str | None) -> Outlet | None:
    """Where this transaction is going on."""
    for outlet in words.station.outlets:
        if outlet.transaction is not None and outlet.transaction.id == transaction_id:
            return outlet
    return None


def in_parts(items: Sequence[T], size: int) -> Iterator[tuple[int, Sequence[T], bool]]:
    """(number, items, whether more follow) for each message of a long answer."""
    for number, start in enumerate(range(0, len(items), size)):
        yield number, items[start : start + size], start + size < len(items)
