"""A simulated battery swap station, and payments at the screen (OCPP 2.1, blocks S and C)."""

from typing import TYPE_CHECKING, Any

from currant.simulator.parts import Part
from currant.simulator.v2_common import Answer, Request

if TYPE_CHECKING:
    from currant.simulator.station import Station
    from currant.simulator.v2 import V2

SWAP_IN_S, SWAP_OUT_S = 10.0, 25.0
SOC_IN, SOC_OUT = 12.0, 95.0


class Swaps(Part):
    """How many charged batteries are left, and who is paying at the screen, until when."""

    __slots__ = ("charged", "paying")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.charged = station.spec.battery_slots
        self.paying: dict[int, float] = {}


def request_battery_swap(words: "V2", request: Request) -> Answer:
    """With a battery to give away the swap begins by itself: one goes in, one comes out (S02)."""
    station, respond = words.station, words.types.RequestBatterySwapResponse
    swaps = station.part(Swaps)
    if swaps.charged <= 0:
        return respond(
            status="Rejected", status_info=words.types.StatusInfoType(reason_code="NoBatteryAvail")
        )
    token = request.id_token

    def take_in() -> None:
        swap(words, "BatteryIn", request.request_id, token, soc=SOC_IN)

    def give_out() -> None:
        swaps.charged -= 1
        swap(words, "BatteryOut", request.request_id, token, soc=SOC_OUT)

    station.run_steps([(SWAP_IN_S, take_in), (SWAP_OUT_S, give_out)])
    return respond(status="Accepted")


def swap(words: "V2", event: str, request_id: int, token: Any, *, soc: float, evse: int = 1) -> None:
    """A battery goes in or out, or waited too long to be taken."""
    battery = words.types.BatteryDataType(
        evse_id=evse,
        serial_number=f"BAT-{words.station.spec.identity[:30]}-{request_id % 100_000}",
        soc=soc,
        soh=97.0,
    )
    words.say("BatterySwap", battery_data=[battery], event_type=event, id_token=token, request_id=request_id)


def web_payment_started(words: "V2", request: Request) -> Answer:
    """Somebody pays on his phone: the screen shows another code no longer (C25)."""
    station = words.station
    station.part(Swaps).paying[request.evse_id] = station.now + max(0, request.timeout)
    return words.types.NotifyWebPaymentStartedResponse()
