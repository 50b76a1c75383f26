"""The tables of access and every query over them; imported by this package alone."""

from currant.access.store import authorisers, lists, policies, queries, tables, uses

__all__ = ["authorisers", "lists", "policies", "queries", "tables", "uses"]
