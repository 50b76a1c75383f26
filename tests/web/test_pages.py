"""How the pages are handed out: policy, nonce, encodings, caching, redirects, and what is said without a bundle."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from currant.web.assets import Asset, Bundle, Tiles, load, new_nonce, policy
from currant.web.pages import web_routes

SCRIPT = "assets/console-abc.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    page = '<meta name="csp-nonce" content="__NONCE__"><meta content="__TILES__"><meta content="__ATTRIBUTION__">'
    (tmp_path / "console.html").write_text(page)
    (tmp_path / SCRIPT).write_bytes(b"as it is")
    (tmp_path / f"{SCRIPT}.gz").write_bytes(b"packed")
    (tmp_path / f"{SCRIPT}.br").write_bytes(b"smallest")
    (tmp_path / "icon.svg").write_text("<svg/>")
    return tmp_path


def served(bundle: Bundle, **told: object) -> TestClient[Litestar]:
    return TestClient(Litestar([*web_routes(bundle, **told)]))  # type: ignore[arg-type]


def test_a_document_has_a_nonce_of_its_own_that_the_policy_names(folder: Path) -> None:
    with served(load(folder)) as client:
        answers = [client.get("/console/stations/QUAY-1") for _ in range(2)]
    nonces = [re.search('content="([^"]+)"', answer.text)[1] for answer in answers]  # type: ignore[index]
    assert nonces[0] != nonces[1]
    for answer, nonce in zip(answers, nonces, strict=True):
        assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-cache"


def test_nothing_runs_or_is_asked_from_elsewhere() -> None:
    directives = dict(part.strip().partition(" ")[::2] for part in policy(new_nonce()).split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert "unsafe-eval" not in str(directives)


def test_a_tile_server_is_asked_and_named_and_cannot_write_into_the_page(folder: Path) -> None:
    tiles = Tiles(url='https://tiles.example/{z}/{x}/{y}.png?"><script>', attribution="<b>maps</b>")
    with served(load(folder), tiles=tiles) as client:
        answer = client.get("/console/")
    assert "<script>" not in answer.text
    assert "<b>" not in answer.text
    assert "img-src 'self' data: blob: https://tiles.example;" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("accepted", "body", "encoding"),
    [
        ("br, gzip", b"smallest", "br"),
        ("gzip, deflate", b"packed", "gzip"),
        ("", b"as it is", ""),
        ("br;q=0, gzip", b"packed", "gzip"),
        ("identity", b"as it is", ""),
    ],
)
def test_a_browser_gets_the_smallest_form_that_it_takes(
    folder: Path, accepted: str, body: bytes, encoding: str
) -> None:
    asset = load(folder).assets[SCRIPT]
    assert asset.best(accepted) == (body, encoding)


def test_hashed_assets_are_kept_for_ever_and_others_asked_for_again(folder: Path) -> None:
    with served(load(folder)) as client:
        script = client.get(f"/{SCRIPT}", headers={"Accept-Encoding": "identity"})
        icon = client.get("/icon.svg")
        again = client.get("/icon.svg", headers={"If-None-Match": icon.headers["ETag"]})
        missing = client.get("/assets/nothing.js")
        outside = client.get("/assets/..%2fconsole.html")
    assert "immutable" in script.headers["Cache-Control"]
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert icon.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert missing.status_code == outside.status_code == 404


def test_a_host_of_drivers_leads_to_their_app_and_codes_to_the_charger(folder: Path) -> None:
    brandings = SimpleNamespace(is_branded=lambda host: host == "charge.example")
    with served(load(folder), brandings=brandings) as client:
        ours = client.get("/", follow_redirects=False)
        theirs = client.get("/", headers={"Host": "charge.example"}, follow_redirects=False)
        code = client.get("/c/DE*CUR*E1", follow_redirects=False)
    assert ours.headers["Location"] == "/console/"
    assert theirs.headers["Location"] == "/charge/"
    assert code.headers["Location"] == "/charge/at/DE%2ACUR%2AE1"


def test_without_a_bundle_the_pages_say_so(tmp_path: Path) -> None:
    with served(load(tmp_path / "nothing")) as client:
        answer = client.get("/console/")
    assert answer.status_code == 501
    assert "CURRANT_WEB=skip" in answer.text


def test_an_asset_without_packed_forms_goes_as_it_is() -> None:
    assert Asset(media_type="text/plain", raw=b"x").best("br, gzip") == (b"x", "")
