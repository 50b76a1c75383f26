"""The command line's way to a running server: its API, with the local operator key or one that is given."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import httpx
import msgspec

from currant.app.cli.exits import Exit, Failure
from currant.app.cli.state import State
from currant.app.place import Place

HOW_TO_START = "Start one with `currant serve` (or `currant demo`), or name it with --url and --key."
TIMEOUT_S = 60.0
EXITS = {401: Exit.NOT_ALLOWED, 403: Exit.NOT_ALLOWED, 404: Exit.NOT_FOUND}


class Client:
    """One server. Every method raises `Failure` with the server's own sentence when it says no."""

    def __init__(self, base: str, key: str, *, verify: str | bool = True) -> None:
        import ssl

        self.base = base.rstrip("/")
        context = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        self._http = httpx.Client(
            base_url=self.base + "/api/v1",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(TIMEOUT_S, connect=5.0),
            verify=context,
            # The way to a server on this machine never leads through a proxy.
            trust_env=not base.startswith(
                ("http://127.", "http://localhost", "https://127.", "https://localhost")
            ),
        )

    @classmethod
    def of(cls, state: State) -> "Client":
        """The server that --url names, or the one that runs on the data directory (or its demo)."""
        url = state.url or os.environ.get("CURRANT_URL")
        key = state.key or os.environ.get("CURRANT_KEY")
        if url:
            return cls(url, key or "")
        settings = state.settings()
        for place in (Place(settings.data_dir), Place(settings.data_dir / "demo")):
            running = place.running()
            if running is not None:
                verify: str | bool = running.root or True
                return cls(running.api, key or _local_key(place.operator_key), verify=verify)
        where = Place(settings.data_dir).folder
        raise Failure(f"No Currant server runs on {where}.", Exit.UNREACHABLE, hint=HOW_TO_START)

    def get(self, path: str, **query: Any) -> Any:
        return self.request("GET", path, query=query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return self.request("POST", path, body=body, query=query)

    def patch(self, path: str, body: Any) -> Any:
        return self.request("PATCH", path, body=body)

    def put(self, path: str, body: Any) -> Any:
        return self.request("PUT", path, body=body)

    def delete(self, path: str) -> Any:
        return self.request("DELETE", path)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: dict[str, Any] | None = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Any:
        """The decoded answer; text for what is not JSON, None for an empty one."""
        asked = {name: _worded(value) for name, value in (query or {}).items() if value is not None}
        sent = dict(headers or {})
        if body is not None:
            content = msgspec.json.encode(body)
            sent["Content-Type"] = "application/json"
        try:
            answer = self._http.request(
                method,
                path,
                params=asked,
                content=content,
                headers=sent,
                timeout=httpx.Timeout(timeout_s, connect=5.0),
            )
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.is_error:
            raise _failure(answer)
        if not answer.content:
            return None
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    def pages(self, path: str, *, limit: int, **query: Any) -> Iterator[Any]:
        """Items of a list, page after page, up to `limit`."""
        cursor: str | None = None
        while limit > 0:
            page = self.get(path, **query, limit=min(limit, 500), cursor=cursor)
            yield from page["items"][:limit]
            limit -= len(page["items"])
            cursor = page.get("next_cursor")
            if cursor is None or not page["items"]:
                return

    def events(self, path: str, **query: Any) -> Iterator[tuple[str, Any]]:
        """Server-sent events as (kind, data), until the connection ends."""
        asked = {name: _worded(value) for name, value in query.items() if value is not None}
        try:
            with self._http.stream(
                "GET", path, params=asked, timeout=httpx.Timeout(None, connect=5.0)
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise _failure(answer)
                kind, data = "message", ""
                for line in answer.iter_lines():
                    name, _, value = line.partition(":")
                    if name == "event":
                        kind = value.strip()
                    elif name == "data":
                        data += value.removeprefix(" ")
                    elif not line and data:
                        yield kind, msgspec.json.decode(data)
                        kind, data = "message", ""
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def download(self, path: str, target: Path, **query: Any) -> int:
        """Stream an answer into a file; its size."""
        asked = {name: _worded(value) for name, value in query.items() if value is not None}
        size = 0
        try:
            with self._http.stream("GET", path, params=asked) as answer:
                if answer.is_error:
                    answer.read()
                    raise _failure(answer)
                with target.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        size += file.write(chunk)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        return size

    def upload(self, path: str, file: BinaryIO, *, timeout_s: float, **query: Any) -> Any:
        """Send a file as it is, however big; the decoded answer."""
        asked = {name: _worded(value) for name, value in query.items() if value is not None}
        try:
            answer = self._http.post(
                path,
                params=asked,
                content=file,
                headers={"Content-Type": "application/octet-stream"},
                timeout=httpx.Timeout(timeout_s, connect=5.0),
            )
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.is_error:
            raise _failure(answer)
        return answer.json()

    def _unreachable(self, error: httpx.TransportError) -> Failure:
        return Failure(
            f"No Currant server answers at {self.base} ({error}).", Exit.UNREACHABLE, hint=HOW_TO_START
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()


def _local_key(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Failure(
            f"The key of the command line, {path}, cannot be read ({error.strerror}).",
            Exit.NOT_ALLOWED,
            hint="Run this as the user the server runs as, or give a key with --key.",
        ) from error


def _worded(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _failure(answer: httpx.Response) -> Failure:
    """The problem document (RFC 9457) of an answer, as the failure of this command."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    sentence = problem.get("detail") or problem.get("title") or f"HTTP {answer.status_code} without a reason"
    wrongs = [wrong for wrong in problem.get("errors") or [] if wrong.get("message") != sentence]
    fields = "; ".join(f"{wrong.get('field', '')}: {wrong.get('message', '')}" for wrong in wrongs)
    exit = EXITS.get(answer.status_code, Exit.BROKEN if answer.status_code >= 500 else Exit.REFUSED)
    return Failure(sentence, exit, hint=fields, code=str(problem.get("code") or ""))
