"""What `currant check` finds wrong with the settings and the machine they are for, each with what to do."""

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from sqlalchemy.exc import SQLAlchemyError

from currant.app.place import Place
from currant.app.settings import Problem, Settings
from currant.app.settings_of_stations import UnknownStations
from currant.app.signing_in import check_signing_in
from currant.db.backends import backend_for
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError

SOON = timedelta(days=30)
LOOPBACK = ("127.", "::1", "localhost")


def check(settings: Settings, clock: Clock) -> list[Problem]:
    """Everything that is wrong (`error`) or deserves a second look."""
    place = Place(settings.data_dir)
    running = place.folder.is_dir() and place.in_use()
    found = [
        *_data_dir(place),
        *_database(settings),
        *_certificates(settings, clock.now()),
        *_openness(settings),
        *check_signing_in(settings, clock, names=[*settings.tls.names, socket.gethostname()]),
    ]
    if not running:
        # A running server holds these itself.
        found += _ports(settings)
    return found


def _data_dir(place: Place) -> Iterator[Problem]:
    folder = place.folder
    if not folder.exists():
        parent = next(each for each in folder.parents if each.exists())
        if not os.access(parent, os.W_OK):
            yield Problem(
                where="data_dir", what=f"{folder} cannot be made: {parent} is not writable by this user."
            )
        return
    if not folder.is_dir():
        yield Problem(where="data_dir", what=f"{folder} is no directory.")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Problem(where="data_dir", what=f"{folder} is not writable by this user.")
    elif stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Problem(
            where="data_dir",
            what=f"{folder} can be read by others, and holds secrets: chmod 700 {folder}.",
            error=False,
        )


def _database(settings: Settings) -> Iterator[Problem]:
    url = settings.database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return  # made at the first start
    try:
        backend = backend_for(url)
        try:
            connection = backend.connect(read_only=True)
            connection.close()
        finally:
            backend.close()
    except (SQLAlchemyError, CurrantError, OSError, ValueError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Problem(where="database.url", what=f"The database cannot be reached: {reason}")


def _certificates(settings: Settings, now: datetime) -> Iterator[Problem]:
    tls = settings.tls
    pairs = (
        ("tls.certificate", tls.certificate, "tls.key", tls.key),
        ("tls.second_certificate", tls.second_certificate, "tls.second_key", tls.second_key),
    )
    for certificate_name, certificate, key_name, key in pairs:
        if certificate is None and key is None:
            continue
        if certificate is None or key is None:
            missing = certificate_name if certificate is None else key_name
            yield Problem(
                where=missing, what="A certificate needs its key and a key its certificate: set both."
            )
            continue
        yield from _pair(certificate_name, certificate, key_name, key, tls.names, now)
    if tls.client_roots is not None:
        try:
            x509.load_pem_x509_certificates(tls.client_roots.read_bytes())
        except (OSError, ValueError) as error:
            yield Problem(
                where="tls.client_roots", what=f"{tls.client_roots} cannot be read as PEM: {error}."
            )


def _pair(
    certificate_name: str, certificate: Path, key_name: str, key: Path, names: tuple[str, ...], now: datetime
) -> Iterator[Problem]:
    try:
        leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except (OSError, ValueError) as error:
        yield Problem(where=certificate_name, what=f"{certificate} cannot be read as PEM: {error}.")
        return
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        yield Problem(where=key_name, what=f"{key} cannot be read as an unencrypted PEM key: {error}.")
        return
    if leaf.public_key() != private.public_key():
        yield Problem(where=key_name, what=f"{key} is not the key of {certificate}.")
    ends = leaf.not_valid_after_utc
    if ends < now:
        yield Problem(where=certificate_name, what=f"{certificate} expired on {ends:%Y-%m-%d}: renew it.")
    elif ends - now < SOON:
        yield Problem(where=certificate_name, what=f"{certificate} expires on {ends:%Y-%m-%d}.", error=False)
    if leaf.not_valid_before_utc > now:
        begins = leaf.not_valid_before_utc
        yield Problem(where=certificate_name, what=f"{certificate} is valid from {begins:%Y-%m-%d} on only.")
    with contextlib.suppress(x509.ExtensionNotFound):
        covered = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = {str(entry.value) for entry in covered}
        for name in names:
            if name not in known and f"*.{name.partition('.')[2]}" not in known:
                yield Problem(where="tls.names", what=f"{certificate} is not for {name}.", error=False)


def _ports(settings: Settings) -> Iterator[Problem]:
    http, ocpp = settings.http, settings.ocpp
    wanted = [("http.port", http.host, http.port)]
    if ocpp.plain:
        wanted.append(("ocpp.port", ocpp.host, ocpp.port))
    if ocpp.tls:
        wanted.append(("ocpp.tls_port", ocpp.tls_host, ocpp.tls_port))
    taken: dict[int, str] = {}
    for where, host, port in wanted:
        if port and port in taken:
            yield Problem(where=where, what=f"{port} is the port of {taken[port]} too.")
            continue
        taken[port] = where
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                what = f"Nothing can listen on {host}:{port} ({error.strerror}). Choose another port, or stop what has it."
                yield Problem(where=where, what=what)


def _openness(settings: Settings) -> Iterator[Problem]:
    """What is allowed, and still worth knowing."""
    http, ocpp = settings.http, settings.ocpp
    if not http.tls and not _is_loopback(http.host):
        what = "The API is open to the network without encryption: set http.tls, or use a reverse proxy."
        yield Problem(where="http.host", what=what, error=False)
    if ocpp.plain and not _is_loopback(ocpp.host):
        what = "Stations send their passwords over an unencrypted line: use wss:// where they can."
        yield Problem(where="ocpp.host", what=what, error=False)
        if ocpp.allow_unauthenticated:
            what = "Anybody in the network can pretend to be any station without a password."
            yield Problem(where="ocpp.allow_unauthenticated", what=what, error=False)
    if ocpp.unknown_stations is UnknownStations.OPEN:
        what = "Every station that connects is accepted: for test benches only."
        yield Problem(where="ocpp.unknown_stations", what=what, error=False)
    if not ocpp.plain and not ocpp.tls:
        yield Problem(where="ocpp", what="No station can connect: switch on ocpp.tls or ocpp.plain.")


def _is_loopback(host: str) -> bool:
    return host.startswith(LOOPBACK)
