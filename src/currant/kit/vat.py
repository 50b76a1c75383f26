"""Whether a VAT or GST number can be one: its form and check digits, by country (python-stdnum)."""

from functools import cache
from typing import Any

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

# The number of the tax on sales, where it is not called so.
_OTHER_NAMES = {"in": "gstin", "au": "abn", "ch": "vat", "no": "mva", "gb": "vat", "nz": "ird"}


def is_plausible(number: str) -> bool:
    """Whether the number, with its country's two letters first, is well formed; it need not be in use.

    An Indian GSTIN begins with two digits and is known by that. Countries that nobody wrote rules
    for have no plausible numbers.
    """
    number = "".join(number.split()).upper()
    if len(number) == 15 and number[:2].isdigit():
        return _fits("in", number)
    country, rest = number[:2].lower(), number[2:]
    if not rest or not country.isalpha():
        return False
    if country in eu_vat.MEMBER_STATES or country in ("el", "xi"):
        return bool(eu_vat.is_valid(number))
    return _fits(country, rest) or _fits(country, number)


def _fits(country: str, number: str) -> bool:
    module = _module(country)
    if module is None:
        return False
    try:
        module.validate(number)
    except ValidationError:
        return False
    return True


@cache
def _module(country: str) -> Any:
    return get_cc_module(country, _OTHER_NAMES.get(country, "vat")) or get_cc_module(country, "vat")
