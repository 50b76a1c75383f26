"""The tables of tokens, groups and accounts, and every query over them; imported by this package alone."""

from currant.access.store import queries, tables

__all__ = ["queries", "tables"]
