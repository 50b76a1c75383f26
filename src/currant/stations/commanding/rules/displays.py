"""Display messages, running cost, customer information: what the commands must be (2.x blocks O, I, N09, N10)."""

from collections.abc import Callable
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import displays
from currant.stations.commanding.rules.common import between, count, place, text

TEXTS_MAX = 5
TEXT_MAX = 1_024
IDS_MAX = 100


def set_display_message(command: displays.SetDisplayMessage) -> None:
    message = command.message
    between("id", message.id, 0, 2**31 - 1)
    count("texts", len(message.texts), least=1, most=TEXTS_MAX)
    for one in message.texts:
        text("text", one.text, least=1, most=1024)
        text("language", one.language or "en", least=1, most=8)
    if message.starts_at and message.ends_at and message.ends_at <= message.starts_at:
        raise Invalid("A message ends after it starts: set ends_at later than starts_at.", field="ends_at")
    if message.transaction_id is not None:
        text("transaction_id", message.transaction_id, least=1, most=36)
    place(message.evse)


def get_display_messages(command: displays.GetDisplayMessages) -> None:
    count("ids", len(command.ids), least=0, most=IDS_MAX)


def clear_display_message(command: displays.ClearDisplayMessage) -> None:
    between("id", command.id, 0, 2**31 - 1)


def show_cost(command: displays.ShowCost) -> None:
    text("transaction_id", command.transaction_id, least=1, most=36)
    if not command.total_cost.is_finite():
        raise Invalid("The cost is a number.", field="total_cost")
    if command.shown is not None:
        count("texts", len(command.shown.texts), least=0, most=TEXTS_MAX)
        for one in command.shown.texts:
            text("text", one.text, least=1, most=TEXT_MAX)
        text("link", command.shown.link, least=0, most=TEXT_MAX)


def get_customer_information(command: displays.GetCustomerInformation) -> None:
    named = [command.token_uid, command.customer_identifier, command.certificate]
    if sum(one is not None for one in named) != 1:
        # N10.FR.08 and the notes of N09.
        raise Invalid(
            "Name the customer in one way: token_uid, customer_identifier or certificate.", field="token_uid"
        )
    if not command.report and not command.clear:
        raise Invalid("Say what to do with the information: report it, clear it, or both.", field="report")
    if command.token_uid is not None:
        text("token_uid", command.token_uid, least=1, most=255)
    if command.customer_identifier is not None:
        text("customer_identifier", command.customer_identifier, least=1, most=64)


CHECKS: dict[type, Callable[[Any], None]] = {
    displays.ClearDisplayMessage: clear_display_message,
    displays.GetCustomerInformation: get_customer_information,
    displays.GetDisplayMessages: get_display_messages,
    displays.SetDisplayMessage: set_display_message,
    displays.ShowCost: show_cost,
}
