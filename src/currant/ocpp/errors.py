"""What is wrong with a message: error codes as each version spells them, findings, refusals."""

from enum import StrEnum
from typing import Any

import msgspec

from currant.kit.errors import CurrantError, Invalid
from currant.ocpp.catalogue import Version

# What msgspec raises for bytes that it cannot decode; wrong UTF-8 is no error of its own.
UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

DESCRIPTION_MAX = 255  # OCPP-J 1.6, 4.2.3; 2.x Part 4, 4.2.3

_MISSPELT_IN_16 = {
    # Errata 5.1 and 5.2 of OCPP-J 1.6 keep both misspellings: they are what stations compare with.
    "FormatViolation": "FormationViolation",
    "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    # 1.6 has no words for these two.
    "RpcFrameworkError": "FormationViolation",
    "MessageTypeNotSupported": "NotSupported",
}


class ErrorCode(StrEnum):
    """The codes of a CALLERROR, by their names in 2.x."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL_ERROR = "InternalError"
    PROTOCOL_ERROR = "ProtocolError"
    SECURITY_ERROR = "SecurityError"
    FORMAT_VIOLATION = "FormatViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    GENERIC_ERROR = "GenericError"

    def spelled(self, version: Version) -> str:
        """The code as `version` writes it."""
        return _MISSPELT_IN_16.get(self.value, self.value) if version is Version.V16 else self.value

    @classmethod
    def read(cls, text: str) -> "ErrorCode":
        """The code a station meant, in the spelling of any version; GenericError when it is no code."""
        return _READ.get(text.strip().lower(), cls.GENERIC_ERROR)


_READ = {code.value.lower(): code for code in ErrorCode} | {
    "formationviolation": ErrorCode.FORMAT_VIOLATION,
    "occurenceconstraintviolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a station broke the specification and was understood all the same.

    `code` is stable and kebab-case (`string-too-long`), `field` the path in the words of the wire
    (`meterValue[0].sampledValue[1].unit`; empty for the frame itself), `detail` says what came.
    """

    code: str
    field: str
    detail: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A payload without a clear meaning: what a CALLERROR says of it, or why a command failed."""

    code: ErrorCode
    description: str
    details: dict[str, Any] = {}


class Unsendable(Invalid):
    """A message of ours breaks the schema; nothing was sent. `facts["field"]` is the path on the wire."""

    code = "ocpp_unsendable"


class TooManyCallsWaiting(CurrantError):
    """The station is slow or silent and its queue of calls is full: try again later."""

    code = "too_many_calls_waiting"
    status = 429


class Disconnected(CurrantError):
    """The connection to the station is gone: try again when it is back."""

    code = "station_disconnected"
    status = 409
