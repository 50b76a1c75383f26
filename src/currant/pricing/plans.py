"""Prices made ready for rating."""
