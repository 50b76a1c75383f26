"""Links for stations: who holds one may send, or fetch, one file until it expires, and needs no other key.

A link's word holds what it is for, and a keyed digest of that: it can neither be made nor changed
by anybody else. It is some fifty letters, so that the whole address fits where a charger has little
room for one (255 characters).
"""

import base64
import binascii
from datetime import datetime
from enum import StrEnum
from hmac import compare_digest
from uuid import UUID

import msgspec

from currant.kit import crypto
from currant.kit.clock import instant, micros
from currant.kit.errors import CurrantError
from currant.kit.ids import TransferId

SUBJECT = b"links to files, first form"
DIGEST_BYTES = 16
_ID, _TIME = 16, 5
_SECOND = 1_000_000


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


class WrongLink(CurrantError):
    """The link is none of ours, or is for something else."""

    code = "wrong_link"
    status = 403


class ExpiredLink(CurrantError):
    """The link was good once."""

    code = "expired_link"
    status = 410


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do: send the file of a transfer, or fetch it."""

    direction: Direction
    transfer_id: TransferId
    expires_at: datetime


def key_for_links(installation_key: bytes) -> bytes:
    """A key of links' own: nothing that this signs can be taken for anything else that Currant signs."""
    return crypto.digest(SUBJECT, key=installation_key)


def word_of(link: Link, *, key: bytes) -> str:
    seconds = -(-micros(link.expires_at) // _SECOND)
    content = UUID(link.transfer_id).bytes + seconds.to_bytes(_TIME)
    return base64.urlsafe_b64encode(content + _signature(link.direction, content, key)).decode().rstrip("=")


def read(word: str, direction: Direction, *, key: bytes, now: datetime) -> Link:
    """The link of this word; WrongLink when we did not make it for this direction, ExpiredLink when it is over."""
    try:
        raw = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    content, signature = raw[: _ID + _TIME], raw[_ID + _TIME :]
    if not compare_digest(signature, _signature(direction, content, key)) or len(content) != _ID + _TIME:
        raise WrongLink("This link is not one of Currant's: ask for a new one.")
    expires_at = instant(int.from_bytes(content[_ID:]) * _SECOND)
    if now >= expires_at:
        raise ExpiredLink("This link has expired: ask for a new one.")
    return Link(
        direction=direction, transfer_id=TransferId(str(UUID(bytes=content[:_ID]))), expires_at=expires_at
    )


def _signature(direction: Direction, content: bytes, key: bytes) -> bytes:
    return crypto.digest(direction.value.encode() + b"\0" + content, key=key)[:DIGEST_BYTES]
