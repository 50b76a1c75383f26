"""Charging sessions: their life, their meter readings, and the verbs that advance them."""
