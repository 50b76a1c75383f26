"""The tables of prices and every query over them; imported by this package alone."""

from currant.pricing.store import offers, rules, spot, tables, tariffs

__all__ = ["offers", "rules", "spot", "tables", "tariffs"]
