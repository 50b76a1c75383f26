"""The truth held against the database: what was acknowledged must be there, once and as it was told.

Reads the tables as they are, past every query of the product, so that an error in reading cannot
hide one in writing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import create_engine, text

from currant.kit.clock import micros
from currant.simulator import Fact, Station

SHOWN = 15
CONTEXT_END = 3


class Unsaid(msgspec.Struct, frozen=True, kw_only=True):
    """Starts that stations have not seen acknowledged: the server may have kept them, and need not have."""

    starts: frozenset[tuple[str, int, int]]
    """1.6: (identity, time in microseconds, register)."""
    transactions: frozenset[tuple[str, str]]
    """2.x: (identity, transaction id)."""


NOTHING_UNSAID = Unsaid(starts=frozenset(), transactions=frozenset())


def unsaid_by(stations: Iterable[Station]) -> Unsaid:
    starts, transactions = set(), set()
    for station in stations:
        identity = station.spec.identity
        letters = list(station.outbox.transactional)
        if station.line.awaited is not None:
            letters.append(station.line.awaited)
        for letter in letters:
            message: Any = letter.build()
            if letter.action == "StartTransaction":
                starts.add((identity, micros(message.timestamp), message.meter_start))
            elif letter.action == "TransactionEvent":
                transactions.add((identity, message.transaction_info.transaction_id))
    return Unsaid(starts=frozenset(starts), transactions=frozenset(transactions))


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the database holds."""

    sessions: list[Any]
    readings: list[Any]
    events: Counter[tuple[str, str]]
    """How often (kind, session id) stands in the journal."""


def read(url: str) -> Kept:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        # Of one moment, also while the server writes on.
        with engine.connect().execution_options(
            isolation_level="REPEATABLE READ" if "postgresql" in url else "SERIALIZABLE"
        ) as connection:
            connection.execute(text("BEGIN")) if "sqlite" in url else None
            sessions = connection.execute(
                text("SELECT s.*, t.identity FROM sessions s JOIN stations t ON t.id = s.station_id")
            ).all()
            readings = connection.execute(
                text(
                    "SELECT r.at, r.context, r.session, r.energy_wh, r.sequence, m.evse, t.identity"
                    " FROM readings r JOIN meters m ON m.number = r.meter"
                    " JOIN stations t ON t.id = m.station_id"
                )
            ).all()
            events: Counter[tuple[str, str]] = Counter()
            for kind, payload in connection.execute(
                text(
                    "SELECT kind, payload FROM journal"
                    " WHERE kind IN ('SessionStarted', 'SessionEnded', 'SessionCorrected')"
                )
            ):
                events[kind, msgspec.json.decode(payload)["session_id"]] += 1
    finally:
        engine.dispose()
    return Kept(sessions=list(sessions), readings=list(readings), events=events)


class Account(msgspec.Struct, kw_only=True):
    """The outcome: what is wrong, and what was looked at."""

    wrong: list[str] = []
    facts: int = 0
    sessions: int = 0
    readings: int = 0
    energy_wh: int = 0
    uncertain: int = 0
    unacknowledged: int = 0

    def figures(self) -> str:
        return f"{self.facts} facts, {self.sessions} sessions, {self.readings} readings, {self.energy_wh / 1e6:.3f} MWh, {self.uncertain} uncertain"

    def __str__(self) -> str:
        more = len(self.wrong) - SHOWN
        lines = [f"{len(self.wrong)} wrong of {self.figures()}:", *self.wrong[:SHOWN]]
        return "\n  ".join([*lines, f"… and {more} more"] if more > 0 else lines)


def hold(facts: Sequence[Fact], kept: Kept, *, unsaid: Unsaid, settled: bool) -> Account:
    """Hold every acknowledged fact against what was kept. `settled`: everything was said and acknowledged,
    so nothing may be there beyond it either, every session is over, and the totals agree."""
    account = Account(facts=len(facts), sessions=len(kept.sessions), readings=len(kept.readings))
    wrong = account.wrong
    sessions = {(session.identity, session.transaction_id): session for session in kept.sessions}
    told: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        told[fact.identity, fact.transaction].append(fact)

    _hold_readings(told, kept, sessions, wrong)
    for key, of_session in told.items():
        session = sessions.get(key)
        if session is None:
            kinds = Counter(fact.kind for fact in of_session)
            wrong.append(f"{key}: acknowledged ({dict(kinds)}), and there is no such session")
            continue
        _hold_session(key, of_session, session, wrong, settled=settled)
        account.energy_wh += session.energy_wh
        account.uncertain += not session.certain
    for key, session in sessions.items():
        if key in told:
            continue
        account.unacknowledged += 1
        start = (session.identity, session.started_at, session.meter_start_wh)
        if start not in unsaid.starts and key not in unsaid.transactions:
            wrong.append(f"{key}: a session nobody began ({session.started_at}, {session.repairs})")
    _hold_counts(kept, wrong)
    if settled:
        truth = sum(_energy(of_session) for of_session in told.values())
        if truth != account.energy_wh:
            wrong.append(f"The energy of all sessions is {account.energy_wh} Wh, and the truth {truth} Wh")
    return account


def _energy(facts: Sequence[Fact]) -> int:
    registers = {fact.kind: fact.energy_wh for fact in facts}
    return registers.get("stopped", 0) - registers.get("started", 0)


def _hold_readings(
    told: dict[tuple[str, str], list[Fact]],
    kept: Kept,
    sessions: dict[tuple[str, str], Any],
    wrong: list[str],
) -> None:
    there: dict[tuple[str, int, int], list[Any]] = defaultdict(list)
    for reading in kept.readings:
        there[reading.identity, reading.evse, reading.at].append(reading)
        if reading.energy_wh is not None and reading.energy_wh < 0:
            wrong.append(f"{reading.identity}: a register below nothing, {reading}")
    for key, facts in told.items():
        session = sessions.get(key)
        for fact in facts:
            if session is None or (fact.kind == "started" and fact.version == "1.6"):
                continue  # what a start of 1.6 says of the register stands with its session
            found = there[fact.identity, fact.evse, fact.at]
            if not any(
                reading.session == session.number and reading.energy_wh == fact.energy_wh for reading in found
            ):
                wrong.append(f"{key}: {_words(fact)} is not among its readings; at its time: {found}")


def _hold_session(
    key: tuple[str, str], facts: Sequence[Fact], session: Any, wrong: list[str], *, settled: bool
) -> None:
    by_kind: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_kind[fact.kind].append(fact)

    def expect(what: str, kept: object, truth: object) -> None:
        if kept != truth:
            wrong.append(f"{key}: {what} is {kept} and was told as {truth}; repairs {session.repairs}")

    for kind in ("started", "stopped"):
        if len(by_kind[kind]) > 1:
            wrong.append(f"{key}: {kind} was acknowledged {len(by_kind[kind])} times: the test is wrong")
    if settled and not (by_kind["started"] and by_kind["stopped"]):
        wrong.append(f"{key}: its start or stop was never acknowledged: {[_words(fact) for fact in facts]}")
    for fact in by_kind["started"]:
        expect("start", session.started_at, fact.at)
        expect("start register", session.meter_start_wh, fact.energy_wh)
        expect("evse", session.evse, fact.evse)
        expect("connector", session.connector, _connector(fact, session))
        if fact.token is not None:
            expect("token", session.token_uid, fact.token)
    for fact in by_kind["stopped"]:
        expect("phase", session.phase, "ended")
        expect("end", session.ended_at, fact.at)
        expect("stop register", session.meter_stop_wh, fact.energy_wh)
        if by_kind["started"]:
            expect("energy", session.energy_wh, fact.energy_wh - by_kind["started"][0].energy_wh)
    if by_kind["started"] and not by_kind["stopped"]:
        least = max(fact.energy_wh for fact in facts) - by_kind["started"][0].energy_wh
        if session.energy_wh < least:
            wrong.append(f"{key}: energy is {session.energy_wh} Wh, and {least} Wh were acknowledged")
    if facts[0].version != "1.6":
        ranges = [part.rpartition("-") for part in session.sequences_seen.split(",") if part]
        seen = {number for low, _, high in ranges for number in range(int(low), int(high) + 1)}
        missing = {fact.sequence for fact in facts} - seen
        if missing:
            wrong.append(f"{key}: reports {sorted(missing)} were acknowledged and not taken")
    if session.energy_wh < 0:
        wrong.append(f"{key}: negative energy, {session.energy_wh} Wh")
    if settled and not session.certain:
        wrong.append(f"{key}: everything was told, and it is called uncertain: {session.repairs}")


def _connector(fact: Fact, session: Any) -> Any:
    # 1.6 counts connectors through the station; which one of its EVSE that is, is the server's business.
    return session.connector if fact.version == "1.6" else fact.connector


def _hold_counts(kept: Kept, wrong: list[str]) -> None:
    """No session is there twice, in rows or in the events that others count by."""
    alike = Counter(
        (session.identity, session.evse, session.started_at, session.meter_start_wh, session.token_uid)
        for session in kept.sessions
        if session.started_known
    )
    wrong += [f"{session} is there {times} times" for session, times in alike.items() if times > 1]
    for session in kept.sessions:
        if session.energy_wh < 0:
            wrong.append(f"{session.identity} {session.transaction_id}: {session.energy_wh} Wh")
        begun = kept.events["SessionStarted", session.id]
        ended = kept.events["SessionEnded", session.id]
        if begun != 1:
            wrong.append(f"{session.identity} {session.transaction_id}: begun {begun} times in the journal")
        revived = "revived" in (session.repairs or "")
        if ended != (session.phase == "ended") and not revived:
            wrong.append(
                f"{session.identity} {session.transaction_id}: {session.phase}, and ended {ended} times in"
                " the journal"
            )
    known = {session.id for session in kept.sessions}
    for kind, session_id in kept.events:
        if session_id not in known:
            wrong.append(f"{kind} of {session_id}, which is no session")


def _words(fact: Fact) -> str:
    return f"{fact.kind} #{fact.sequence} at {fact.at} of {fact.energy_wh} Wh (OCPP {fact.version})"
