"""The tables of stations and places, and every query over them; imported by this package alone."""

from currant.stations.store import groups, locations, messages, records, stations, tables

__all__ = ["groups", "locations", "messages", "records", "stations", "tables"]
