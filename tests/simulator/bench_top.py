"""A station on a bench: its server is a function call away, and time passes as the test says."""

from collections import deque
from collections.abc import Callable
from typing import Any

from judge import Judge

from currant.simulator.specs import EvseSpec, Fact, StationSpec
from currant.simulator.station import Station

BEGIN = 1_769_860_800.0  # 2026-01-31T12:00:00Z
TOKEN = "04A1B2C3D4E5F6"


class Bench:
    def __init__(self, version: str = "1.6", *, seed: int = 1, begins: float = 0.0, **fields: Any) -> None:
        spec: dict[str, Any] = {"identity": "CP1", "version": version, "evses": (EvseSpec(), EvseSpec())}
        station: dict[str, Any] = {"tokens": [TOKEN]}
        for name, value in fields.items():
            (station if name in ("tokens", "faults", "timing") else spec)[name] = value
        self.facts: list[Fact] = []
        self.judge = Judge(version)
        self.station = Station(StationSpec(**spec), seed=seed, tell=self.facts.append, **station)
        self.now = BEGIN + begins
        self.sent: list[bytes] = []
        self.hears = True
        self.outages = 0
        self._inbox: deque[bytes] = deque()
        self.station.power_up(self.now)
        self.station.advance(self.now)

    def connect(self) -> "Bench":
        self.station.connected(self.now, self._receive)
        self._deliver()
        return self

    def drop(self) -> None:
        self._inbox.clear()
        self.station.disconnected(self.now)

    def _receive(self, data: bytes) -> None:
        self.sent.append(data)
        if self.hears:
            answer = self.judge.hear(data)
            if answer is not None:
                self._inbox.append(answer)

    def _deliver(self) -> None:
        while self._inbox:
            self.station.receive(self.now, self._inbox.popleft())

    def ask(self, action: str, payload: dict[str, Any]) -> Any:
        """Ask the station something; its answer, judged, or the error code."""
        self.station.receive(self.now, self.judge.ask(action, payload))
        self._deliver()
        answered, answer = self.judge.answers[-1]
        assert answered == action
        return answer

    def run(self, seconds: float, *, until: Callable[[], bool] | None = None) -> None:
        """Let time pass, keeping the connection as a shell would."""
        end = self.now + seconds
        self._deliver()
        while until is None or not until():
            wake = self.station.next_wake
            if wake is None or wake > end:
                self.now = end
                self.station.advance(end)
                self._deliver()
                self._keep_connection()
                break
            self.now = max(self.now, wake)
            self.station.advance(self.now)
            self._deliver()
            self._keep_connection()

    def _keep_connection(self) -> None:
        if self.station.wants_disconnect and self.station.line.connected:
            self.station.wants_disconnect = False
            self.outages += 1
            self.drop()
        if self.station.wants_connection and not self.station.line.connected:
            self.connect()
