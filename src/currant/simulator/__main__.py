"""`python -m currant.simulator`: simulated stations against any OCPP server, no other part of Currant needed."""

import argparse
import sys
from typing import get_args

import uvloop

from currant.simulator.fleet import FleetStatus
from currant.simulator.run import SimulationOptions, run
from currant.simulator.specs import Faults, VersionName


def parse(arguments: list[str] | None = None) -> SimulationOptions:
    """Options of the command line; each misfortune has its own (`--fault-lose 0.01`)."""
    parser = argparse.ArgumentParser(prog="python -m currant.simulator", description=__doc__)
    add = parser.add_argument
    defaults = SimulationOptions()
    add("--url", default=defaults.url, help="endpoint; {identity} stands for the station's identity")
    add("--stations", type=int, default=defaults.stations)
    add("--versions", default="", help="shares, such as 1.6=3,2.0.1=1; or one version")
    add("--seed", type=int, default=defaults.seed)
    add("--duration", type=float, default=None, help="real seconds; without it until Ctrl-C")
    add("--speed", type=float, default=1.0, help="simulated seconds in a real one")
    add("--starts-hours-ago", type=float, default=0.0, help="begin in the past and catch up at --speed")
    add("--tokens", default="", help="RFID UIDs, comma separated; without it invented ones")
    add("--password", default=None, help="Basic auth password; {identity} may stand in it")
    add("--prefix", default=defaults.prefix)
    add("--sessions-per-day", type=float, default=defaults.sessions_per_day, help="per EVSE")
    add("--meter-interval", type=int, default=defaults.meter_interval_s)
    add("--heartbeat", type=int, default=None, help="seconds; without it as the server says")
    add("--boot-spread", type=float, default=defaults.boot_spread_s)
    add("--truth", default=None, help="file for the facts that the server acknowledged, as JSON lines")
    add("--ca-file", default=None)
    add("--insecure", action="store_true", help="do not check the server's certificate")
    for field in Faults.__struct_fields__:
        add(f"--fault-{field.replace('_', '-')}", type=float, default=getattr(Faults(), field))
    given = parser.parse_args(arguments)
    try:
        versions = _shares(given.versions)
    except ValueError as error:
        parser.error(str(error))
    return SimulationOptions(
        url=given.url,
        stations=given.stations,
        versions=versions,
        seed=given.seed,
        duration_s=given.duration,
        speed=given.speed,
        starts_hours_ago=given.starts_hours_ago,
        tokens=tuple(token for token in given.tokens.split(",") if token),
        password=given.password,
        prefix=given.prefix,
        sessions_per_day=given.sessions_per_day,
        meter_interval_s=given.meter_interval,
        heartbeat_s=given.heartbeat,
        boot_spread_s=given.boot_spread,
        faults=Faults(**{field: getattr(given, f"fault_{field}") for field in Faults.__struct_fields__}),
        truth=given.truth,
        ca_file=given.ca_file,
        insecure=given.insecure,
    )


def _shares(text: str) -> dict[VersionName, float] | None:
    if not text:
        return None
    shares: dict[VersionName, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        known = next((version for version in get_args(VersionName) if version == name), None)
        if known is None:
            raise ValueError(f"{name!r} is no version: use 1.6, 2.0.1 or 2.1.")
        shares[known] = float(share or 1)
    return shares


def show(status: FleetStatus) -> None:
    sys.stderr.write(
        f"\r{status.accepted}/{status.stations} online, {status.charging} charging, "
        f"{status.sessions_started} sessions, {status.messages_answered} answers, "
        f"{status.errors_received} errors, {status.waiting} waiting   "
    )
    sys.stderr.flush()


def main() -> None:
    try:
        uvloop.run(run(parse(), on_progress=show))
    except KeyboardInterrupt:
        pass
    finally:
        sys.stderr.write("\n")


if __name__ == "__main__":
    main()
