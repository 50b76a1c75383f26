"""What all answers to OCPP 2.x share: which EVSE is meant, and the types of a chosen version."""

from typing import TYPE_CHECKING, Any

from currant.simulator.outlet import Outlet

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

# The types of 2.0.1 and 2.1 are chosen by the connection; the codec checks what leaves.
Request = Any
Answer = Any


def outlet_of(words: "V2", evse_id: int | None) -> Outlet | None:
    outlets = words.station.outlets
    return outlets[evse_id - 1] if evse_id is not None and 1 <= evse_id <= len(outlets) else None


def unknown_evse(words: "V2", evse_id: int | None) -> bool:
    return bool(evse_id) and outlet_of(words, evse_id) is None
