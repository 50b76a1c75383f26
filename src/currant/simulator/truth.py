"""The ledger of truth: every fact a server has acknowledged, to be held against its database.

Written as JSON lines, each one flushed before anything else happens, so that what stands here was
acknowledged, whoever is killed next.
"""

from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from currant.simulator.specs import Fact

KEPT_MAX = 1_000_000


class Truth:
    """Facts in the order in which they were acknowledged; with a path they are also written there."""

    def __init__(self, path: Path | None = None, *, kept_max: int = KEPT_MAX) -> None:
        self.facts: deque[Fact] = deque(maxlen=kept_max)
        self.count: Counter[str] = Counter()
        self._encoder = msgspec.json.Encoder()
        self._file: IO[bytes] | None = None if path is None else path.open("ab", buffering=0)

    def record(self, fact: Fact) -> None:
        self.count[fact.kind] += 1
        self.facts.append(fact)
        if self._file is not None:
            self._file.write(self._encoder.encode(fact) + b"\n")

    def of(self, identity: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.identity == identity]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_truth(path: Path) -> Iterator[Fact]:
    """The facts of a file; a last line cut short by a kill is left out."""
    decoder = msgspec.json.Decoder(Fact)
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield decoder.decode(line)
