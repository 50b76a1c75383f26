"""Parameters that many routes share, and what they mean."""

from datetime import datetime
from typing import Annotated

from litestar.params import QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.routes.common import services_of, tenant_of
from currant.kit.errors import Invalid
from currant.kit.ids import StationId
from currant.stations.admission import entry_of

Station = Annotated[
    str | None,
    QueryParameter(
        max_length=100, required=False, description="Only of this station: its id or its identity."
    ),
]
Search = Annotated[
    str | None,
    QueryParameter(max_length=200, required=False, description="Only those with this in their words."),
]
Since = Annotated[
    datetime | None, QueryParameter(required=False, description="At or after this time (RFC 3339).")
]
Until = Annotated[datetime | None, QueryParameter(required=False, description="Before this time (RFC 3339).")]
Word = Annotated[str | None, QueryParameter(max_length=300, required=False)]


def check_times(**times: datetime | None) -> None:
    """Raise `Invalid` for a time without a zone: nobody can know which instant is meant."""
    for field, at in times.items():
        if at is not None and at.tzinfo is None:
            raise Invalid(f"{field} needs a time zone, as in 2026-01-31T12:00:00Z.", field=field)


def station_id_of(request: ApiRequest, station: str) -> StationId:
    """The id of the caller's station with this id or identity; `NotFound` otherwise."""
    return entry_of(services_of(request).directory, tenant_of(request), station).station_id
