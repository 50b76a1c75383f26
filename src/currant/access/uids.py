"""When two spellings of a token's uid are the same token.

Readers spell a card in upper or lower case, with separators, with zeros before it, or its bytes
backwards; contracts come with and without hyphens and check digit; MAC addresses in three
notations. `match_key` is the same for all spellings of one token; what is none of these is opaque
and compared without regard to case (OCPP 1.6, 7.15 IdToken; OCPP 2.x, identifierString).
"""

import re
import secrets

from currant.access.model import TokenKind

UID_MAX = 255
VIRTUAL_UID_LENGTH = 20
RFID_BYTES_MAX = 10

_SEPARATORS = str.maketrans("", "", ":- .")
_HEX = re.compile(r"[0-9A-F]+")
# Country, provider, instance and the check digit, which says nothing the others do not (ISO 15118-2, annex H).
_EMAID = re.compile(r"([A-Z]{2}[A-Z0-9]{3}[A-Z0-9]{9})[A-Z0-9]?")
_MAC = re.compile(r"(?:VID)?([0-9A-F]{12}|[0-9A-F]{16})")


def normalise(uid: str, kind: TokenKind) -> str:
    """The uid as Currant keeps and shows it: one spelling a kind, as near to the given one as that allows."""
    if kind is TokenKind.RFID:
        plain = _plain(uid)
        return plain if _HEX.fullmatch(plain) else _opaque(uid)
    if kind is TokenKind.EMAID:
        plain = _emaid_plain(uid)
        return plain if _EMAID.fullmatch(plain) else _opaque(uid)
    if kind is TokenKind.MAC:
        found = _MAC.fullmatch(_plain(uid))
        return found[1] if found else _opaque(uid)
    return _opaque(uid)


def match_key(uid: str, kind: TokenKind) -> str:
    """What all spellings of one token of this kind have in common."""
    if kind is TokenKind.RFID:
        card = _card(uid)
        if card is not None:
            return "r:" + card
    elif kind is TokenKind.EMAID:
        found = _EMAID.fullmatch(_emaid_plain(uid))
        if found:
            return "e:" + found[1]
    elif kind is TokenKind.MAC:
        found = _MAC.fullmatch(_plain(uid))
        if found:
            return "m:" + found[1]
    return "o:" + _opaque(uid).casefold()


def match_keys(uid: str, kind: TokenKind) -> tuple[str, ...]:
    """The keys under which a presented uid may be known, likeliest first.

    OCPP 1.6 does not say what was presented (`UNKNOWN`): it may be any kind it looks like.
    """
    kinds = (
        (TokenKind.RFID, TokenKind.EMAID, TokenKind.MAC, TokenKind.APP)
        if kind is TokenKind.UNKNOWN
        else (kind,)
    )
    return tuple(dict.fromkeys(match_key(uid, each) for each in kinds))


def same(left: str, right: str) -> bool:
    """Whether two presented uids, of kinds unknown, can be the same token."""
    return not set(match_keys(left, TokenKind.UNKNOWN)).isdisjoint(match_keys(right, TokenKind.UNKNOWN))


def virtual_uid() -> str:
    """A fresh uid for a token without a card: 20 upper-case hexadecimal digits.

    The longest idTag of OCPP 1.6, in the only characters that every charger takes (charger_quirks E16).
    """
    return secrets.token_hex(VIRTUAL_UID_LENGTH // 2).upper()


def _card(uid: str) -> str | None:
    """A card's bytes without zeros around them, in the smaller of their two orders; None when it is no card's uid."""
    plain = _plain(uid)
    if not plain or not _HEX.fullmatch(plain):
        return None
    forwards = bytes.fromhex(plain if len(plain) % 2 == 0 else "0" + plain)
    # Padding stands before the bytes, or behind them when they come backwards; which of the two it
    # was cannot be told of a card that itself ends in zero, so zeros at either end say nothing.
    bare = forwards.strip(b"\0")
    if len(bare) > RFID_BYTES_MAX:
        return None
    return min(bare, bare[::-1]).hex().upper()


def _plain(uid: str) -> str:
    return _storable(uid).translate(_SEPARATORS).upper()


def _emaid_plain(uid: str) -> str:
    return _plain(uid).replace("*", "")


def _opaque(uid: str) -> str:
    return _storable(uid)[:UID_MAX].rstrip()


def _storable(uid: str) -> str:
    # Only what no database can hold is left out, and the blanks around: whatever else a charger puts
    # in is its business (charger_quirks B5).
    return uid.replace("\0", "").strip()
