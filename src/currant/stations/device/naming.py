"""How a variable of the device model is written in one line, and read from it again.

`Component[instance].Variable[instance]@evse/connector#Attribute`, of which only `Component.Variable`
must be there; the attribute is Actual unless it is named. Characters that would be read as
part of this form are written %XX, as in addresses. Names are compared without regard to case
(OCPP 2.x, Part 1, 4.1).
"""

import re
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from currant.kit.errors import Invalid
from currant.stations.commanding.variables import Variable

ACTUAL = "Actual"
ATTRIBUTES = (ACTUAL, "Target", "MinSet", "MaxSet")
TEXT_MAX = 600
REMEMBERED = 10_000
"""Names that need not be worked out again: stations of a network have most of theirs in common."""

_FORM = re.compile(
    r"(?:(?P<component>[^\[\].@#/]+)(?:\[(?P<component_instance>[^\[\]@#/]+)\])?\.)?"
    r"(?P<name>[^\[\]@#/]+)(?:\[(?P<instance>[^\[\]@#/]+)\])?"
    r"(?:@(?P<evse>\d{1,4})(?:/(?P<connector>\d{1,4}))?)?"
    r"(?:#(?P<attribute>\w+))?"
)
_SPECIAL = re.compile(r"[\[\]@#/%]")
_SPECIAL_OR_DOT = re.compile(r"[\[\]@#/%.]")


@lru_cache(maxsize=REMEMBERED)
def name_of(variable: Variable) -> str:
    """The variable without its place and attribute, as in `DeviceDataCtrlr.ItemsPerMessage[GetReport]`."""
    component = f"{_quoted(variable.component, dots=True)}{_bracketed(variable.component_instance)}."
    return f"{component if variable.component else ''}{_quoted(variable.name)}{_bracketed(variable.instance)}"


def text_of(variable: Variable) -> str:
    """The variable in one line, with its place and, unless it is Actual, its attribute."""
    place = ""
    if variable.evse:
        place = f"@{variable.evse}/{variable.connector}" if variable.connector else f"@{variable.evse}"
    attribute = "" if variable.attribute == ACTUAL else f"#{variable.attribute}"
    return f"{name_of(variable)}{place}{attribute}"


@lru_cache(maxsize=REMEMBERED)
def read(text: str) -> Variable:
    """The variable written in one line; Invalid where it cannot be one."""
    found = _FORM.fullmatch(text) if len(text) <= TEXT_MAX else None
    if found is None:
        raise Invalid(
            f"{text[:100]!r} names no variable: write Component.Variable, with [instance], @evse/connector and "
            "#Attribute where they matter.",
            field="key",
        )
    attribute = attribute_named(found["attribute"] or ACTUAL)
    evse, connector = found["evse"], found["connector"]
    return Variable(
        component=unquote(found["component"] or ""),
        component_instance=_unquoted(found["component_instance"]),
        name=unquote(found["name"]),
        instance=_unquoted(found["instance"]),
        evse=int(evse) if evse and int(evse) else None,
        connector=int(connector) if connector and int(connector) else None,
        attribute=attribute,
    )


def attribute_named(word: str) -> str:
    """The attribute with this name, however it is spelled; Invalid when there is none."""
    for attribute in ATTRIBUTES:
        if attribute.lower() == word.lower():
            return attribute
    raise Invalid(f"{word[:50]!r} is no attribute: there are {', '.join(ATTRIBUTES)}.", field="attribute")


def folded(variable: Variable) -> str:
    """The same for two spellings of one name; place and attribute do not count."""
    return name_of(variable).lower()


def bare(variable: Variable) -> Variable:
    """The variable without its place and attribute."""
    return Variable(
        component=variable.component,
        component_instance=variable.component_instance,
        name=variable.name,
        instance=variable.instance,
    )


def same_variable(left: Variable, right: Variable) -> bool:
    """Whether two name the same attribute of the same variable at the same place."""
    return text_of(left).lower() == text_of(right).lower()


def placed(variable: Variable, *, evse: int, connector: int, attribute: str) -> Variable:
    """The variable at a place; 0 is none."""
    return msgspec.structs.replace(
        variable, evse=evse or None, connector=connector or None, attribute=attribute
    )


def _bracketed(instance: str | None) -> str:
    return f"[{_quoted(instance)}]" if instance else ""


def _quoted(text: str, *, dots: bool = False) -> str:
    return (_SPECIAL_OR_DOT if dots else _SPECIAL).sub(lambda found: f"%{ord(found[0]):02X}", text)


def _unquoted(text: str | None) -> str | None:
    return unquote(text) if text else None
