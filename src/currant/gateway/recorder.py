"""What is written down about one connection's messages: the message log, findings, security events."""

from collections.abc import Sequence
from datetime import datetime
from logging import getLogger

from currant.gateway.services import Services
from currant.gateway.stepping import run_steps
from currant.gateway.trace import MAY_HOLD_SECRETS, masked, masked_frame, text_of
from currant.kit.clock import micros
from currant.ocpp.errors import Finding
from currant.ocpp.frames import id_text
from currant.ocpp.peer import Called, OutboundCall
from currant.stations.directory import DirectoryEntry
from currant.stations.model import AttendedStation, Severity

log = getLogger("currant.gateway")


class Recorder:
    """`station` is None until the connection is attended; findings before that are nobody's."""

    __slots__ = ("_entry", "_record", "_remote_address", "_services", "station")

    def __init__(self, services: Services, entry: DirectoryEntry, remote_address: str) -> None:
        self._services = services
        self._record = services.messages.record
        self._entry = entry
        self._remote_address = remote_address
        self.station: AttendedStation | None = None

    def called(self, call: Called, outcome: str, answer: bytes, *, at: datetime, latency_s: float) -> None:
        """The station called and was answered."""
        entry, action = self._entry, call.action
        request = bytes(call.payload)
        asked, told = text_of(request), text_of(answer)
        if action in MAY_HOLD_SECRETS:
            asked, told = masked(action, asked), masked(action, told)
        self._record(
            entry.tenant_id,
            entry.station_id,
            micros(at),
            "in",
            action,
            id_text(call.message_id),
            outcome,
            asked,
            told,
            len(request),
            len(answer),
            int(latency_s * 1e6),
        )

    def asked(
        self, call: OutboundCall, outcome: str, answer: bytes | None, *, at: int, latency_s: float
    ) -> None:
        """We called; `at` is microseconds since 1970, `answer` None when none came."""
        action = call.action
        self._record(
            self._entry.tenant_id,
            self._entry.station_id,
            at,
            "out",
            action,
            call.message_id,
            outcome,
            masked(action, text_of(call.payload)),
            None if answer is None else masked(action, text_of(answer)),
            len(call.payload),
            0 if answer is None else len(answer),
            int(latency_s * 1e6),
        )

    def heard(
        self, action: str, message_id: bytes, outcome: str, payload: bytes, answer: bytes | None = None
    ) -> None:
        """The station said something that was not handed to a translator."""
        self._record(
            self._entry.tenant_id,
            self._entry.station_id,
            micros(self._services.clock.now()),
            "in",
            action,
            id_text(message_id),
            outcome,
            masked(action, text_of(payload)),
            None if answer is None else masked(action, text_of(answer)),
            len(payload),
            0 if answer is None else len(answer),
            None,
        )

    def frame(self, outcome: str, data: bytes) -> None:
        """A frame without a meaning, whole."""
        self._record(
            self._entry.tenant_id,
            self._entry.station_id,
            micros(self._services.clock.now()),
            "in",
            "",
            "",
            outcome,
            masked_frame(text_of(data)),
            None,
            len(data),
            0,
            None,
        )

    def found(self, action: str, code: str, detail: str, *, field: str = "") -> None:
        if self.station is not None:
            self._services.stations.note_findings(self.station, action, [(code, field, detail)])

    def findings(self, action: str, findings: Sequence[Finding]) -> None:
        if findings and self.station is not None:
            self._services.stations.note_findings(
                self.station, action, [(found.code, found.field, found.detail) for found in findings]
            )

    def poisoned(self, action: str, reason: str, times: int) -> None:
        """The station sends the same message again and again, in vain: somebody has to look at it."""
        if self.station is None:
            return
        detail = f"{action or 'A frame'} was sent {times} times with the same content: {reason}"
        self.found(action, "poison-message", detail)
        fact = self._services.stations.note_fact(
            self.station, topic="poison-message", at=self._services.clock.now(), status=action, detail=detail
        )
        run_steps(fact, lambda _: None, lambda error: log.warning("A fact was lost: %s", error))

    def security_event(self, kind: str, detail: str) -> None:
        event = self._services.stations.security_event(
            self._entry.tenant_id,
            identity=self._entry.identity,
            station_id=self._entry.station_id,
            kind=kind,
            at=self._services.clock.now(),
            detail=detail,
            severity=Severity.MEDIUM,
            remote_address=self._remote_address,
        )
        run_steps(event, lambda _: None, lambda error: log.warning("A security event was lost: %s", error))
