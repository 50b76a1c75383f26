"""Files in the bodies of requests, read as they come: raw, or as the file of a multipart form."""

import asyncio
from collections.abc import AsyncIterator
from email.message import Message as Headers
from typing import Any

from litestar import Request
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from currant.kit.errors import Invalid
from currant.stations.transfers.files import BrokenOff

FIELD_BYTES_MAX = 32_000
FIELDS_MAX = 20
ENVELOPE_BYTES = 4_096
"""A form's parts around the file are taken to have so many bytes, when its size is guessed from the body's."""
DRAINED_BYTES = 1_000_000
DRAINED_S = 5.0

AnyRequest = Request[Any, Any, Any]


class Upload:
    """What a request sends; `fields` are the form's other values, complete once all has been read."""

    def __init__(self, request: AnyRequest, *, name: str = "") -> None:
        headers = request.headers
        kind, options = parse_options_header(headers.get("content-type", ""))
        self._request = request
        self._boundary = options.get("boundary", "") if kind == "multipart/form-data" else ""
        self.name = name or _name_in(headers.get("content-disposition", ""))
        self.media_type = "" if self._boundary else kind
        self.is_form = bool(self._boundary)
        self.fields: dict[str, list[str]] = {}
        length = headers.get("content-length", "")
        self.announced: int | None = None
        if length.isdecimal():
            self.announced = max(0, int(length) - ENVELOPE_BYTES) if self._boundary else int(length)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._form() if self._boundary else body(self._request)

    async def _form(self) -> AsyncIterator[bytes]:
        part: MultipartSegment | None = None
        is_file = found = False
        field = bytearray()
        try:
            with PushMultipartParser(self._boundary, max_segment_count=FIELDS_MAX) as parser:
                async for chunk in body(self._request):
                    for event in parser.parse(chunk):
                        if isinstance(event, MultipartSegment):
                            part, field = event, bytearray()
                            # The first part that has a file's name is the file; all others are values.
                            is_file = part.filename is not None and not found
                            if is_file:
                                found = True
                                self.name = self.name or part.filename or ""
                                self.media_type = part.content_type or ""
                        elif event:
                            if is_file:
                                yield bytes(event)
                            else:
                                field += event
                                if len(field) > FIELD_BYTES_MAX:
                                    raise Invalid("A field of the form is too long.", field="file")
                        elif part is not None and not is_file:
                            self.fields.setdefault(part.name, []).append(field.decode("utf-8", "replace"))
        except MultipartError as error:
            raise Invalid(f"The form cannot be read: {error}.", field="file") from error
        if not found:
            raise Invalid("The form has no file: give one part a filename.", field="file")


async def body(request: AnyRequest) -> AsyncIterator[bytes]:
    """The body as it comes; BrokenOff when the sender goes away."""
    while True:
        message: Any = await request.receive()
        if message["type"] == "http.disconnect":
            raise BrokenOff("The connection ended before the file did.")
        if message["body"]:
            yield message["body"]
        if not message.get("more_body", False):
            return


async def drain(request: AnyRequest) -> None:
    """Read on a little after a refusal: who is still sending would not see an answer sent over it."""
    if request.headers.get("expect"):
        return
    left = DRAINED_BYTES
    try:
        async with asyncio.timeout(DRAINED_S):
            async for chunk in body(request):
                left -= len(chunk)
                if left <= 0:
                    return
    except (TimeoutError, BrokenOff):
        return


def _name_in(disposition: str) -> str:
    if not disposition:
        return ""
    parsed = Headers()
    parsed["content-disposition"] = disposition[:1_000]
    return parsed.get_filename("") or ""
