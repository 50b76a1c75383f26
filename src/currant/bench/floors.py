"""The floors: what an echo over a bare picows costs here, and a bare batched insert.

Run as ``python -m currant.bench.floors echo PORT`` or ``… insert FILE ROWS``.
"""

import sqlite3
import sys
import time
from pathlib import Path

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

ROWS_A_BATCH = 200


class Echo(WSListener):
    """Sends every text back as it came."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        else:
            transport.send(frame.msg_type, frame.get_payload_as_bytes())


async def echo(port: int) -> None:
    def listener(request: WSUpgradeRequest) -> Echo:
        return Echo()

    server = await ws_create_server(listener, "127.0.0.1", port, read_buffer_init_size=2048, backlog=4096)
    await server.serve_forever()


def insert(file: Path, rows: int) -> float:
    """CPU seconds to insert `rows` readings in durable batches of 200 into a table with one index."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE reading (id INTEGER PRIMARY KEY, session TEXT, at INTEGER, energy REAL, power REAL, current REAL, voltage REAL)"
    )
    connection.execute("CREATE INDEX curve ON reading (session, at)")
    batch = [
        (f"0195f3a0-0000-7000-8000-{n % 50:012d}", 1_700_000_000_000_000 + n, n * 1.0, 11_000.0, 16.0, 230.0)
        for n in range(ROWS_A_BATCH)
    ]
    began = time.process_time()
    for _ in range(rows // ROWS_A_BATCH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO reading (session, at, energy, power, current, voltage) VALUES (?,?,?,?,?,?)", batch
        )
        connection.execute("COMMIT")
    spent = time.process_time() - began
    connection.close()
    return spent


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        uvloop.run(echo(int(sys.argv[2])))
    else:
        print(insert(Path(sys.argv[2]), int(sys.argv[3])))
