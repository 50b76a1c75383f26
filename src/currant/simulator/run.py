"""Runs a made-up network against a server for a while: what `currant simulate` does."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import msgspec

from currant.kit.clock import SystemClock
from currant.simulator.fleet import Fleet, FleetStatus
from currant.simulator.population import invent, invent_tokens
from currant.simulator.specs import Faults, StationSpec, Timing, VersionName
from currant.simulator.truth import Truth

PROGRESS_EVERY_S = 1.0

OnProgress = Callable[[FleetStatus], None]


class SimulationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate. `specs` takes the place of `stations` invented ones.

    `starts_hours_ago` begins in the past and catches up with the present at `speed`; otherwise
    simulated time begins now and runs ahead of the calendar when `speed` is above 1. `secure_url` is
    where a station goes that is moved to TLS; by default the same address with ``wss``.
    """

    url: str = "ws://127.0.0.1:9000/ocpp/{identity}"
    stations: int = 10
    versions: dict[VersionName, float] | None = None
    specs: tuple[StationSpec, ...] = ()
    seed: int = 1
    duration_s: float | None = None
    speed: float = 1.0
    starts_hours_ago: float = 0.0
    tokens: tuple[str, ...] = ()
    token_count: int = 50
    password: str | None = None
    prefix: str = "SIM"
    sessions_per_day: float = 12.0
    meter_interval_s: int = 60
    heartbeat_s: int | None = None
    boot_spread_s: float = 5.0
    faults: Faults = Faults()
    timing: Timing = Timing()
    truth: str | None = None
    secure_url: str | None = None
    ca_file: str | None = None
    insecure: bool = False


def fleet_for(options: SimulationOptions) -> Fleet:
    """The fleet that the options describe, not started yet."""
    specs = options.specs or tuple(
        invent(
            options.stations,
            seed=options.seed,
            prefix=options.prefix,
            versions=options.versions,
            password=options.password,
            sessions_per_day=options.sessions_per_day,
            meter_interval_s=options.meter_interval_s,
            heartbeat_s=options.heartbeat_s,
        )
    )
    url = options.url if "{identity}" in options.url else options.url.rstrip("/") + "/{identity}"
    past = options.starts_hours_ago > 0
    clock = SystemClock()
    contexts: dict[tuple[str, str] | None, ssl.SSLContext] = {}

    def context(spec: StationSpec) -> ssl.SSLContext:
        # One context for all without a certificate of their own: each costs half a megabyte.
        if spec.client_certificate not in contexts:
            contexts[spec.client_certificate] = tls_context(
                options.ca_file, insecure=options.insecure, certificate=spec.client_certificate
            )
        return contexts[spec.client_certificate]

    return Fleet(
        specs,
        url,
        seed=options.seed,
        tokens=options.tokens or invent_tokens(options.token_count, seed=options.seed),
        faults=options.faults,
        timing=options.timing,
        speed=options.speed,
        starts_at=clock.now().timestamp() - options.starts_hours_ago * 3600 if past else None,
        catch_up=past,
        boot_spread_s=options.boot_spread_s,
        truth=Truth(None if options.truth is None else Path(options.truth)),
        client_context=context,
        clock=clock,
        secure_url_template=options.secure_url,
    )


def tls_context(
    ca_file: str | None, *, insecure: bool = False, certificate: tuple[str, str] | None = None
) -> ssl.SSLContext:
    """A station's TLS: which authority it trusts, and its own certificate and key (security profile 3)."""
    context = ssl.create_default_context(cafile=ca_file)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


async def run(options: SimulationOptions, *, on_progress: OnProgress | None = None) -> FleetStatus:
    """Simulate until `duration_s` real seconds are over, or until cancelled; returns the last status."""
    fleet = fleet_for(options)
    loop = asyncio.get_running_loop()
    ends_at = float("inf") if options.duration_s is None else loop.time() + options.duration_s
    fleet.start()
    try:
        while (left := ends_at - loop.time()) > 0:
            await asyncio.sleep(min(PROGRESS_EVERY_S, left))
            if on_progress is not None:
                on_progress(fleet.status())
        return fleet.status()
    finally:
        await fleet.stop()
