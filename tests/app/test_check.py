"""`currant check` says in words what would go wrong."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from currant.app.check import check
from currant.app.place import Place
from currant.app.settings import Settings, load
from currant.kit.clock import ManualClock, SystemClock
from currant.pki.authority import Authority

FREE = {"http.port": 0, "ocpp.port": 0, "ocpp.tls_port": 0}


def settings(folder: Path, **options: Any) -> Settings:
    dotted = {name.replace("__", "."): value for name, value in options.items()}
    return load(options={"data_dir": folder / "data", **FREE, **dotted}, environment={})


def found(given: Settings) -> dict[str, str]:
    return {problem.where: problem.what for problem in check(given, SystemClock())}


def test_nothing_is_wrong_with_the_defaults(tmp_path: Path) -> None:
    assert found(settings(tmp_path)) == {}


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert str(port) in found(settings(tmp_path, ocpp__port=port))["ocpp.port"]


def test_one_port_for_two_things(tmp_path: Path) -> None:
    assert "http.port too" in found(settings(tmp_path, http__port=18_999, ocpp__port=18_999))["ocpp.port"]


def test_ports_that_our_own_running_server_holds_are_no_problem(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    place.prepare()
    with place.held(), socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        ours.listen()
        assert found(settings(tmp_path, ocpp__port=ours.getsockname()[1])) == {}


def test_a_certificate_without_its_key_and_one_with_anothers(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "pki", clock=SystemClock())
    rsa, ecdsa = authority.server_certificates(["localhost"])
    assert "tls.key" in found(settings(tmp_path, tls__certificate=rsa.certificate))
    mixed = found(settings(tmp_path, tls__certificate=rsa.certificate, tls__key=ecdsa.key))
    assert "is not the key of" in mixed["tls.key"]
    assert found(settings(tmp_path, tls__certificate=rsa.certificate, tls__key=rsa.key)) == {}


def test_a_certificate_that_has_expired_or_soon_will(tmp_path: Path) -> None:
    for age, words in ((400, "expired on"), (350, "expires on")):
        clock = ManualClock(SystemClock().now() - timedelta(days=age))
        files = Authority.open(tmp_path / str(age), clock=clock).server_certificates(["localhost"])[0]
        given = settings(tmp_path, tls__certificate=files.certificate, tls__key=files.key)
        assert words in found(given)["tls.certificate"]


def test_a_certificate_that_is_for_another_name(tmp_path: Path) -> None:
    files = Authority.open(tmp_path / "pki", clock=SystemClock()).server_certificates(["localhost"])[0]
    given = settings(
        tmp_path, tls__certificate=files.certificate, tls__key=files.key, tls__names=("csms.example.org",)
    )
    assert "not for csms.example.org" in found(given)["tls.names"]


def test_a_certificate_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("no certificate")
    given = settings(tmp_path, tls__certificate=tmp_path / "a.pem", tls__key=tmp_path / "missing.key")
    assert "cannot be read as PEM" in found(given)["tls.certificate"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody@127.0.0.1:1/currant", "cannot be reached"),
        ("mysql://localhost/currant", "must begin with sqlite:/// or postgresql://"),
    ],
)
def test_a_database_that_cannot_be_had(tmp_path: Path, url: str, words: str) -> None:
    assert words in found(settings(tmp_path, database__url=url))["database.url"]


def test_a_data_directory_that_is_a_file_or_open_to_others(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "is no directory" in found(settings(tmp_path))["data_dir"]
    (tmp_path / "data").unlink()
    (tmp_path / "data").mkdir(mode=0o755)
    assert "chmod 700" in found(settings(tmp_path))["data_dir"]


def test_what_opens_the_network_is_pointed_out_and_allowed(tmp_path: Path) -> None:
    given = settings(tmp_path, http__host="0.0.0.0", ocpp__host="0.0.0.0", ocpp__unknown_stations="open")
    problems = check(given, SystemClock())
    assert {problem.where for problem in problems} == {"http.host", "ocpp.host", "ocpp.unknown_stations"}
    assert not any(problem.error for problem in problems)


def test_no_way_in_at_all(tmp_path: Path) -> None:
    assert "No station can connect" in found(settings(tmp_path, ocpp__plain=False, ocpp__tls=False))["ocpp"]
