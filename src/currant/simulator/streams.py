"""Periodic event streams of OCPP 2.1: values of a monitor gathered, and sent without waiting for answers."""

from typing import TYPE_CHECKING, Any

import msgspec

from currant.simulator.monitoring import Monitor, Monitors
from currant.simulator.parts import Part

if TYPE_CHECKING:
    from currant.simulator.station import Station
    from currant.simulator.v2 import V2

STREAMS_MAX = 10
INTERVAL_MAX_S = 86_400
VALUES_MAX = 100
# More than this is not kept while there is nobody to tell.
KEPT_MAX = 1_000


class Stream(msgspec.Struct, kw_only=True):
    id: int
    monitor_id: int
    interval: int | None
    values: int | None
    accepted: bool = False
    waiting: list[tuple[float, str]] = []
    round: int = 0


class Streams(Part):
    """The streams of a station. They end with its power: after a restart events are told one by one."""

    __slots__ = ("_next_id", "by_id")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.by_id: dict[int, Stream] = {}
        self._next_id = 0

    @property
    def _words(self) -> "V2":
        return self.station.dialect  # type: ignore[return-value]

    def rebooted(self) -> None:
        for stream in self.by_id.values():
            stream.round += 1
        self.by_id.clear()

    def open(self, monitor: Monitor, interval: int | None, values: int | None) -> None:
        """Offer a stream for a monitor to the server; until it is accepted events are told as usual (N11)."""
        if len(self.by_id) >= STREAMS_MAX:
            return
        self.close_for(monitor.id)
        self._next_id += 1
        stream = Stream(id=self._next_id, monitor_id=monitor.id, interval=interval, values=values)
        self.by_id[stream.id] = stream

        def answered(answer: Any) -> None:
            if answer.status == "Accepted":
                stream.accepted = True
                self._flush_later(stream)
            else:
                self.by_id.pop(stream.id, None)

        self._words.say(
            "OpenPeriodicEventStream", constant_stream_data=self.constant(stream), answered=answered
        )

    def constant(self, stream: Stream) -> Any:
        types = self._words.types
        params = types.PeriodicEventStreamParamsType(interval=stream.interval, values=stream.values)
        return types.ConstantStreamDataType(
            id=stream.id, params=params, variable_monitoring_id=stream.monitor_id
        )

    def take(self, monitor: Monitor, value: str) -> bool:
        """Whether a stream carries what this monitor has seen."""
        for stream in self.by_id.values():
            if stream.monitor_id == monitor.id and stream.accepted:
                stream.waiting.append((self.station.now, value))
                del stream.waiting[:-KEPT_MAX]
                if stream.values and len(stream.waiting) >= stream.values:
                    self._flush(stream)
                return True
        return False

    def adjust(self, stream_id: int, interval: int | None, values: int | None) -> bool:
        stream = self.by_id.get(stream_id)
        if stream is None or (interval or 0) > INTERVAL_MAX_S or (values or 0) > VALUES_MAX:
            return False
        if not interval and not values:
            return False
        stream.interval, stream.values = interval, values
        stream.round += 1
        self._flush_later(stream)
        return True

    def close(self, stream_id: int) -> None:
        """What has been gathered goes first (N13.FR.03)."""
        stream = self.by_id.pop(stream_id, None)
        if stream is None:
            return
        stream.round += 1
        while stream.waiting and self.station.online:
            self._flush(stream)
        self._words.say("ClosePeriodicEventStream", id=stream_id)

    def close_for(self, monitor_id: int) -> None:
        for stream in list(self.by_id.values()):
            if stream.monitor_id == monitor_id:
                self.close(stream.id)

    def _flush_later(self, stream: Stream) -> None:
        if not stream.interval:
            return
        round_ = stream.round

        def due() -> None:
            if stream.round != round_ or stream.id not in self.by_id:
                return
            if stream.waiting and self.station.online:
                self._flush(stream)
            if stream.monitor_id not in self.station.part(Monitors).by_id:
                self.close(stream.id)
            else:
                self._flush_later(stream)

        self.station.at(self.station.now + stream.interval, due)

    def _flush(self, stream: Stream) -> None:
        types = self._words.types
        size = stream.values or VALUES_MAX
        leaving, stream.waiting = stream.waiting[:size], stream.waiting[size:]
        first = leaving[0][0]
        message = types.NotifyPeriodicEventStream(
            id=stream.id,
            pending=len(stream.waiting),
            basetime=self.station.stamp_of(first),
            data=[types.StreamDataElementType(t=round(at - first, 3), v=value) for at, value in leaving],
        )
        self.station.stream("NotifyPeriodicEventStream", message)
