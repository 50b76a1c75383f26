"""A small HTTP server for tests: gives files and takes them, in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shelf:
    """What can be fetched, what was put, and what is answered to a put."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.put: dict[str, bytes] = {}
        self.put_status = 201
        self.failures = 0
        self.asked: list[str] = []
        self.url = ""


@contextmanager
def shelf() -> Iterator[Shelf]:
    kept = Shelf()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked.append(self.path)
            found = kept.files.get(self.path.partition("?")[0])
            if kept.failures > 0:
                kept.failures -= 1
                found = None
            self._reply(404 if found is None else 200, found or b"")

        def do_PUT(self) -> None:
            kept.put[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self._reply(kept.put_status, b"")

        def _reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
