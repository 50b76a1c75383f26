"""The tables of desired state, and every query over them; imported by this package alone."""

from currant.stations.desired.store import declarations, known, rollouts, states, tables

__all__ = ["declarations", "known", "rollouts", "states", "tables"]
