"""The tables of stations and places, and every query over them; imported by this package alone."""

from currant.stations.store import groups, locations, messages, queue, records, security, stations, tables

__all__ = ["groups", "locations", "messages", "queue", "records", "security", "stations", "tables"]
