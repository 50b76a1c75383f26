"""The documents around the driver's app: what they say by host name, and that nothing of one leaks into another."""

import json
import struct
import zlib
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from currant.tenancy.branding_model import PublicBranding
from currant.web import icons
from currant.web.assets import Asset, Bundle
from currant.web.pages import web_routes

DOCUMENT = (
    '<meta name="csp-nonce" content="__NONCE__"><meta name="site" content="__SITE__">'
    '<meta name="theme-color" content="__THEME__"><title>__TITLE__</title>'
)
BUNDLE = Bundle(
    documents={"driver": DOCUMENT, "console": "<p>__NONCE__"},
    assets={"sw.js": Asset(media_type="text/javascript", raw=b"// keeps", hashed=False)},
)


class TwoBrands:
    """Stands for the brandings of an installation: two organisations by host name."""

    def __init__(self) -> None:
        self.brands = {
            "red.test": PublicBranding(
                tenant="Red", name="Red", product_name='Red "& <b>', primary_colour="#cc0000"
            ),
            "": PublicBranding(tenant="Own", name="Own", product_name="Own", primary_colour="#ffd400"),
        }

    def tenant_of_host(self, host: str) -> Any:
        return host if host in self.brands else ""

    def is_branded(self, host: str) -> bool:
        return host in self.brands

    def public(self, tenant_id: Any) -> PublicBranding:
        return self.brands[tenant_id]


@pytest.fixture
async def client() -> AsyncIterator[AsyncTestClient[Litestar]]:
    app = Litestar(list(web_routes(BUNDLE, brandings=TwoBrands())), openapi_config=None)  # type: ignore[arg-type]
    async with AsyncTestClient(app) as client:
        yield client


async def asked(client: AsyncTestClient[Litestar], path: str, host: str = "own.test") -> Any:
    return await client.get(path, headers={"Host": host}, follow_redirects=False)


async def test_the_document_says_whose_app_it_is_without_being_broken_by_it(
    client: AsyncTestClient[Litestar],
) -> None:
    text = (await asked(client, "/charge/at/CP-1", "red.test")).text
    assert "<b>" not in text
    content = text.split('name="site" content="')[1].split('"')[0]
    site = json.loads(unescape(content))
    assert (site["product_name"], site["primary_colour"]) == ('Red "& <b>', "#cc0000")
    assert 'content="#cc0000"' in text
    assert "Red" not in (await asked(client, "/charge/")).text


async def test_each_answer_has_a_nonce_of_its_own(client: AsyncTestClient[Litestar]) -> None:
    first, second = await asked(client, "/charge/"), await asked(client, "/charge/")
    assert first.text != second.text
    nonce = first.text.split('csp-nonce" content="')[1].split('"')[0]
    assert f"'nonce-{nonce}'" in first.headers["content-security-policy"]
    assert "camera=(self)" in first.headers["permissions-policy"]


async def test_a_name_given_to_drivers_leads_to_the_app(client: AsyncTestClient[Litestar]) -> None:
    assert (await asked(client, "/", "red.test")).headers["location"] == "/charge/"
    assert (await asked(client, "/")).headers["location"] == "/console/"
    printed = await asked(client, "/c/DE*ABC*E1", "red.test")
    assert printed.headers["location"] == "/charge/at/DE%2AABC%2AE1"


async def test_the_manifest_is_the_organisations(client: AsyncTestClient[Litestar]) -> None:
    manifest = (await asked(client, "/charge/manifest.webmanifest", "red.test")).json()
    assert (manifest["start_url"], manifest["scope"], manifest["theme_color"]) == (
        "/charge/",
        "/charge/",
        "#cc0000",
    )
    for icon in manifest["icons"]:
        drawn = await asked(client, icon["src"], "red.test")
        assert drawn.headers["content-type"] == "image/png"
        assert point_of(drawn.content, 1, 1) == (0xCC, 0, 0)


async def test_the_worker_is_served_where_its_scope_is(client: AsyncTestClient[Litestar]) -> None:
    answer = await asked(client, "/charge/sw.js")
    assert (answer.text, answer.headers["cache-control"]) == ("// keeps", "no-cache")
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(("colour", "ink"), [("#ffd400", (0, 0, 0)), ("#0b3d2e", (255, 255, 255))])
def test_the_sign_is_seen_on_its_ground(colour: str, ink: tuple[int, int, int]) -> None:
    picture = icons.png(colour, 192)
    assert point_of(picture, 96, 96) == ink
    assert point_of(picture, 0, 191) == icons.colour_of(colour)


def point_of(png: bytes, x: int, y: int) -> tuple[int, ...]:
    """The colour of a point of a picture as `icons` makes them."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width = struct.unpack(">I", png[16:20])[0]
    begin = png.index(b"IDAT")
    length = struct.unpack(">I", png[begin - 4 : begin])[0]
    rows = zlib.decompress(png[begin + 4 : begin + 4 + length])
    at = y * (width * 3 + 1) + 1 + x * 3
    return tuple(rows[at : at + 3])
