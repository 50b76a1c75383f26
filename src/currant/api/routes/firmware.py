"""Firmware images: kept here, described, and checked to be signed as stations demand it."""

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.files import served
from currant.api.routes.parameters import Search, Word
from currant.api.uploads import Upload
from currant.kit.errors import Invalid
from currant.kit.ids import FileId, FirmwareId
from currant.stations.model import Page
from currant.stations.transfers.files import Fetchable
from currant.stations.transfers.firmware import FirmwareChange, FirmwareDraft, FirmwareLibrary
from currant.stations.transfers.model import FirmwareImage
from currant.tenancy.model import Permission

Models = Annotated[
    list[str] | None,
    QueryParameter(required=False, description="A model that it is for; may be given several times."),
]


def firmware_of(request: ApiRequest) -> FirmwareLibrary:
    firmware = services_of(request).firmware
    assert firmware is not None, "Where files have routes they have a service."
    return firmware


@post(
    "/",
    request_max_body_size=None,
    opt={"permission": Permission.STATIONS_WRITE},
)
async def add_firmware(
    request: ApiRequest,
    version: Word = None,
    vendor: Word = None,
    models: Models = None,
    release_notes: Word = None,
    name: Word = None,
) -> FirmwareImage:
    """Add an image: as the body itself, described by the parameters, or as the file of a form
    (`multipart/form-data`) with fields of the same names and `certificate` and `signature`.

    A signature is checked against the image at once. It may also be added afterwards.
    """
    upload = Upload(request)
    given: dict[str, Any] = {
        "version": version,
        "vendor": vendor,
        "release_notes": release_notes,
        "name": name,
        "models": models,
    }

    def describe() -> FirmwareDraft:
        return _draft(given, upload.fields)

    if not upload.is_form:
        # What is wrong with the parameters is known before the image is read.
        describe()
    return await firmware_of(request).add(tenant_of(request), upload, describe, by=caller_of(request).label)


def _draft(given: dict[str, Any], fields: dict[str, list[str]]) -> FirmwareDraft:
    words: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    for key, values in fields.items():
        if key not in FirmwareDraft.__struct_fields__:
            raise Invalid(f"There is no field {key} in the description of firmware.", field=key)
        words.setdefault(key, values if key == "models" else values[0])
    if "version" not in words:
        raise Invalid("Say which version the image is.", field="version")
    try:
        return msgspec.convert(words, FirmwareDraft)
    except msgspec.ValidationError as error:
        raise Invalid(f"The description does not fit: {error}.", field="firmware") from error


@get("/", opt={"permission": Permission.STATIONS_READ})
async def list_firmware(
    request: ApiRequest,
    vendor: Word = None,
    search: Search = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[FirmwareImage]:
    """Images, latest first."""
    return await firmware_of(request).list(
        tenant_of(request), vendor=vendor, search=search, cursor=cursor, limit=limit
    )


@get("/{firmware_id:str}", opt={"permission": Permission.STATIONS_READ})
async def get_firmware(request: ApiRequest, firmware_id: FromPath[str]) -> FirmwareImage:
    """One image, without its bytes."""
    return await firmware_of(request).get(tenant_of(request), FirmwareId(firmware_id))


@patch("/{firmware_id:str}", opt={"permission": Permission.STATIONS_WRITE})
async def change_firmware(
    request: ApiRequest, firmware_id: FromPath[str], data: JSONBody[FirmwareChange]
) -> FirmwareImage:
    """Describe an image otherwise, or add its certificate and signature."""
    return await firmware_of(request).change(
        tenant_of(request), FirmwareId(firmware_id), data, by=caller_of(request).label
    )


@get("/{firmware_id:str}/content", opt={"permission": Permission.FILES_READ, "never_compressed": True})
async def download_firmware(request: ApiRequest, firmware_id: FromPath[str]) -> Response[Any]:
    """The image itself. Takes Range."""
    firmware = firmware_of(request)
    image = await firmware.get(tenant_of(request), FirmwareId(firmware_id))
    file = Fetchable(
        file_id=FileId(image.id),
        name=image.name,
        size=image.size,
        sha256=image.sha256,
        created_at=image.created_at,
    )
    return served(request, file, lambda part: firmware.read(image.id, begin=part.begin, end=part.end))


@delete("/{firmware_id:str}", opt={"permission": Permission.STATIONS_WRITE})
async def delete_firmware(request: ApiRequest, firmware_id: FromPath[str]) -> None:
    """Delete an image. Not while a station is being given it."""
    await firmware_of(request).delete(
        tenant_of(request), FirmwareId(firmware_id), by=caller_of(request).label
    )


router = Router(
    "/api/v1/firmware",
    tags=["Firmware"],
    route_handlers=[
        add_firmware,
        list_firmware,
        get_firmware,
        change_firmware,
        download_firmware,
        delete_firmware,
    ],
)
