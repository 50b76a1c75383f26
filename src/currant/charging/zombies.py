"""Which sessions are dead, although nobody reported their end, and when they died.

A stop may be in a station's queue for days, so nothing is given up quickly; and what was given
up wrongly is put right by the real stop, or by any other sign of life.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from currant.charging import lifecycle
from currant.charging.model import Session

# The connector is free: a stop that was sent would have come by now.
FREE_FOR = timedelta(minutes=15)
# The station restarted and said no more of it.
REBOOTED_FOR = timedelta(hours=6)
SILENT_FOR = timedelta(hours=48)


class Death(NamedTuple):
    ended_at: datetime
    explanation: str


def death_of(session: Session, now: datetime) -> Death | None:
    """When and why a running session is to be given up; ``None`` while there is hope."""
    last = lifecycle.last_sign(session)
    freed = session.freed_at
    if freed is not None and now - freed >= FREE_FOR and last <= freed:
        return Death(freed, "Its connector has been free since then, and no end was reported.")
    heard = session.updated_at or session.received_at or session.started_at
    rebooted = session.rebooted_at
    if rebooted is not None and now - rebooted >= REBOOTED_FOR and heard <= rebooted:
        return Death(last, "Its station restarted and has said nothing of it since.")
    if now - heard >= SILENT_FOR:
        hours = int(SILENT_FOR.total_seconds() // 3600)
        return Death(last, f"Nothing was heard of it for {hours} hours.")
    return None
