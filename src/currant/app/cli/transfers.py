"""Logs from stations and firmware for them, from the command line."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from currant.app.cli.client import Client
from currant.app.cli.exits import Exit, Failure
from currant.app.cli.fields import moment_given
from currant.app.cli.names import identities
from currant.app.cli.outcomes import ask
from currant.app.cli.output import console, local, say, show, table
from currant.app.cli.state import state
from currant.kit.clock import SystemClock
from currant.stations.commanding.transfers import LogKind

WATCH_EVERY_S = 1.0
UPLOAD_TIMEOUT_S = 3600.0
EXITS = {"done": Exit.OK, "given_up": Exit.STATION_AWAY}
ENDED = ("done", "failed", "given_up", "refused", "cancelled")

logs = typer.Typer(no_args_is_help=True, help="Logs and diagnostics that stations send.")
firmware = typer.Typer(no_args_is_help=True, help="Firmware: kept here, given to stations.")

Station = Annotated[str, typer.Argument(help="A station's identity or id.")]
Image = Annotated[str, typer.Argument(help="The image's id, or its version where only one has it.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]
QueueUntil = Annotated[
    str | None,
    typer.Option(help="Ask a station that is offline when it comes, until then (1d, or RFC 3339)."),
]
Patience = Annotated[int, typer.Option("--for", min=1, help="Wait so many seconds for it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(logs, name="logs")
    app.add_typer(firmware, name="firmware")


@logs.command("get")
def get_log(
    station: Station,
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; else the station's name for it.")
    ] = None,
    kind: Annotated[LogKind, typer.Option(help="Which log.")] = LogKind.DIAGNOSTICS,
    since: Annotated[str | None, typer.Option(help="About the time from then on (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option(help="About the time up to then (RFC 3339).")] = None,
    queue_until: QueueUntil = None,
    patience_s: Patience = 600,
) -> None:
    """Ask a station for a log, wait for it, and write it to a file."""
    body = {"kind": kind.value, "oldest": _moment(since), "latest": _moment(until)}
    begun = ask(f"/stations/{station}/logs", body, queue_until=_moment(queue_until))
    with Client.of(state) as client:
        found = _waited(client, begun, patience_s)
        if found["status"] != "done" or not found["file_id"]:
            _end(found)
            return
        kept = client.get(f"/files/{found['file_id']}")
        # The name comes from a station: it must not lead anywhere else.
        target = to or Path(Path(kept["name"].replace("\\", "/")).name or "log")
        size = _download(client, f"/files/{found['file_id']}/content", target)
    show({**found, "written_to": str(target), "bytes": size}, lambda: say(f"{target}: {size} bytes."))


@logs.command("list")
def list_logs(
    station: Annotated[str | None, typer.Option(help="Only of this station.")] = None, limit: Limit = 100
) -> None:
    """List the files that stations sent."""
    with Client.of(state) as client:
        rows = list(client.pages("/files", limit=limit, station=station))
        called = identities(client, (row["station_id"] for row in rows))
        table(
            rows,
            [
                ("ID", "id"),
                ("AT", lambda row: local(row["created_at"])),
                ("STATION", lambda row: called(row["station_id"])),
                ("KIND", "kind"),
                ("NAME", "name"),
                ("BYTES", "size"),
            ],
            nothing="No station has sent a file. `currant logs get STATION` asks for one.",
        )


@firmware.command("list")
def list_images(limit: Limit = 100) -> None:
    """List the images that are kept here."""
    with Client.of(state) as client:
        table(
            client.pages("/firmware", limit=limit),
            [
                ("ID", "id"),
                ("VERSION", "version"),
                ("VENDOR", "vendor"),
                ("MODELS", lambda row: ", ".join(row["models"])),
                ("SIGNED", "signing"),
                ("BYTES", "size"),
                ("SINCE", lambda row: local(row["created_at"])),
            ],
            nothing="There is no image. `currant firmware upload FILE --version …` brings one.",
        )


@firmware.command("upload")
def upload(
    file: Annotated[Path, typer.Argument(help="The image.")],
    version: Annotated[str, typer.Option(help="What a station calls itself once it runs this.")],
    vendor: Annotated[str, typer.Option(help="Whose stations it is for.")] = "",
    model: Annotated[
        list[str] | None, typer.Option(help="For this model; may be given several times.")
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="The maker's certificate (PEM).")] = None,
    signature: Annotated[Path | None, typer.Option(help="The maker's signature (Base64) in a file.")] = None,
    notes: Annotated[str | None, typer.Option(help="What is new in it.")] = None,
) -> None:
    """Keep an image here, and check its signature."""
    if (certificate is None) != (signature is None):
        raise Failure("A certificate and a signature come together.", Exit.USAGE)
    try:
        proof = {
            "certificate": certificate and certificate.read_text(),
            "signature": signature and signature.read_text().strip(),
        }
        with Client.of(state) as client, file.open("rb") as image:
            made = client.upload(
                "/firmware",
                image,
                timeout_s=UPLOAD_TIMEOUT_S,
                version=version,
                vendor=vendor or None,
                models=model or None,
                release_notes=notes,
                name=file.name,
            )
            if certificate is not None:
                made = client.patch(f"/firmware/{made['id']}", proof)
    except OSError as error:
        raise Failure(f"{error.filename} cannot be read: {error.strerror}.", Exit.USAGE) from error
    show(made, lambda: say(f"Kept: {made['id']}, {made['size']} bytes, {made['signing']}."))


@firmware.command("update")
def update(
    station: Station,
    image: Annotated[str | None, typer.Argument(help="The image's id or version; none with --url.")] = None,
    url: Annotated[str | None, typer.Option(help="An image elsewhere; then say its --version.")] = None,
    version: Annotated[str, typer.Option(help="With --url: the version it brings.")] = "",
    retrieve_at: Annotated[
        str | None, typer.Option(help="Fetch it then: a time (RFC 3339), or 2h, 30min, 3d from now.")
    ] = None,
    install_at: Annotated[str | None, typer.Option(help="Install it then.")] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Send no signature.")] = False,
    queue_until: QueueUntil = None,
    wait: Annotated[bool, typer.Option(help="Wait until it is installed, or has failed.")] = True,
    patience_s: Patience = 3600,
) -> None:
    """Have a station install firmware."""
    if (image is None) == (url is None):
        raise Failure("Name an image that is kept here, or one elsewhere with --url.", Exit.USAGE)
    with Client.of(state) as client:
        body = {
            "firmware_id": None if image is None else _image(client, image),
            "url": url,
            "version": version or None,
            "retrieve_at": _moment(retrieve_at),
            "install_at": _moment(install_at),
            "signed": False if unsigned else None,
        }
        begun = ask(f"/stations/{station}/firmware", body, queue_until=_moment(queue_until))
        found = _waited(client, begun, patience_s) if wait else begun
    _end(found)


@firmware.command("publish")
def publish(station: Station, image: Image) -> None:
    """Have a local controller offer an image to its stations (OCPP 2.x)."""
    with Client.of(state) as client:
        found = ask(f"/stations/{station}/published-firmware", {"firmware_id": _image(client, image)})
    _end(found)


@firmware.command("status")
def status(
    station: Annotated[str | None, typer.Option(help="Only of this station.")] = None, limit: Limit = 50
) -> None:
    """List what stations were given, and how far each has come."""
    with Client.of(state) as client:
        rows = list(client.pages("/transfers", limit=limit, station=station, kind="firmware"))
        called = identities(client, (row["station_id"] for row in rows))
        table(
            rows,
            [
                ("ASKED", lambda row: local(row["asked_at"])),
                ("STATION", lambda row: called(row["station_id"])),
                ("VERSION", "version"),
                ("BEFORE", "version_before"),
                ("NOW", "version_after"),
                ("STATUS", "status"),
                ("REASON", "reason"),
            ],
            nothing="No station was given firmware.",
        )


def _image(client: Client, named: str) -> str:
    """The id of the image with this id or version."""
    found = [row for row in client.pages("/firmware", limit=1000, search=named) if row["version"] == named]
    if len(found) > 1:
        raise Failure(f"{len(found)} images have the version {named}: use the id.", Exit.USAGE)
    return str(found[0]["id"] if found else client.get(f"/firmware/{named}")["id"])


def _waited(client: Client, begun: dict[str, Any], patience_s: float) -> dict[str, Any]:
    """The transfer when it has ended; what it goes through is told on the way."""
    clock, told, found = SystemClock(), 0, begun
    until = clock.now().timestamp() + patience_s
    try:
        while True:
            for step in found["steps"][told:]:
                note = f": {step['note']}" if step.get("note") else ""
                if not state.json:
                    said = f" ({step['said']})" if step.get("said") else ""
                    console.print(f"{local(step['at'])} {step['status']}{said}{note}", markup=False)
            told = len(found["steps"])
            if found["status"] in (*ENDED, "waiting") or clock.now().timestamp() > until:
                return found
            time.sleep(WATCH_EVERY_S)
            found = client.get(f"/transfers/{begun['id']}")
    except KeyboardInterrupt:
        say(f"It goes on without this terminal: transfer {begun['id']}.")
        raise


def _end(found: dict[str, Any]) -> None:
    def human() -> None:
        reason = f": {found['reason']}" if found["reason"] else ""
        say(f"{found['status']}{reason}")

    show(found, human)
    if found["status"] in ENDED and found["status"] != "done":
        raise typer.Exit(EXITS.get(found["status"], Exit.REFUSED))


def _moment(given: str | None) -> str | None:
    return None if given is None else moment_given(given, now=SystemClock().now())


def _download(client: Client, path: str, target: Path) -> int:
    try:
        return client.download(path, target)
    except OSError as error:
        raise Failure(f"{target} cannot be written: {error.strerror}.", Exit.USAGE) from error
