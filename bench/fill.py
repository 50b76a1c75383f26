"""Does an embedded database of 10 million readings and 1 million sessions still answer at once?

    python bench/fill.py FILE [--sessions 1000000] [--readings 10000000]

Fills FILE (SQLite) with sessions of many stations, unless it is there already, and times every list
and curve that the API offers. Prints one line per query, in milliseconds: median and worst.
"""

import argparse
import asyncio
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from currant.access.service import AccessService
from currant.charging import reading_store, store
from currant.charging.model import Activity, Phase, Reading, Session, SessionFilter
from currant.charging.service import ChargingService
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.events.live import LiveFeed
from currant.kit.clock import SystemClock, micros
from currant.kit.ids import AccountId, LocationId, SessionId, StationId, TenantId, TokenId
from currant.stations.directory import StationDirectory
from currant.stations.service import StationPolicy, StationService

TENANT = TenantId("00000000-0000-7000-8000-000000000001")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
LOCATIONS, STATIONS, TOKENS = 200, 2_000, 20_000
BEGIN_US = micros(BEGIN)
SUSPECT = '[{"code":"stop_lost","explanation":"Its end was never reported.","at":null}]'
CHUNK = 20_000
ROUNDS = 40


def name(kind: str, number: int) -> str:
    return f"{kind * 8}-0000-7000-8000-{number:012x}"


def template() -> Session:
    """A session as they all are; `fields` says in what they differ."""
    return Session(
        id=SessionId(""),
        number=0,
        tenant_id=TENANT,
        station_id=StationId(""),
        transaction_id="",
        started_at=BEGIN,
        connector=1,
        activity=Activity.CHARGING,
        token_kind="rfid",
        authorised=True,
        authorisation="accepted",
        meter_start_wh=1000,
        base_wh=1000,
        timeline=((micros(BEGIN), micros(BEGIN), "c"),),
        meter_notes=1,
    )


def fields(number: int, running: bool, dice: random.Random, step_us: int) -> dict[str, Any]:
    station, token = number % STATIONS, dice.randrange(TOKENS)
    started = BEGIN_US + number * step_us
    ended = None if running else started + dice.randint(10, 200) * 60_000_000
    energy = dice.randint(500, 60_000)
    last = ended or started
    times = dict.fromkeys(("started_at", "activity_since", "received_at", "first_energy_at"), started)
    times |= dict.fromkeys(("updated_at", "read_at", "heard_at", "meter_last_at", "last_energy_at"), last)
    return times | {
        "id": name("5", number),
        "number": number,
        "station_id": name("a", station),
        "transaction_id": str(number),
        "location_id": name("b", station % LOCATIONS),
        "evse": 1 + number // STATIONS % 2,
        "phase": "active" if running else "ended",
        "token_id": name("c", token),
        "account_id": name("d", token // 3),
        "token_uid": f"{token:08X}",
        "ended_at": ended,
        "reported_started_at": started,
        "stop_reason": "" if running else "Local",
        "meter_last_wh": 1000 + energy,
        "meter_stop_wh": None if running else 1000 + energy,
        "energy_wh": energy,
        "certain": number % 97 != 0,
        "repairs": None if number % 97 else SUSPECT,
    }


def fill(file: Path, sessions: int, readings: int) -> None:
    """Write straight to the file: this times reading, not writing."""
    dice = random.Random(1)
    conn = sqlite3.connect(file, isolation_level=None)
    conn.execute("PRAGMA synchronous=OFF")
    conn.execute("PRAGMA cache_size=-200000")
    # Indexes are made at the end, in one sweep each.
    indexes = conn.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'sessions' AND sql IS NOT NULL"
    ).fetchall()
    for index, _ in indexes:
        conn.execute(f"DROP INDEX {index}")
    marks = ", ".join("?" * len(store.COLUMNS))
    insert_session = f"INSERT INTO sessions ({', '.join(store.COLUMNS)}) VALUES ({marks})"
    columns = [column.name for column in reading_store.readings.columns]
    insert_reading = (
        f"INSERT OR IGNORE INTO readings ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    )
    per_session = max(1, readings // sessions)
    conn.execute("BEGIN")
    for station in range(STATIONS):
        for evse in (1, 2):
            point = (
                station * 2 + evse,
                TENANT,
                name("a", station),
                evse,
                name("b", station % LOCATIONS),
                0,
            )
            conn.execute("INSERT INTO meters VALUES (?, ?, ?, ?, ?, ?)", point)
    conn.execute("COMMIT")
    step_us = int(timedelta(days=365) / timedelta(microseconds=1)) // sessions
    common = dict(zip(store.COLUMNS, store.row(template()), strict=True))
    for first in range(1, sessions + 1, CHUNK):
        last = min(first + CHUNK, sessions + 1)
        some = [
            tuple((common | fields(number, number > sessions - 1000, dice, step_us)).values())
            for number in range(first, last)
        ]
        conn.execute("BEGIN")
        conn.executemany(insert_session, some)
        conn.execute("COMMIT")
        _progress("sessions", last - 1, sessions)
    for index, sql in indexes:
        conn.execute(sql)
        _progress(index, sessions, sessions)
    # Metering point by metering point, as the table is ordered: nobody waits for a random insert.
    measured = Reading(
        at=BEGIN,
        received_at=BEGIN,
        evse=1,
        energy_wh=0.0,
        power_w=0.0,
        current_l1_a=10.4,
        current_l2_a=10.5,
        current_l3_a=10.6,
        voltage_l1_v=230.1,
        soc_percent=50.0,
    )
    _, _, _, _, _, _, export, _, *rest = reading_store.row(0, measured, 0, 0, 0)
    done = 0
    for station in range(STATIONS):
        rows: list[tuple[Any, ...]] = []
        for number in range(station or STATIONS, sessions + 1, STATIONS):
            meter = station * 2 + 1 + number // STATIONS % 2
            at_us = BEGIN_US + number * step_us
            for index in range(per_session):
                register, power = 1000.0 + 120 * index, 7200.0 + index
                rows.append((meter, at_us, 0, number, at_us, register, export, power, *rest))
                at_us += 60_000_000
        rows.sort(key=lambda row: row[:3])
        conn.execute("BEGIN")
        conn.executemany(insert_reading, rows)
        conn.execute("COMMIT")
        done += len(rows)
        if station % 50 == 49:
            _progress("readings", done, readings)
    conn.execute("PRAGMA synchronous=FULL")
    conn.close()


def _progress(what: str, done: int, of: int) -> None:
    print(f"\r{what}: {done:,} of {of:,}   ", end="", file=sys.stderr, flush=True)


async def measure(file: Path, sessions: int) -> None:
    database = Database.open(f"sqlite:///{file}", create_all=True)
    clock = SystemClock()
    directory = StationDirectory(database, clock, key=b"k" * 32)
    charging = ChargingService(
        database,
        StationService(database, directory, clock, StationPolicy(tenant_id=TENANT)),
        AccessService(database, clock),
        Numbers(database),
        LiveFeed(),
        clock,
    )
    dice = random.Random(2)

    def listing(**wanted: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
        return lambda: charging.list(
            TENANT, SessionFilter(**{key: value() for key, value in wanted.items()}), limit=50
        )

    def station() -> StationId:
        return StationId(name("a", dice.randrange(STATIONS)))

    def location() -> LocationId:
        return LocationId(name("b", dice.randrange(LOCATIONS)))

    def token() -> TokenId:
        return TokenId(name("c", dice.randrange(TOKENS)))

    def day() -> datetime:
        return BEGIN + timedelta(days=dice.randrange(5, 360))

    async def deep() -> Any:
        found = await charging.list(TENANT, SessionFilter(until=day()), limit=500)
        return await charging.list(TENANT, cursor=found.next_cursor, limit=500)

    def curve() -> Awaitable[Any]:
        return charging.curve(TENANT, SessionId(name("5", dice.randrange(1, sessions))))

    def load(days: int, step_s: int) -> Callable[[], Awaitable[Any]]:
        def ask() -> Awaitable[Any]:
            since = day() - timedelta(days=days)
            return charging.load(
                TENANT, location(), since=since, until=since + timedelta(days=days), step_s=step_s
            )

        return ask

    queries: dict[str, Callable[[], Awaitable[Any]]] = {
        "list: latest": listing(),
        "list: running": listing(phase=lambda: Phase.ACTIVE),
        "list: ended": listing(phase=lambda: Phase.ENDED),
        "list: not certain": listing(certain=lambda: False),
        "list: of a location": listing(location_id=location),
        "list: of a location, running": listing(location_id=location, phase=lambda: Phase.ACTIVE),
        "list: of a location, not certain": listing(location_id=location, certain=lambda: False),
        "list: of a station": listing(station_id=station),
        "list: of a token": listing(token_id=token),
        "list: of a token, running": listing(token_id=token, phase=lambda: Phase.ACTIVE),
        "list: of an account": listing(account_id=lambda: AccountId(name("d", dice.randrange(TOKENS // 3)))),
        "list: of a uid": listing(token_uid=lambda: f"{dice.randrange(TOKENS):08X}"),
        "list: before a day": listing(until=day),
        "list: of a location before a day": listing(location_id=location, until=day),
        "list: by number": listing(number=lambda: dice.randrange(1, sessions)),
        "list: two pages of 500": deep,
        "count: running": lambda: charging.count(TENANT, SessionFilter(phase=Phase.ACTIVE)),
        "count: all (10,000 or more)": lambda: charging.count(TENANT),
        "get": lambda: charging.get(TENANT, SessionId(name("5", dice.randrange(1, sessions)))),
        "curve": curve,
        "load: a day by 5 minutes": load(1, 300),
        "load: a week by 15 minutes": load(7, 900),
        "load: a month by hours": load(31, 3600),
        "reap": lambda: charging.reap(BEGIN),
    }
    print(f"{'query':36} {'median ms':>10} {'worst ms':>10}")
    slow = []
    for what, ask in queries.items():
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await ask()
            times.append((time.perf_counter() - began) * 1000)
        median = statistics.median(times)
        print(f"{what:36} {median:10.2f} {max(times):10.2f}")
        if median > 100:
            slow.append(what)
    await database.close()
    if slow:
        sys.exit(f"Slower than 100 ms at the median: {', '.join(slow)}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--readings", type=int, default=10_000_000)
    asked = parser.parse_args()
    if not asked.file.exists():

        async def make() -> None:
            await Database.open(f"sqlite:///{asked.file}", create_all=True).close()

        asyncio.run(make())
        began = time.perf_counter()
        fill(asked.file, asked.sessions, asked.readings)
        print(f"\nfilled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    print(f"{asked.file.stat().st_size / 1e9:.2f} GB")
    asyncio.run(measure(asked.file, asked.sessions))


if __name__ == "__main__":
    main()
