"""How tokens and decisions about them are spelled in OCPP 2.x."""

from typing import Any

from currant.access.model import Decision, Presented, Reason, TokenKind
from currant.gateway.services import Caller
from currant.ocpp import v21, v201
from currant.ocpp.catalogue import Version

# IdTokenEnumType of 2.0.1; 2.1 has a free text with the same words, and some more.
KINDS = {
    # What we had a station start with comes back as Central, whatever it is here: an app's token, a card.
    "central": TokenKind.UNKNOWN,
    "directpayment": TokenKind.CENTRAL,
    "emaid": TokenKind.EMAID,
    "evccid": TokenKind.MAC,
    "iso14443": TokenKind.RFID,
    "iso15693": TokenKind.RFID,
    "keycode": TokenKind.LOCAL,
    "local": TokenKind.LOCAL,
    "macaddress": TokenKind.MAC,
    "noauthorization": TokenKind.KEYLESS,
    "vin": TokenKind.UNKNOWN,
}

WORDS = {
    TokenKind.RFID: "ISO14443",
    TokenKind.APP: "Central",
    TokenKind.EMAID: "eMAID",
    TokenKind.MAC: "MacAddress",
    TokenKind.CENTRAL: "Central",
    TokenKind.KEYLESS: "NoAuthorization",
    TokenKind.LOCAL: "Local",
    TokenKind.UNKNOWN: "Central",
}

AUTHORISATION = {
    Reason.ACCEPTED: "Accepted",
    Reason.UNKNOWN: "Unknown",
    Reason.BLOCKED: "Blocked",
    Reason.ACCOUNT_BLOCKED: "Blocked",
    Reason.PAYMENT_OVERDUE: "NoCredit",
    Reason.EXPIRED: "Expired",
    Reason.NOT_YET_VALID: "NotAtThisTime",
    Reason.IN_USE: "ConcurrentTx",
    Reason.NOT_HERE: "NotAtThisLocation",
    Reason.NOT_AT_THIS_TIME: "NotAtThisTime",
    Reason.QUOTA_USED_UP: "NoCredit",
    Reason.TOO_MANY_SESSIONS: "ConcurrentTx",
    Reason.RESERVED: "NotAtThisTime",
    Reason.WRONG_KIND_OF_EVSE: "NotAllowedTypeEVSE",
    Reason.REFUSED_BY_AUTHORISER: "Invalid",
    Reason.AUTHORISER_SILENT: "Invalid",
    # C16: a master pass is Accepted together with its group; that it may not start anything the station knows.
    Reason.MASTER_PASS: "Accepted",
    Reason.NO_TOKEN: "Invalid",
}


def presented_of(token: v201.IdTokenType | v21.IdTokenType) -> Presented:
    return Presented(uid=token.id_token, kind=KINDS.get(token.type.lower(), TokenKind.UNKNOWN))


def id_token_info(decision: Decision, caller: Caller, *, for_transaction: bool = False) -> Any:
    types = caller.types
    status = AUTHORISATION[decision.reason]
    if for_transaction and decision.reason is Reason.MASTER_PASS and not decision.allowed:
        # Whoever started with it anyway is told to stop again.
        status = "Invalid"
    group = None
    # An answer that cannot be sent would be asked for again for days: rather without what does not fit.
    if decision.parent_uid and len(decision.parent_uid) <= 36:
        group = types.IdTokenType(id_token=decision.parent_uid, type="Central")
    return types.IdTokenInfoType(
        status=status,
        cache_expiry_date_time=decision.valid_until,
        group_id_token=group,
        language1=decision.language if 0 < len(decision.language) <= 8 else None,
    )


def wire_token(uid: str, kind: str, caller: Caller) -> Any:
    """A token of ours in the words of the version; 2.0.1 takes 36 characters, 2.1 255."""
    known = _KINDS_OF_OURS.get(kind, TokenKind.UNKNOWN)
    word = WORDS[known]
    if caller.version is Version.V21 and known is TokenKind.MAC:
        word = "MAC"
    return caller.types.IdTokenType(id_token=uid, type=word)


def longest_token(caller: Caller) -> int:
    """How many characters of a token the version carries."""
    return 36 if caller.version is Version.V201 else 255


_KINDS_OF_OURS = {kind.value: kind for kind in TokenKind}
