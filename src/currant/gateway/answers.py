"""Answers that every version words alike."""

from datetime import datetime
from typing import Literal

from currant.kit.clock import wire_time
from currant.stations.model import Admission

_ADMISSIONS: dict[Admission, Literal["Accepted", "Pending", "Rejected"]] = {
    Admission.ACCEPTED: "Accepted",
    Admission.PENDING: "Pending",
    Admission.REFUSED: "Rejected",
    Admission.RETIRED: "Rejected",
}


def boot_status(admission: Admission) -> Literal["Accepted", "Pending", "Rejected"]:
    return _ADMISSIONS[admission]


_last_heartbeat: tuple[datetime, bytes] | None = None


def heartbeat_answer(now: datetime) -> bytes:
    """The payload of a heartbeat's answer. Thousands of stations get the same one within a second."""
    global _last_heartbeat
    second = now.replace(microsecond=0)
    last = _last_heartbeat
    if last is not None and last[0] == second:
        return last[1]
    answer = b'{"currentTime":"%b"}' % wire_time(second).encode()
    _last_heartbeat = (second, answer)
    return answer
