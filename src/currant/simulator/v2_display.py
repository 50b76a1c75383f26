"""A simulated station's screen, and what it knows of its customers (OCPP 2.x, blocks I, N09, N10 and O)."""

from typing import TYPE_CHECKING, Any, cast

from currant.simulator import allowlist, device_model
from currant.simulator.dialect import Answering, Refused
from currant.simulator.parts import Part
from currant.simulator.v2_common import Answer, Request, in_parts, outlet_with

if TYPE_CHECKING:
    from currant.simulator.station import Station
    from currant.simulator.v2 import V2

MESSAGES_MAX = 20
REPORTED_AT_ONCE = 5
CUSTOMER_TEXT_MAX = 512
FORMATS = ("ASCII", "UTF8", "URI")
STATES = ("Charging", "Faulted", "Idle", "Unavailable")


class Screen(Part):
    """Messages by id, and the costs shown by transaction. Messages outlive restarts (O01.FR.16)."""

    __slots__ = ("_shown", "costs")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self._shown: dict[int, Any] = {}
        self.costs: dict[str, float] = {}

    def messages(self) -> list[Any]:
        """What is not over yet: by its end, or with its transaction (O02.FR.01, 02)."""
        running = {outlet.transaction.id for outlet in self.station.outlets if outlet.transaction is not None}
        for message in list(self._shown.values()):
            over = message.end_date_time is not None and message.end_date_time.timestamp() <= self.station.now
            if over or (message.transaction_id is not None and message.transaction_id not in running):
                del self._shown[message.id]
        return list(self._shown.values())

    def show(self, message: Any) -> bool:
        """One of the same id is replaced, and so is one always in front (O01.FR.06, 07; O06.FR.01)."""
        others = [each for each in self.messages() if each.id != message.id]
        if message.priority == "AlwaysFront":
            others = [each for each in others if each.priority != "AlwaysFront"]
        if len(others) >= MESSAGES_MAX:
            return False
        self._shown = {each.id: each for each in [*others, message]}
        return True

    def clear(self, message_id: int) -> bool:
        self.messages()
        return self._shown.pop(message_id, None) is not None


def _switched_off(words: "V2") -> Refused | None:
    if device_model.is_on(words.station, "DisplayMessageCtrlr", "Enabled"):
        return None
    return Refused(code="NotSupported", description="The display is switched off.")


def set_display_message(words: "V2", request: Request) -> Answering:
    off = _switched_off(words)
    if off is not None:
        return off
    respond, message = words.types.SetDisplayMessageResponse, request.message
    if message.message.format not in FORMATS:
        status = "NotSupportedMessageFormat"
    elif message.state is not None and message.state not in STATES:
        status = "NotSupportedState"
    elif message.transaction_id is not None and outlet_with(words, message.transaction_id) is None:
        status = "UnknownTransaction"
    else:
        status = "Accepted" if words.station.part(Screen).show(message) else "Rejected"
    return cast("Answering", respond(status=status))


def get_display_messages(words: "V2", request: Request) -> Answering:
    off = _switched_off(words)
    if off is not None:
        return off
    found = [
        message
        for message in words.station.part(Screen).messages()
        if (request.id is None or message.id in request.id)
        and (request.priority is None or message.priority == request.priority)
        and (request.state is None or message.state == request.state)
    ]
    respond = words.types.GetDisplayMessagesResponse
    if not found:
        return cast("Answering", respond(status="Unknown"))

    def send() -> None:
        for _, part, more in in_parts(found, REPORTED_AT_ONCE):
            words.say(
                "NotifyDisplayMessages",
                request_id=request.request_id,
                message_info=list(part),
                tbc=True if more else None,
            )

    words.station.run_steps([(0.5, send)])
    return cast("Answering", respond(status="Accepted"))


def clear_display_message(words: "V2", request: Request) -> Answering:
    off = _switched_off(words)
    if off is not None:
        return off
    done = words.station.part(Screen).clear(request.id)
    return cast(
        "Answering", words.types.ClearDisplayMessageResponse(status="Accepted" if done else "Unknown")
    )


def cost_updated(words: "V2", request: Request) -> Answer:
    if outlet_with(words, request.transaction_id) is not None:
        words.station.part(Screen).costs[request.transaction_id] = request.total_cost
    return words.types.CostUpdatedResponse()


def customer_information(words: "V2", request: Request) -> Answer:
    """Exactly one way to name the customer (N09.FR.09); told in parts, then forgotten."""
    station, respond = words.station, words.types.CustomerInformationResponse
    given = [request.id_token, request.customer_certificate, request.customer_identifier]
    if sum(each is not None for each in given) != 1:
        return respond(status="Invalid")
    if not request.report and not request.clear:
        return respond(status="Rejected")
    token = request.customer_identifier or ""
    if request.id_token is not None:
        token = request.id_token.id_token
    told = allowlist.describe(station, token) if request.report else ""
    if request.clear:
        cleared = allowlist.forget(station, token)
        told = told or ("" if request.report or not cleared else "Cleared.")
    told = told or "No data is kept of this customer."
    stamp = station.stamp()

    def send() -> None:
        for number, part, more in in_parts(told, CUSTOMER_TEXT_MAX):
            words.say(
                "NotifyCustomerInformation",
                data=str(part),
                seq_no=number,
                generated_at=stamp,
                request_id=request.request_id,
                tbc=True if more else None,
            )

    station.run_steps([(0.5, send)])
    return respond(status="Accepted")
