"""What the server asks about periodic event streams (OCPP 2.1, N12 and N14)."""

from typing import TYPE_CHECKING

from currant.simulator.streams import Streams
from currant.simulator.v2_common import Answer, Request

if TYPE_CHECKING:
    from currant.simulator.v2 import V2


def list_open(words: "V2", request: Request) -> Answer:
    streams = words.station.has(Streams)
    listed = (
        []
        if streams is None
        else [streams.constant(each) for each in streams.by_id.values() if each.accepted]
    )
    return words.types.GetPeriodicEventStreamResponse(constant_stream_data=listed or None)


def adjust(words: "V2", request: Request) -> Answer:
    streams = words.station.has(Streams)
    params = request.params
    done = streams is not None and streams.adjust(request.id, params.interval, params.values)
    return words.types.AdjustPeriodicEventStreamResponse(status="Accepted" if done else "Rejected")
