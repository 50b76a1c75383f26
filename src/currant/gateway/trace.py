"""Takes passwords and keys out of what goes to the message log.

Looks only into the few messages that can carry a secret. They are rare, so they are taken apart
as JSON and put together again, which no odd spelling of the same thing can get around.
"""

import re
from typing import Any

import msgspec

TEXT_MAX = 64 * 1024
"""Longer texts are kept up to this length; their size is told in full."""
MASKED = "***"
_NOT_KEPT = "(not kept: it cannot be read and may hold a password)"

# Actions whose request or answer may hold a password: 1.6's AuthorizationKey, 2.x's BasicAuthPassword, the
# VPN and APN passwords of SetNetworkProfile, log-ins within the URLs of uploads and downloads.
MAY_HOLD_SECRETS = frozenset(
    {
        "ChangeConfiguration", "GetConfiguration", "SetVariables", "GetVariables", "NotifyReport",
        "NotifyEvent", "SetNetworkProfile", "DataTransfer", "GetDiagnostics", "UpdateFirmware",
        "SignedUpdateFirmware", "GetLog", "PublishFirmware",
    }
)  # fmt: skip

_SECRET_NAME = re.compile(r"authorizationkey|password|passphrase|secret|privatekey|\bpsk\b", re.IGNORECASE)
_VALUES = ("value", "attributeValue", "actualValue", "variableAttribute")
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*", re.DOTALL)
# The word of a signed link to a file, which lets whoever has it send or fetch that file.
_LINK = re.compile(r"(/files/(?:up|down)/)[A-Za-z0-9_-]+")
_LOG_IN = re.compile(r"(\b[a-z]{2,8}://[^\s/:@]*:)[^\s@/]+(?=@)")


def text_of(data: bytes) -> str:
    """A payload or frame as text, bounded; wrong UTF-8 is replaced."""
    return (data if len(data) <= TEXT_MAX else data[:TEXT_MAX]).decode("utf-8", "replace")


def masked(action: str, text: str) -> str:
    """The text of a message, with its secrets replaced by asterisks."""
    if action not in MAY_HOLD_SECRETS:
        return text
    try:
        message = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return _NOT_KEPT if _SECRET_NAME.search(text) else text
    cleaned = _mask(message)
    return text if cleaned == message else msgspec.json.encode(cleaned).decode()


def masked_frame(text: str) -> str:
    """The text of a frame that could not be read; not kept when it speaks of passwords."""
    return _NOT_KEPT if _SECRET_NAME.search(text) or "PRIVATE KEY" in text else text


def _mask(value: Any) -> Any:
    if isinstance(value, str):
        if value[:1] in "{[" and _SECRET_NAME.search(value):
            return MASKED  # JSON within a text, as DataTransfer carries it
        value = _LINK.sub(rf"\1{MASKED}", value)
        return _LOG_IN.sub(rf"\1{MASKED}", _PRIVATE_KEY.sub(rf"\1{MASKED}", value))
    if isinstance(value, list):
        return [_mask(item) for item in value]
    if not isinstance(value, dict):
        return value
    hidden = _names_secret(value)
    return {
        name: _hide(item)
        if (hidden and name in _VALUES)
        or (_SECRET_NAME.search(name) and not isinstance(item, dict))
        # The pre-shared key of a VPN and the PIN of a SIM card, in SetNetworkProfile.
        or (name == "key" and "server" in value)
        or name == "simPin"
        else _mask(item)
        for name, item in value.items()
    }


def _names_secret(value: dict[str, Any]) -> bool:
    """Whether an object stands for a setting or variable whose name says that it is secret."""
    variable = value.get("variable")
    names = (
        value.get("key"),
        value.get("name"),
        variable.get("name") if isinstance(variable, dict) else None,
    )
    return any(isinstance(name, str) and _SECRET_NAME.search(name) for name in names)


def _hide(value: Any) -> Any:
    if isinstance(value, list):
        return [_hide(item) for item in value]
    if isinstance(value, dict):
        return {name: MASKED if name == "value" else item for name, item in value.items()}
    return MASKED if value not in (None, "") else value
