"""The tables of access and every query over them; imported by this package alone."""

from currant.access.store import authorisers, policies, queries, tables, uses

__all__ = ["authorisers", "policies", "queries", "tables", "uses"]
