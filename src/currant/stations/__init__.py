"""Locations, stations, EVSEs, connectors; what they report of themselves and what they are told to do."""
