"""Simulated stations, and the bench, from the command line."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.output import console, errors, say, show
from currant.app.cli.state import state
from currant.app.place import Place


def register(app: typer.Typer) -> None:
    app.command()(simulate)
    app.command()(bench)


def simulate(
    ocpp_url: Annotated[
        str | None, typer.Option("--ocpp", help="The endpoint; by default the server that runs here.")
    ] = None,
    stations: Annotated[int, typer.Option(min=1, max=50_000, help="How many.")] = 10,
    version: Annotated[list[str] | None, typer.Option(help="1.6, 2.0.1 or 2.1; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="The same number makes the same happenings.")] = 1,
    duration: Annotated[float | None, typer.Option(help="Seconds; without it until Ctrl-C.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, help="Simulated seconds in a real one.")] = 1.0,
    prefix: Annotated[str, typer.Option(help="How identities begin.")] = "SIM",
    password: Annotated[str | None, typer.Option(help="{identity} in it stands for the station's.")] = None,
    token: Annotated[list[str] | None, typer.Option(help="A driver's RFID uid; may be repeated.")] = None,
    sessions_per_day: Annotated[float, typer.Option(min=0, help="For each EVSE.")] = 24.0,
    lose: Annotated[float, typer.Option(min=0, max=1, help="Chance that a message is lost.")] = 0.0,
    repeat: Annotated[float, typer.Option(min=0, max=1, help="Chance that one is repeated.")] = 0.0,
    disconnect: Annotated[
        float, typer.Option(min=0, max=1, help="Chance that a message breaks the line.")
    ] = 0.0,
    errors_per_day: Annotated[float, typer.Option(min=0, help="Faults of a station in a day.")] = 0.0,
    offline_per_day: Annotated[float, typer.Option(min=0, help="Losses of connection in a day.")] = 0.0,
    ca_file: Annotated[Path | None, typer.Option(help="Root certificate for wss:// addresses.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Write what the server acknowledged, as JSON lines.")
    ] = None,
) -> None:
    """Connect simulated stations and cars to a server, over real sockets."""
    import uvloop
    from rich.live import Live
    from rich.text import Text

    from currant.simulator import Faults, SimulationOptions, run

    options = SimulationOptions(
        url=ocpp_url or _endpoint(),
        stations=stations,
        versions=dict.fromkeys(_versions(version), 1.0) if version else None,  # type: ignore[arg-type]
        seed=seed,
        duration_s=duration,
        speed=speed,
        prefix=prefix,
        password=password,
        tokens=tuple(token or ()),
        sessions_per_day=sessions_per_day,
        faults=Faults(
            lose=lose,
            repeat=repeat,
            disconnect=disconnect,
            errors_per_day=errors_per_day,
            offline_per_day=offline_per_day,
        ),
        ca_file=str(ca_file) if ca_file else None,
        truth=str(truth) if truth else None,
    )

    last: Any = None
    with Live(console=errors, refresh_per_second=2, transient=True) as live:

        def progress(status: Any) -> None:
            nonlocal last
            last = status
            if not state.json and not state.quiet:
                live.update(Text(_in_words(status)))

        with contextlib.suppress(KeyboardInterrupt):
            last = uvloop.run(run(options, on_progress=progress))
    if last is not None:
        import msgspec

        show(msgspec.to_builtins(last), lambda: console.print(_in_words(last)))


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="A few seconds, to see that it works.")] = False,
    database: Annotated[str | None, typer.Option("--database", help="Another database than SQLite.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write the figures to this file, too.")] = None,
    only: Annotated[
        str,
        typer.Option(
            help="Only this: `desired`, one variable changed for all stations; `live`, consoles that look on."
        ),
    ] = "",
) -> None:
    """Measure CPU, memory and latency, with the floors beside them."""
    import msgspec

    from currant.bench.report import show as show_report
    from currant.bench.run import FULL, QUICK
    from currant.bench.run import bench as measure

    if only not in ("", "desired", "live"):
        raise Failure(f"There is no scenario {only}: `desired`, `live`, or all without --only.", Exit.USAGE)
    size = QUICK if quick else FULL
    report = measure(size, database=database, only=only, progress=lambda what: errors.print(what))
    found = msgspec.to_builtins(report)
    if output:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    show(found, lambda: show_report(report, console))
    if any(figure.reached is False for figure in report.figures):
        say("Some goals were missed.")
        raise typer.Exit(Exit.REFUSED)


def _endpoint() -> str:
    """Where stations connect to the server that runs on this machine."""
    settings = state.settings()
    for place in (Place(settings.data_dir), Place(settings.data_dir / "demo")):
        running = place.running()
        if running is not None and running.ocpp:
            return running.ocpp + "{identity}"
    if state.url:
        with Client.of(state) as client:
            urls = client.get("/status").get("ocpp_urls") or []
        if urls:
            return str(urls[-1]).rstrip("/") + "/{identity}"
    raise Failure(
        "No Currant server with an unencrypted OCPP endpoint runs here.",
        Exit.UNREACHABLE,
        hint="Start one with `currant serve`, or name an endpoint with --ocpp.",
    )


def _versions(given: list[str]) -> list[str]:
    for version in given:
        if version not in ("1.6", "2.0.1", "2.1"):
            raise Failure(f"{version} is no OCPP version we speak: 1.6, 2.0.1, 2.1.", Exit.USAGE)
    return given


def _in_words(status: Any) -> str:
    return (
        f"{status.connected} of {status.stations} connected, {status.accepted} accepted, "
        f"{status.charging} charging; {status.sessions_started} sessions begun, {status.sessions_ended} ended; "
        f"{status.messages_sent} messages, {status.messages_answered} answered, "
        f"{status.errors_received} errors, {status.mishaps} mishaps"
    )
