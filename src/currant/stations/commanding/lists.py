"""The local authorisation list of a station (1.6 5.15, 2.x block D)."""

from collections.abc import Sequence

from currant.stations.commanding.base import Command, Instant, Part

ENTRIES_A_MESSAGE = 100
"""Where the station has not said what it takes in one message."""


class LocalListEntry(Part, frozen=True, kw_only=True):
    """A token as a station shall know it. In a differential update, `status` None takes it off the list."""

    token_uid: str
    token_kind: str = "rfid"
    """access.TokenKind's word."""
    status: str | None = "accepted"
    """accepted, blocked, expired, invalid, concurrent"""
    valid_until: Instant | None = None
    parent_uid: str | None = None
    language: str = ""


class GetLocalListVersion(Command, frozen=True, kw_only=True):
    """The version of the list that the station holds: 0 none, -1 (1.6) no lists at all."""


class SendLocalList(Command, frozen=True, kw_only=True):
    """Replace (`full`) or change the list; `version` is that of the whole list afterwards, above 0.

    Sent in as many messages as it takes (`entries_a_message`: 1.6 SendLocalListMaxLength, 2.x
    LocalAuthListCtrlr.ItemsPerMessage): the first full, the rest differential (2.x D01.FR.03). Each
    needs a version above the one before (D01.FR.19), so a list of n messages uses up the n versions
    that end with `version`.
    """

    version: int
    full: bool = True
    entries: tuple[LocalListEntry, ...] = ()
    entries_a_message: int | None = None

    @property
    def messages(self) -> Sequence[tuple[LocalListEntry, ...]]:
        """The entries of each message; one message without entries where there are none."""
        size = self.entries_a_message or ENTRIES_A_MESSAGE
        return [self.entries[begin : begin + size] for begin in range(0, max(len(self.entries), 1), size)]
