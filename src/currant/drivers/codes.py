"""The code on a charger, read as people type it and cameras see it."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

CODE_MAX = 300
_LEFT_OUT = re.compile(r"[\s*·•\u200b-\u200f\ufeff]+")
# Typed on a phone, a hyphen comes in many lengths.
_DASHES = re.compile(r"[\u2010-\u2015\u2212_]")


def normalised(code: str) -> str:
    """A code without what does not matter: case, blanks, stars, kinds of hyphen, and the address around it."""
    code = code[:CODE_MAX].strip()
    if "://" in code:
        # A camera gives the whole address of the sticker.
        code = unquote(urlsplit(code).path.rstrip("/").rpartition("/")[2])
    return _DASHES.sub("-", _LEFT_OUT.sub("", code)).casefold()


def without_hyphens(code: str) -> str:
    return code.replace("-", "")


def codes_of(identity: str, evse: int, reference: str, *, alone: bool) -> tuple[str, ...]:
    """Every code that means this EVSE, the one that is printed on it first. `alone`: its station has no other."""
    own = [reference] if normalised(reference) else []
    own += [identity] if alone else []
    return (*own, f"{identity}-{evse}")


def keys_of(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalised(code) for code in codes))
