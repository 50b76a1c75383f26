"""Keeps policies told of what sessions use, and ends the sessions that have used up what they may."""

import logging

from currant.access.counting import SessionUse
from currant.access.service import AccessService
from currant.charging import open_store
from currant.charging.events import (
    SessionAuthorised,
    SessionCorrected,
    SessionEnded,
    SessionEvent,
    SessionStarted,
)
from currant.charging.operating import Operating
from currant.kit.errors import CurrantError
from currant.kit.event import Event

log = logging.getLogger(__name__)

COUNTED_EVENTS: tuple[type[Event], ...] = (
    SessionStarted,
    SessionAuthorised,
    SessionEnded,
    SessionCorrected,
)


class PolicyUse:
    """A subscriber of `COUNTED_EVENTS`, and a duty."""

    def __init__(self, access: AccessService, charging: Operating) -> None:
        self._access = access
        self._charging = charging

    async def follow(self, event: SessionEvent) -> None:
        """Count what an event tells of its session."""
        if event.token_id is None:
            return
        is_open = not isinstance(event, SessionEnded)
        if isinstance(event, SessionCorrected):
            is_open = event.ended_at is None
        await self._access.counting.note(
            SessionUse(
                tenant_id=event.tenant_id,
                session_id=event.session_id,
                number=event.number,
                station_id=event.station_id,
                location_id=event.location_id,
                evse=event.evse,
                token_id=event.token_id,
                account_id=event.account_id,
                started_at=event.started_at,
                energy_wh=event.energy_wh,
                is_open=is_open,
                authorised=isinstance(event, (SessionStarted, SessionAuthorised)) and event.authorised,
            )
        )

    async def stop_exhausted(self) -> int:
        """Ask stations to end the sessions that have used up a quota in their midst; how many were."""
        asked = 0
        for exhausted in await self._access.counting.exhausted(open_store.energy_of):
            # Noted before: a station that does not answer is asked again in a while, not in a loop.
            await self._access.counting.note_stop_asked(exhausted)
            try:
                await self._charging.stop_remotely(
                    exhausted.tenant_id,
                    exhausted.use.session_id,
                    by=f"policy:{exhausted.policy_name}"[:100],
                )
            except CurrantError as error:
                log.info("Session %s was not stopped: %s", exhausted.use.number, error)
            else:
                asked += 1
                log.info("Session %s is to stop: %s", exhausted.use.number, exhausted.explanation)
        return asked
