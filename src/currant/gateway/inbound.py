"""For every version: which translator an action has, and which actions a station may send before it is accepted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from currant.gateway.services import Caller, Services
from currant.gateway.v2.inbound import TRANSLATORS_21, TRANSLATORS_201
from currant.gateway.v16.inbound import TRANSLATORS as TRANSLATORS_16
from currant.ocpp.catalogue import Version

Translator = Callable[[Any, Caller, Services, datetime], Any]
"""Takes (request, caller, services, received_at) and returns the answer (a message, or its payload as
bytes when it is always the same), or a coroutine that does."""

TRANSLATORS: dict[Version, dict[str, Translator]] = {
    Version.V16: TRANSLATORS_16,
    Version.V201: TRANSLATORS_201,
    Version.V21: TRANSLATORS_21,
}


def may_speak(action: str, caller: Caller) -> bool:
    """Whether a station that is not accepted may send this: its boot, and what it was asked for (2.x B02.FR.06)."""
    return action == "BootNotification" or action in caller.asked
