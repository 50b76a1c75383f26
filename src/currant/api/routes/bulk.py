"""Locations, stations and tokens in bulk, as CSV or JSON, in and out."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Router, get, post
from litestar.params import QueryParameter
from litestar.response import Stream

from currant.api.authentication import ApiRequest
from currant.api.problems import ApiError
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.kit.errors import Invalid
from currant.stations.bulk import Format, ImportReport
from currant.tenancy.model import Permission

BYTES_MAX = 20_000_000
TYPES = {"text/csv": Format.CSV, "application/json": Format.JSON}
MEDIA = {Format.CSV: "text/csv", Format.JSON: "application/json"}

DryRun = Annotated[bool, QueryParameter(required=False, description="Only say what would happen.")]
Partial = Annotated[
    bool, QueryParameter(required=False, description="Take the good rows even when others are wrong.")
]
Form = Annotated[Format, QueryParameter(name="format", required=False, description="csv or json.")]


async def _content(request: ApiRequest) -> tuple[bytes, Format]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TYPES:
        raise ApiError(415, "unsupported_media_type", "Send `Content-Type: text/csv` or `application/json`.")
    content = await request.body()
    if not content:
        raise Invalid("The body is empty: send the file as it is.", field="body")
    return content, TYPES[kind]


def download(chunks: AsyncIterator[bytes], name: str, form: Format) -> Stream:
    """The answer that a browser saves as a file while it comes."""
    disposition = f'attachment; filename="{name}.{form.value}"'
    return Stream(chunks, media_type=MEDIA[form], headers={"Content-Disposition": disposition})


@post(
    "/locations/import",
    status_code=200,
    opt={"permission": Permission.LOCATIONS_WRITE, "takes": tuple(TYPES)},
    tags=["Locations"],
    request_max_body_size=BYTES_MAX,
)
async def import_locations(
    request: ApiRequest, dry_run: DryRun = False, partial: Partial = False
) -> ImportReport:
    """Import locations from CSV or JSON. A location is known by its `reference`, so an import can be repeated.

    With one mistake nothing is written, unless `partial`; the answer names every mistake by row and field.
    """
    content, form = await _content(request)
    return await services_of(request).station_imports.import_locations(
        tenant_of(request), content, form, by=caller_of(request).label, dry_run=dry_run, partial=partial
    )


@post(
    "/stations/import",
    status_code=200,
    opt={"permission": Permission.STATIONS_ADMIT, "takes": tuple(TYPES)},
    tags=["Stations"],
    request_max_body_size=BYTES_MAX,
)
async def import_stations(
    request: ApiRequest, dry_run: DryRun = False, partial: Partial = False
) -> ImportReport:
    """Import stations from CSV or JSON. A station is known by its `identity`, so an import can be repeated.

    A CSV has a row for each connector. Beside a station's fields there may be `location_reference` and
    `password`. With one mistake nothing is written, unless `partial`.
    """
    content, form = await _content(request)
    return await services_of(request).station_imports.import_stations(
        tenant_of(request), content, form, by=caller_of(request).label, dry_run=dry_run, partial=partial
    )


@post(
    "/tokens/import",
    status_code=200,
    opt={"permission": Permission.TOKENS_WRITE, "takes": tuple(TYPES)},
    tags=["Tokens"],
    request_max_body_size=BYTES_MAX,
)
async def import_tokens(
    request: ApiRequest, dry_run: DryRun = False, partial: Partial = False
) -> ImportReport:
    """Import tokens from CSV or JSON. A token is known by kind and uid, so an import can be repeated.

    Beside a token's fields there may be `group_uid`. With one mistake nothing is written, unless `partial`.
    """
    content, form = await _content(request)
    return await services_of(request).token_imports.import_tokens(
        tenant_of(request), content, form, by=caller_of(request).label, dry_run=dry_run, partial=partial
    )


@get(
    "/locations/export",
    opt={"permission": Permission.LOCATIONS_READ, "gives": tuple(TYPES)},
    tags=["Locations"],
)
async def export_locations(request: ApiRequest, form: Form = Format.CSV) -> Stream:
    """Export all locations, as import takes them."""
    chunks = services_of(request).station_imports.export_locations(tenant_of(request), form)
    return download(chunks, "locations", form)


@get(
    "/stations/export", opt={"permission": Permission.STATIONS_READ, "gives": tuple(TYPES)}, tags=["Stations"]
)
async def export_stations(request: ApiRequest, form: Form = Format.CSV) -> Stream:
    """Export all stations, as import takes them. Passwords are not known and not in it."""
    chunks = services_of(request).station_imports.export_stations(tenant_of(request), form)
    return download(chunks, "stations", form)


@get("/tokens/export", opt={"permission": Permission.TOKENS_READ, "gives": tuple(TYPES)}, tags=["Tokens"])
async def export_tokens(request: ApiRequest, form: Form = Format.CSV) -> Stream:
    """Export all tokens, as import takes them."""
    chunks = services_of(request).token_imports.export_tokens(tenant_of(request), form)
    return download(chunks, "tokens", form)


router = Router(
    "/api/v1",
    route_handlers=[
        import_locations,
        import_stations,
        import_tokens,
        export_locations,
        export_stations,
        export_tokens,
    ],
)
