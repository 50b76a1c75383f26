"""Says what of a specification a test shows; `docs/conformance.md` is made from it (scripts/document_conformance.py).

Ids are the names of OCPP 2.0.1's test cases for a CSMS (`TC_A_01_CSMS`), and `1.6 Reset` or
`2.1 SetDERControl` for an operation of those versions.
"""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T", bound=Callable[..., object])


def shows(*ids: str) -> Callable[[T], T]:
    """The decorated test fails where Currant does not do what these say. The script reads it from the source."""
    assert ids, "It shows something."

    def decorate(test: T) -> T:
        return test

    return decorate
