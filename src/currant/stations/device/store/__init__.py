"""The tables of device models and of what stations watch in themselves; imported by this package alone."""

from currant.stations.device.store import fleet, models, monitoring, tables

__all__ = ["fleet", "models", "monitoring", "tables"]
