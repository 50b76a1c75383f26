"""Notes about stations, places and sessions."""

from typing import Annotated

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import station_id_of
from currant.api.routes.sessions import find_session
from currant.kit.ids import LocationId, NoteId
from currant.stations.model import Page
from currant.stations.notes import NoteChange, NoteDraft, Notes, split_about
from currant.stations.notes_model import Note
from currant.tenancy.model import Caller, Permission

About = Annotated[
    str,
    QueryParameter(
        max_length=100, description="`station:<id or identity>`, `location:<id>` or `session:<id or number>`."
    ),
]


def notes_of(request: ApiRequest) -> Notes:
    notes = services_of(request).notes
    assert notes is not None, "Where people work together they write notes."
    return notes


@get("/", opt={"permission": Permission.STATIONS_READ})
async def list_notes(request: ApiRequest, about: About) -> Page[Note]:
    """The notes about one thing: pinned ones first, then the latest. They all come at once."""
    return Page(items=await notes_of(request).list(tenant_of(request), await _about(request, about)))


@post("/", opt={"permission": Permission.NOTES_WRITE})
async def write_note(request: ApiRequest, data: JSONBody[NoteDraft]) -> Note:
    """Write something down about a station, a place or a session."""
    about = await _about(request, data.about)
    return await notes_of(request).write(
        tenant_of(request), about, data.text, pinned=data.pinned, by=caller_of(request).label
    )


@patch("/{note:str}", opt={"permission": Permission.NOTES_WRITE})
async def change_note(request: ApiRequest, note: FromPath[str], data: JSONBody[NoteChange]) -> Note:
    """Change a note's words (the writer and owners may), or pin it (everybody who writes notes may)."""
    caller = caller_of(request)
    return await notes_of(request).change(
        caller.tenant_id, NoteId(note), data, by=caller.label, others=_may_change_others(caller)
    )


@delete("/{note:str}", opt={"permission": Permission.NOTES_WRITE})
async def delete_note(request: ApiRequest, note: FromPath[str]) -> None:
    """Delete a note: one's own, or as an owner anybody's."""
    caller = caller_of(request)
    await notes_of(request).delete(
        caller.tenant_id, NoteId(note), by=caller.label, others=_may_change_others(caller)
    )


def _may_change_others(caller: Caller) -> bool:
    return caller.may(Permission.ORGANISATION_WRITE)


async def _about(request: ApiRequest, about: str) -> str:
    """What a note is about, by its id; NotFound when the caller's organisation has no such thing."""
    kind, id_ = split_about(about)
    if kind == "station":
        return f"station:{station_id_of(request, id_)}"
    if kind == "session":
        return f"session:{(await find_session(request, id_)).id}"
    location = await services_of(request).inventory.get_location(tenant_of(request), LocationId(id_))
    return f"location:{location.id}"


router = Router(
    "/api/v1/notes", tags=["Notes"], route_handlers=[list_notes, write_note, change_note, delete_note]
)
