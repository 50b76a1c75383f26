"""Simulated stations and cars that speak OCPP 1.6, 2.0.1 and 2.1 to any server over real sockets.

    fleet = Fleet(invent(100), "ws://127.0.0.1:9000/ocpp/{identity}", seed=7, tokens=tokens)
    fleet.start()

Knows `ocpp` and nothing of the server: it is what the demo, the bench and the tests hold against it.
"""

from currant.simulator.fleet import Fleet, FleetStatus
from currant.simulator.population import Site, invent, invent_tokens
from currant.simulator.run import SimulationOptions, fleet_for, run, tls_context
from currant.simulator.specs import EvseSpec, Fact, Faults, StationSpec, Timing
from currant.simulator.station import Station
from currant.simulator.truth import Truth, read_truth
from currant.simulator.vehicle import PowerType

__all__ = [
    "EvseSpec",
    "Fact",
    "Faults",
    "Fleet",
    "FleetStatus",
    "PowerType",
    "SimulationOptions",
    "Site",
    "Station",
    "StationSpec",
    "Timing",
    "Truth",
    "fleet_for",
    "invent",
    "invent_tokens",
    "read_truth",
    "run",
    "tls_context",
]
