"""How documents are numbered: series, fiscal years and the form of a number. Pure.

The counter itself is a row that is taken in the transaction that inserts the document (store.py), so that a
number is used exactly when there is a document with it.
"""

import re
from datetime import date

import msgspec

from currant.kit.errors import Invalid

DEFAULT_FORM = "{prefix}{year}-{number:06}"
INDIAN_FORM = "{prefix}{yy}/{number:05}"
INDIAN_MAX = 16
# Rule 46(b) of the CGST rules and INV-01: no zero in front, letters, digits, dash and slash.
_INDIAN = re.compile(r"[a-zA-Z1-9][a-zA-Z0-9/-]{0,15}")
_FORM = re.compile(r"\{(prefix|year|yy|number(?::0(?:[1-9]|1[0-2]))?)\}")
NUMBER_MAX = 30
PREFIX_MAX = 10


class FiscalYear(msgspec.Struct, frozen=True, kw_only=True):
    """A year of numbers. `label` is what it is called, `short` what goes into a number."""

    label: str
    short: str


def fiscal_year(on: date, first_month: int) -> FiscalYear:
    """The fiscal year of a day, given its first month: 1 is the calendar's, 4 India's (2026-27)."""
    if first_month == 1:
        return FiscalYear(label=str(on.year), short=f"{on.year % 100:02}")
    start = on.year if on.month >= first_month else on.year - 1
    after = (start + 1) % 100
    return FiscalYear(label=f"{start}-{after:02}", short=f"{start % 100:02}{after:02}")


def worded(form: str, *, prefix: str, year: FiscalYear, number: int) -> str:
    """A number in its form."""
    return form.format(prefix=prefix, year=year.label, yy=year.short, number=number)


def prefix_in(prefix: str, jurisdiction: str) -> str:
    """The prefix with an Indian state's digits: every GSTIN has numbers of its own (rule 46(b))."""
    return f"{prefix}{jurisdiction[3:]}-" if jurisdiction.startswith("IN-") else prefix


def check_form(form: str, prefix: str, *, country: str) -> None:
    """Invalid, unless the form gives every document of every year another number, as its country wants them."""
    rest = _FORM.sub("", form)
    if "{" in rest or "}" in rest or "{number" not in form:
        raise Invalid(
            "A form of numbers has {number} or {number:06} in it, and may have {prefix}, {year} and {yy}.",
            field="form",
        )
    if "{year}" not in form and "{yy}" not in form:
        raise Invalid("A form of numbers says the year: numbers begin anew in each.", field="form")
    if len(prefix) > PREFIX_MAX or not re.fullmatch(r"[A-Za-z0-9/-]*", prefix):
        raise Invalid(
            f"A prefix has at most {PREFIX_MAX} letters, digits, dashes and slashes.", field="prefix"
        )
    if not re.fullmatch(r"[A-Za-z0-9/. -]*", rest):
        raise Invalid("Between its parts a number has letters, digits, dashes and slashes.", field="form")
    if country == "IN" and "{prefix}" not in form:
        raise Invalid("An Indian form has {prefix} in it: the state's digits stand there.", field="form")
    longest = worded(form, prefix=prefix, year=FiscalYear(label="2026-27", short="2627"), number=9_999_999)
    if country == "IN" and not _INDIAN.fullmatch(longest):
        raise Invalid(
            f"An Indian number has at most {INDIAN_MAX} letters, digits, dashes and slashes and no zero in front; "
            f"this one could become {longest}.",
            field="form",
        )
    if len(longest) > NUMBER_MAX:
        raise Invalid(f"A number has at most {NUMBER_MAX} characters; {longest} is longer.", field="form")
