"""The addresses that stations are given for Currant's own files."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from currant.kit.clock import Clock
from currant.kit.ids import TransferId
from currant.stations.transfers import links
from currant.stations.transfers.links import Direction, Link

NAME_MAX = 60
LINK_LASTS = timedelta(hours=72)
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


class Bases(msgspec.Struct, frozen=True, kw_only=True):
    """Where stations reach the API, without a slash at the end; `plain` is for those whose link has no TLS."""

    public: str
    plain: str = ""


class Addressing:
    """Makes links and reads them. `bases` is asked each time: a port may not be known before it listens."""

    def __init__(self, installation_key: bytes, bases: Callable[[], Bases], clock: Clock) -> None:
        self._key = links.key_for_links(installation_key)
        self._bases = bases
        self._clock = clock

    def for_upload(self, transfer_id: TransferId, *, encrypted: bool) -> str:
        """Ends with a slash, for which a station puts the name of its file (N01.FR.21); one that does not may send too."""
        word = self._word(Direction.UP, transfer_id, self._clock.now())
        return f"{self._base(encrypted=encrypted)}/files/up/{word}/"

    def for_download(
        self, transfer_id: TransferId, *, name: str, encrypted: bool, begins: datetime | None = None
    ) -> str:
        """Ends with the file's name, from which some stations tell what it is."""
        word = self._word(Direction.DOWN, transfer_id, max(begins or self._clock.now(), self._clock.now()))
        return f"{self._base(encrypted=encrypted)}/files/down/{word}/{fit_name(name) or 'firmware'}"

    def read(self, word: str, direction: Direction) -> Link:
        """The link of this word; WrongLink, or ExpiredLink."""
        return links.read(word, direction, key=self._key, now=self._clock.now())

    def _word(self, direction: Direction, transfer_id: TransferId, begins: datetime) -> str:
        link = Link(direction=direction, transfer_id=transfer_id, expires_at=begins + LINK_LASTS)
        return links.word_of(link, key=self._key)

    def _base(self, *, encrypted: bool) -> str:
        bases = self._bases()
        return (bases.public if encrypted or not bases.plain else bases.plain).rstrip("/")


def fit_name(name: str) -> str:
    """The last part of a file's name, of letters that are the same everywhere; empty when none is left."""
    last = name.replace("\\", "/").rpartition("/")[2]
    fit = _UNFIT.sub("_", last).strip("._")
    if len(fit) <= NAME_MAX:
        return fit
    stem, dot, ending = fit.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: NAME_MAX - len(ending) - 1]}.{ending}"
    return fit[:NAME_MAX]
