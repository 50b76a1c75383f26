"""The bench measures, and does not believe: a server that answers wrongly or keeps nothing fails it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import websockets

from currant.bench import load, scenarios
from currant.bench.live import watched
from currant.bench.load import WrongAnswer
from currant.bench.report import Figure
from currant.bench.run import Bench, Size, bench

TINY = Size(messages=500, sessions=100, crowd=50, steady_s=0.5, steady_rate=100)


@asynccontextmanager
async def server(answer: bytes | None) -> AsyncIterator[str]:
    """A server that gives every call the same answer; None closes instead."""

    async def handle(socket: websockets.ServerConnection) -> None:
        async for frame in socket:
            if answer is None:
                return
            message_id = msgspec.json.decode(frame)[1]
            await socket.send(answer.replace(b"ID", message_id.encode()).decode())

    async with websockets.serve(handle, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as served:  # type: ignore[list-item]
        port = next(iter(served.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"


async def play(url: str, script: load.Script) -> load.Station:
    station = await load.connect(url, "CP", "1.6", None)
    try:
        await load.play_all([station], [script], limit_s=5)
    finally:
        load.disconnect_all([station])
    return station


async def test_right_answers_are_counted() -> None:
    async with server(b'[3,"ID",{"currentTime":"2026-01-31T12:00:00Z"}]') as url:
        station = await play(url, scenarios.heartbeats(3))
    assert station.answered == 3


@pytest.mark.parametrize(
    "answer",
    [
        b'[3,"ID",{}]',
        b'[4,"ID","InternalError","",{}]',
        b'[3,"ID",{"status":"Accepted","transactionId":0,"idTagInfo":{"status":"Invalid"}}]',
        None,
    ],
)
async def test_a_wrong_answer_or_none_ends_the_run(answer: bytes | None) -> None:
    async with server(answer) as url:
        with pytest.raises(WrongAnswer):
            await play(url, scenarios.sessions_16(1, 1))


def test_a_figure_knows_whether_it_reached_its_goal() -> None:
    assert Figure(name="a", value=0.01, unit="s", goal=0.02).reached is True
    assert Figure(name="a", value=0.03, unit="s", goal=0.02).reached is False
    assert Figure(name="a", value=0.03, unit="s").reached is None


def test_a_run_against_a_real_server_measures_and_checks_everything() -> None:
    report = bench(TINY)
    measured = {figure.name: figure.value for figure in report.figures}
    assert len(measured) == 10
    assert all(value > 0 for value in measured.values()), measured
    echo, heartbeat = (
        next(f for f in report.figures if f.name == name) for name in ("floor: bare echo", "Heartbeat")
    )
    assert heartbeat.goal_here == pytest.approx(0.015 * echo.value / 0.006)
    assert report.checks
    assert "readings" in report.checks[0]


async def test_consoles_that_look_on_are_measured_and_know_what_the_server_knows(tmp_path: Path) -> None:
    figures = await watched(
        tmp_path / "bench", stations=10, seconds=0.5, consoles=3, rate=20, warm_s=0.5, fleet_reads=2
    )
    measured = {figure.name: figure.value for figure in figures}
    assert len(measured) == 7
    assert measured["sent to one console"] > 0
    assert measured["from the station's report to a console, p50"] > 0
    assert measured["20 changes/s, 10 stations, 3 consoles"] > 0


async def test_rows_that_are_not_there_fail_the_run(tmp_path: object) -> None:
    class Forgetful:
        async def counts(self) -> object:
            from currant.bench.server import Counts

            return Counts(readings=9, ended_sessions=2, whole_session_energy={1104})

    run = Bench(TINY, tmp_path, database=None, progress=lambda _: None)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="10 samples were acknowledged, 9 readings are stored"):
        await run._check(Forgetful(), readings=10, sessions=2)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="3 sessions ended"):
        await run._check(Forgetful(), readings=9, sessions=3)  # type: ignore[arg-type]
    await asyncio.sleep(0)
