"""Standard rates of VAT by country and day: a table.

They are the standard rates; where charging has another (as electricity does in some countries), a tenant
sets it (`TaxSettings.vat_percent`). Rates change by law: see docs/tax.md for when this table was written.
"""

from datetime import date
from decimal import Decimal

EU = frozenset(
    ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"]
)  # fmt: skip

_ALWAYS = date(2000, 1, 1)

# (from, percent), the latest first.
_STANDARD: dict[str, tuple[tuple[date, str], ...]] = {
    "AT": ((_ALWAYS, "20"),),
    "BE": ((_ALWAYS, "21"),),
    "BG": ((_ALWAYS, "20"),),
    "CY": ((_ALWAYS, "19"),),
    "CZ": ((_ALWAYS, "21"),),
    "DE": ((_ALWAYS, "19"),),
    "DK": ((_ALWAYS, "25"),),
    "EE": ((date(2025, 7, 1), "24"), (date(2024, 1, 1), "22"), (_ALWAYS, "20")),
    "ES": ((_ALWAYS, "21"),),
    "FI": ((date(2024, 9, 1), "25.5"), (_ALWAYS, "24")),
    "FR": ((_ALWAYS, "20"),),
    "GR": ((_ALWAYS, "24"),),
    "HR": ((_ALWAYS, "25"),),
    "HU": ((_ALWAYS, "27"),),
    "IE": ((_ALWAYS, "23"),),
    "IT": ((_ALWAYS, "22"),),
    "LT": ((_ALWAYS, "21"),),
    "LU": ((date(2024, 1, 1), "17"), (date(2023, 1, 1), "16"), (_ALWAYS, "17")),
    "LV": ((_ALWAYS, "21"),),
    "MT": ((_ALWAYS, "18"),),
    "NL": ((_ALWAYS, "21"),),
    "PL": ((_ALWAYS, "23"),),
    "PT": ((_ALWAYS, "23"),),
    "RO": ((date(2025, 8, 1), "21"), (_ALWAYS, "19")),
    "SE": ((_ALWAYS, "25"),),
    "SI": ((_ALWAYS, "22"),),
    "SK": ((date(2025, 1, 1), "23"), (_ALWAYS, "20")),
    "GB": ((_ALWAYS, "20"),),
    "CH": ((date(2024, 1, 1), "8.1"), (_ALWAYS, "7.7")),
    "LI": ((date(2024, 1, 1), "8.1"), (_ALWAYS, "7.7")),
    "NO": ((_ALWAYS, "25"),),
    "IS": ((_ALWAYS, "24"),),
}


def standard_percent(country: str, on: date) -> Decimal | None:
    """The standard rate of a country on a day; None where there is none in the table."""
    for since, percent in _STANDARD.get(country, ()):
        if on >= since:
            return Decimal(percent)
    return None
