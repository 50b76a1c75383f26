"""Files: sent and fetched by stations over signed links, browsed by people. `station` is an id or an identity."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from litestar import MediaType, Response, Router, delete, get, route
from litestar.enums import HttpMethod
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.ranges import Part, Unsatisfiable, http_date, part_wanted
from currant.api.routes.common import services_of, tenant_of
from currant.api.routes.parameters import Station, Word, station_id_of
from currant.api.uploads import Upload, drain
from currant.kit.errors import CurrantError
from currant.kit.ids import FileId
from currant.stations.model import Page
from currant.stations.transfers.addressing import fit_name
from currant.stations.transfers.files import Fetchable, FileService
from currant.stations.transfers.model import StoredFile
from currant.stations.transfers.preview import BYTES_MAX, FilePreview
from currant.tenancy.model import Permission

LINK_LETTERS = 50
"""A link's word is so long; what a charger puts right behind it is the name of its file."""

Bytes = Annotated[
    int,
    QueryParameter(ge=1, le=BYTES_MAX, required=False, description="Bytes of a text that are shown."),
]


def files_of(request: ApiRequest) -> FileService:
    files = services_of(request).files
    assert files is not None, "Where files have routes they have a service."
    return files


@route(
    ["/up/{word:str}", "/up/{word:str}/{name:path}"],
    http_method=[HttpMethod.PUT, HttpMethod.POST],
    status_code=200,
    request_max_body_size=None,
    include_in_schema=False,
    opt={"permission": PUBLIC, "never_compressed": True},
)
async def send_file(request: ApiRequest, word: FromPath[str], name: FromPath[str] = "") -> Response[str]:
    """Take a station's file. The link is all the station needs; PUT, POST and forms are the same here (N01.FR.18)."""
    word, appended = word[:LINK_LETTERS], word[LINK_LETTERS:]
    try:
        await files_of(request).receive(word, Upload(request, name=name.strip("/") or appended))
    except CurrantError as error:
        await drain(request)
        return refusal(error, headers={"Connection": "close"})
    return Response("", status_code=200, media_type=MediaType.TEXT)


@route(
    ["/down/{word:str}", "/down/{word:str}/{name:path}"],
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    status_code=200,
    include_in_schema=False,
    opt={"permission": PUBLIC, "never_compressed": True},
)
async def fetch_file(request: ApiRequest, word: FromPath[str], name: FromPath[str] = "") -> Response[Any]:
    """Give a station its firmware, or the part that it lacks (Range)."""
    files = files_of(request)
    try:
        file = await files.fetchable(word[:LINK_LETTERS])
        files.check_free()
    except CurrantError as error:
        return refusal(error)
    return served(request, file, lambda part: files.given(file, begin=part.begin, end=part.end))


def refusal(error: CurrantError, headers: dict[str, str] | None = None) -> Response[str]:
    """A mistake in words alone: a charger reads no problem documents, and its technician reads its log."""
    given = dict(headers or {})
    if error.status == 503:
        given["Retry-After"] = "60"
    return Response(error.message, status_code=error.status, media_type=MediaType.TEXT, headers=given)


def served(request: ApiRequest, file: Fetchable, read: Any) -> Response[Any]:
    """A file, or the part of it that was asked for, to be saved and never to be shown by a browser."""
    tag = f'"{file.sha256[:32]}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Last-Modified": http_date(file.created_at),
        "Content-Disposition": f'attachment; filename="{fit_name(file.name) or "file"}"; '
        f"filename*=UTF-8''{quote(file.name, safe='')}",
    }
    part, status = Part(0, file.size), 200
    try:
        wanted = part_wanted(
            request.headers.get("range", ""),
            if_range=request.headers.get("if-range", ""),
            tag=tag,
            changed_at=file.created_at.replace(microsecond=0),
            size=file.size,
        )
    except Unsatisfiable:
        headers["Content-Range"] = f"bytes */{file.size}"
        return Response("", status_code=416, media_type=MediaType.TEXT, headers=headers)
    if wanted is not None and request.method != "HEAD":
        part, status = wanted, 206
        headers["Content-Range"] = f"bytes {part.begin}-{part.end - 1}/{file.size}"
    headers["Content-Length"] = str(part.end - part.begin)
    content = _nothing() if request.method == "HEAD" else read(part)
    return Stream(content, status_code=status, media_type="application/octet-stream", headers=headers)


async def _nothing() -> AsyncIterator[bytes]:
    empty: tuple[bytes, ...] = ()
    for chunk in empty:
        yield chunk


@get("/files", opt={"permission": Permission.FILES_READ})
async def list_files(
    request: ApiRequest, station: Station = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[StoredFile]:
    """What stations sent, latest first."""
    station_id = None if station is None else station_id_of(request, station)
    return await files_of(request).list(tenant_of(request), station_id=station_id, cursor=cursor, limit=limit)


@get("/stations/{station:str}/files", opt={"permission": Permission.FILES_READ})
async def list_files_of_station(
    request: ApiRequest, station: FromPath[str], cursor: Cursor = None, limit: Limit = 100
) -> Page[StoredFile]:
    """The logs that a station sent, latest first."""
    return await files_of(request).list(
        tenant_of(request), station_id=station_id_of(request, station), cursor=cursor, limit=limit
    )


@get("/files/{file_id:str}", opt={"permission": Permission.FILES_READ})
async def get_file(request: ApiRequest, file_id: FromPath[str]) -> StoredFile:
    """One file, without what is in it."""
    return await files_of(request).get(tenant_of(request), FileId(file_id))


@get("/files/{file_id:str}/content", opt={"permission": Permission.FILES_READ, "never_compressed": True})
async def download_file(request: ApiRequest, file_id: FromPath[str]) -> Response[Any]:
    """The file itself, to be saved. Takes Range."""
    files = files_of(request)
    found = await files.get(tenant_of(request), FileId(file_id))
    file = Fetchable(
        file_id=found.id,
        name=found.name,
        size=found.size,
        sha256=found.sha256,
        created_at=found.created_at,
    )
    return served(request, file, lambda part: files.read(file.file_id, begin=part.begin, end=part.end))


@get("/files/{file_id:str}/preview", opt={"permission": Permission.FILES_READ})
async def preview_file(
    request: ApiRequest, file_id: FromPath[str], member: Word = None, bytes_shown: Bytes = 64_000
) -> FilePreview:
    """The beginning of a text, unpacked when it is gzip; of a zip what is in it, or the beginning of a `member`."""
    return await files_of(request).preview(
        tenant_of(request), FileId(file_id), member=member, most_bytes=bytes_shown
    )


@delete("/files/{file_id:str}", opt={"permission": Permission.STATIONS_WRITE})
async def delete_file(request: ApiRequest, file_id: FromPath[str]) -> None:
    """Throw a station's file away."""
    await files_of(request).delete(tenant_of(request), FileId(file_id))


station_router = Router("/files", route_handlers=[send_file, fetch_file])
router = Router(
    "/api/v1",
    tags=["Files"],
    route_handlers=[list_files, list_files_of_station, get_file, download_file, preview_file, delete_file],
)
