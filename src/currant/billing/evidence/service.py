"""The verbs of evidence: judge a session, say whether it may be billed, keep meters' keys."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from currant.billing.evidence import store
from currant.billing.evidence.events import EvidenceJudged, MeterKeyChanged
from currant.billing.evidence.judging import judge
from currant.billing.evidence.model import (
    EvidenceStanding,
    KeyStanding,
    MeterKey,
    SessionEvidence,
)
from currant.billing.evidence.wire import key_hex, records_of
from currant.charging.events import SessionCorrected, SessionEnded
from currant.charging.model import Session
from currant.charging.service import ChargingService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import SessionId, StationId, TenantId, new_id

# A new or confirmed key may make good what could not be checked before.
JUDGED_AGAIN_FOR = timedelta(days=90)
JUDGED_AGAIN_MAX = 500
SERIAL_MAX = 100
HOLDING = frozenset({EvidenceStanding.FAILED})
"""What keeps a session from being billed until a person has looked at it."""
HOLDING_WHERE_REQUIRED = frozenset(
    {EvidenceStanding.NONE, EvidenceStanding.INCOMPLETE, EvidenceStanding.UNVERIFIABLE}
)
"""The same where a confirmed key says that the meter signs."""


class NoEvidence(NotFound):
    """Nothing was signed in a session."""

    code = "no_evidence"


class MeterKeyDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A key that a person enters: hex or Base64 of its DER, PEM, or as the station would send it."""

    key: str
    evse: int = 0
    meter_serial: str = ""


class MeterKeyChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of a key."""

    standing: KeyStanding | None = None
    meter_serial: str | None = None
    valid_until: datetime | None = None


class EvidenceService:
    """Evidence of sessions, by what meters signed."""

    def __init__(self, database: Database, charging: ChargingService, clock: Clock) -> None:
        self._database = database
        self._charging = charging
        self._clock = clock

    async def told(self, event: SessionEnded | SessionCorrected) -> None:
        """Judge a session that has ended, or turned out otherwise."""
        try:
            await self.judge(event.tenant_id, event.session_id)
        except NotFound:
            return  # It was removed meanwhile.

    async def judge(self, tenant_id: TenantId, session_id: SessionId) -> SessionEvidence | None:
        """Check what was signed in a session, and keep it. None when nothing was. Raises NotFound.

        What was kept stays when its readings are gone: then it is judged anew from what was kept.
        """
        session, readings = await self._charging.signed(tenant_id, session_id)
        records = records_of(readings)

        def decide(connection: Connection, changes: ChangeSet) -> SessionEvidence | None:
            before = store.one(connection, tenant_id, session_id)
            kept = records
            if before is not None and len(before.records) > len(kept):
                kept = before.records
            if not kept:
                return None
            keys = store.keys_of(connection, tenant_id, session.station_id, evse=session.evse)
            now = self._clock.now()
            known = {(key.evse, key.key) for key in keys}
            for key in dict.fromkeys(record.key for record in kept if record.key):
                if {(session.evse or 0, key), (0, key)} & known or len(keys) >= store.KEYS_MAX:
                    continue
                learnt = MeterKey(
                    id=new_id(),
                    tenant_id=tenant_id,
                    station_id=session.station_id,
                    evse=session.evse or 0,
                    key=key,
                    first_seen=now,
                )
                store.save_key(changes, learnt)
                changes.emit(_changed(learnt, now))
                keys.append(learnt)
            judgement = judge(kept, keys, energy_wh=session.energy_wh)
            found = SessionEvidence(
                session_id=session.id,
                tenant_id=tenant_id,
                station_id=session.station_id,
                number=session.number,
                judged_at=now,
                judgement=judgement,
                records=kept,
                energy_wh=session.energy_wh,
            )
            store.save(changes, found)
            if before is None or before.judgement != judgement:
                changes.emit(
                    EvidenceJudged(
                        tenant_id=tenant_id,
                        happened_at=now,
                        session_id=session.id,
                        station_id=session.station_id,
                        number=session.number,
                        standing=judgement.standing,
                        problems=tuple(problem.code for problem in judgement.problems),
                    )
                )
            return found

        return await self._database.decide(decide, tenant_id)

    async def of(self, tenant_id: TenantId, session_id: SessionId) -> SessionEvidence | None:
        """What is kept of a session; None when nothing was signed."""
        return await self._database.read(lambda conn: store.one(conn, tenant_id, session_id))

    async def holds_back(self, session: Session) -> str:
        """Why a session must not be billed before somebody has looked at it; empty when it may."""
        found = await self.judge(session.tenant_id, session.id)
        standing = EvidenceStanding.NONE if found is None else found.judgement.standing
        if standing in HOLDING:
            return f"evidence_{standing}"
        if standing in HOLDING_WHERE_REQUIRED and await self._must_sign(session):
            return f"evidence_{standing}"
        return ""

    async def _must_sign(self, session: Session) -> bool:
        keys = await self.keys(session.tenant_id, session.station_id, evse=session.evse)
        return any(
            key.standing is KeyStanding.CONFIRMED
            and (key.valid_until is None or session.started_at < key.valid_until)
            for key in keys
        )

    async def keys(
        self, tenant_id: TenantId, station_id: StationId, *, evse: int | None = None
    ) -> list[MeterKey]:
        """The keys of a station's meters, confirmed ones first."""
        return await self._database.read(lambda conn: store.keys_of(conn, tenant_id, station_id, evse=evse))

    async def enter_key(
        self, tenant_id: TenantId, station_id: StationId, draft: MeterKeyDraft, *, by: str
    ) -> MeterKey:
        """Enter a key from a meter's papers; it counts as confirmed. One that the station told is confirmed by it.

        Raises Invalid for what is no public key.
        """
        key = key_hex(draft.key[:10_000])
        if not key:
            raise Invalid(
                "That is no public key: give the key's DER in hex or Base64, or its PEM.", field="key"
            )
        if draft.evse < 0 or len(draft.meter_serial) > SERIAL_MAX:
            raise Invalid(f"Give an EVSE's number or 0, and a serial of at most {SERIAL_MAX} characters.")

        def decide(connection: Connection, changes: ChangeSet) -> MeterKey:
            known = store.keys_of(connection, tenant_id, station_id)
            same = next((each for each in known if each.key == key and each.evse == draft.evse), None)
            if same is None and len(known) >= store.KEYS_MAX:
                raise Conflict(f"A station has at most {store.KEYS_MAX} keys.")
            found = MeterKey(
                id=new_id() if same is None else same.id,
                tenant_id=tenant_id,
                station_id=station_id,
                evse=draft.evse,
                key=key,
                standing=KeyStanding.CONFIRMED,
                meter_serial=draft.meter_serial or ("" if same is None else same.meter_serial),
                first_seen=self._clock.now() if same is None else same.first_seen,
                by=by,
            )
            store.save_key(changes, found)
            changes.emit(_changed(found, self._clock.now(), by=by))
            return found

        entered = await self._database.decide(decide, tenant_id)
        await self._judge_again(tenant_id, station_id)
        return entered

    async def change_key(
        self, tenant_id: TenantId, station_id: StationId, key_id: str, change: MeterKeyChange, *, by: str
    ) -> MeterKey:
        """Confirm or refuse a key, name its meter, or say until when it signed. Raises NotFound."""
        if change.meter_serial is not None and len(change.meter_serial) > SERIAL_MAX:
            raise Invalid(f"A serial has at most {SERIAL_MAX} characters.", field="meter_serial")

        def decide(connection: Connection, changes: ChangeSet) -> MeterKey:
            known = store.keys_of(connection, tenant_id, station_id)
            before = next((each for each in known if each.id == key_id), None)
            if before is None:
                raise NotFound("The station has no such key.", field="key_id")
            said = {
                name: value
                for name in ("standing", "meter_serial", "valid_until")
                if (value := getattr(change, name)) is not None
            }
            found = msgspec.structs.replace(before, by=by, **said)
            store.save_key(changes, found)
            changes.emit(_changed(found, self._clock.now(), by=by))
            return found

        changed = await self._database.decide(decide, tenant_id)
        await self._judge_again(tenant_id, station_id)
        return changed

    async def _judge_again(self, tenant_id: TenantId, station_id: StationId) -> None:
        since = self._clock.now() - JUDGED_AGAIN_FOR
        for session_id in await self._database.read(
            lambda conn: store.sessions_since(conn, tenant_id, station_id, since, limit=JUDGED_AGAIN_MAX)
        ):
            await self.judge(tenant_id, session_id)


def _changed(key: MeterKey, at: datetime, *, by: str = "") -> MeterKeyChanged:
    return MeterKeyChanged(
        tenant_id=key.tenant_id,
        happened_at=at,
        station_id=key.station_id,
        key_id=key.id,
        evse=key.evse,
        standing=key.standing,
        by=by,
    )
