"""`kill -9` in the middle of committing loses nothing that was acknowledged, and keeps nothing by halves."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from shelf import all_books

from currant.db import journal
from services import fresh_database

HERE = Path(__file__).parent
ROUNDS = 3


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_acknowledged_fact_survives_kill_9(database_url: str, seed: int) -> None:
    rng = random.Random(seed)
    acknowledged: set[int] = set()
    for number in range(ROUNDS):
        acknowledged |= commit_until_killed(
            database_url, first=number * 1_000_000 + 1, seed=seed, after=0.1 + rng.random() / 2
        )
    assert len(acknowledged) > 100, "The process was killed before it had done anything."

    database = fresh_database(database_url)
    kept = await database.read(all_books)
    events = await database.read(lambda c: journal.read_after(c, 0, limit=10_000_000))
    await database.close()

    for number in acknowledged:
        assert kept[f"{number} a"] == kept[f"{number} b"] == number, f"seed {seed}: {number} was acknowledged"
    first = {title.removesuffix(" a") for title in kept if title.endswith(" a")}
    second = {title.removesuffix(" b") for title in kept if title.endswith(" b")}
    told = [msgspec.json.decode(event.payload)["book"] for event in events]
    assert first == second == set(told), f"seed {seed}: a change set was kept by halves"
    assert len(told) == len(set(told)), f"seed {seed}: an event is there twice"


def commit_until_killed(url: str, *, first: int, seed: int, after: float) -> set[int]:
    """What the process had acknowledged when it was killed, `after` seconds past its first word."""
    path = os.pathsep.join([str(HERE), str(HERE.parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, str(HERE / "committing.py"), url, str(first), str(seed)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert process.stdout is not None
    began = process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    words = began + process.stdout.read()
    process.stdout.close()
    process.wait()
    # The last line may have been cut off in the middle.
    return {int(line) for line in words.split(b"\n")[:-1]}
