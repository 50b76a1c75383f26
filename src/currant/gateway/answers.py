"""Answers that every version words alike."""

from datetime import datetime, timedelta
from typing import Literal

from currant.kit.clock import EPOCH, wire_time
from currant.stations.model import Admission

_ADMISSIONS: dict[Admission, Literal["Accepted", "Pending", "Rejected"]] = {
    Admission.ACCEPTED: "Accepted",
    Admission.PENDING: "Pending",
    Admission.REFUSED: "Rejected",
    Admission.RETIRED: "Rejected",
}


def boot_status(admission: Admission) -> Literal["Accepted", "Pending", "Rejected"]:
    return _ADMISSIONS[admission]


_second = timedelta(seconds=1)
_since, _until, _answer = EPOCH, EPOCH, b""


def heartbeat_answer(now: datetime) -> bytes:
    """The payload of a heartbeat's answer. Thousands of stations get the same one within a second."""
    global _since, _until, _answer
    if not _since <= now < _until:
        _since = now.replace(microsecond=0)
        _until = _since + _second
        _answer = b'{"currentTime":"%b"}' % wire_time(_since).encode()
    return _answer
