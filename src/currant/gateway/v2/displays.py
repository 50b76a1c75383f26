"""Block O, N09 and N10: reports of display messages and of what a station holds about a customer."""

from datetime import datetime
from typing import Any

from currant.gateway.services import Caller, Services
from currant.gateway.v2.collecting import hand_over
from currant.ocpp import v21, v201


def notify_display_messages(
    request: v201.NotifyDisplayMessages | v21.NotifyDisplayMessages,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    """A part of what was asked for (O03, O04); one that nobody waits for any more stands in the message log."""
    hand_over(caller, request)
    return caller.types.NotifyDisplayMessagesResponse()


def notify_customer_information(
    request: v201.NotifyCustomerInformation | v21.NotifyCustomerInformation,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    """A part of what was asked for (N09, N10). It goes to who asked and is kept nowhere else but in the log."""
    hand_over(caller, request)
    return caller.types.NotifyCustomerInformationResponse()
