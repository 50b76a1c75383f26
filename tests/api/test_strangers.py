"""Strangers: who is not signed in cannot make the server read, keep or remember much."""

import asyncio
import functools
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from served import Api

from currant.api.authentication import PUBLIC

TOO_LONG = 10_000_000
FILES = "/files/"
"""As long as a transfer says, at an API that takes files: see test_files.py."""


@asynccontextmanager
async def request_head(
    api: Api, method: str, path: str, *headers: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which the head of a request has been sent, and nothing of its body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *headers]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    try:
        yield reader, writer
    finally:
        writer.close()


async def status(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(30):
        return int((await reader.readline()).split()[1])


def open_to_all(api: Api) -> list[tuple[str, str, bool]]:
    """(method, path, whether a body is read) of every route that asks nobody who they are."""
    return [
        (method, route.path_format, handler.parsed_data_field is not None)
        for route in api.app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in sorted(handler.http_methods)
        if method not in ("OPTIONS", "HEAD") and handler.opt["permission"] == PUBLIC
    ]


def some(path: str) -> str:
    return path.replace("{", "").replace("}", "")


async def test_a_body_that_is_announced_as_too_long_is_refused_before_any_of_it_is_sent(api: Api) -> None:
    found = [each for each in open_to_all(api) if not each[1].startswith(FILES)]
    reading = [(method, path) for method, path, reads in found if reads]
    assert len(reading) >= 15
    for method, path in reading:
        async with request_head(api, method, some(path), f"Content-Length: {TOO_LONG}") as (reader, _):
            assert await status(reader) == 413, f"{method} {path}"


async def test_what_reads_no_body_answers_without_one(api: Api) -> None:
    others = [(method, path) for method, path, reads in open_to_all(api) if not reads]
    for method, path in others:
        if path.startswith(FILES):
            continue
        async with request_head(api, method, some(path), f"Content-Length: {TOO_LONG}") as (reader, _):
            assert 200 <= await status(reader) < 500, f"{method} {path}"


async def test_a_body_of_unknown_length_is_not_read_to_its_end(api: Api) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for method, path, reads in open_to_all(api):
        if not reads or path.startswith(FILES):
            continue
        async with request_head(api, method, some(path), "Transfer-Encoding: chunked") as (reader, writer):
            sent = 0
            answered = asyncio.create_task(status(reader))
            while not answered.done() and sent < 4 * TOO_LONG:
                try:
                    writer.write(chunk)
                    await asyncio.wait_for(writer.drain(), 5)
                except (ConnectionError, TimeoutError):
                    break
                sent += len(chunk)
                await asyncio.sleep(0)
            assert await answered == 413, f"{method} {path}"
            # What lies in the sockets' buffers between us is on its way already.
            assert sent < TOO_LONG, f"{method} {path}: {sent}"


@pytest.mark.parametrize("path", ["/api/v1/tokens", "/api/v1/firmware", "/api/v1/stations/import"])
async def test_who_is_not_known_is_told_so_before_their_body_is_read(api: Api, path: str) -> None:
    async with request_head(api, "POST", path, f"Content-Length: {TOO_LONG}") as (reader, _):
        assert await status(reader) == 401


async def a_crowd(api: Api, client: httpx.AsyncClient, numbers: range) -> None:
    """Strangers of whom each says everything differently."""
    for number in numbers:
        word = f"w{number:08}"
        headers = {
            "Host": f"{word}.example",
            "User-Agent": word,
            "Accept-Language": word[:8],
            "X-Request-ID": word,
            "Currant-Tenant": word,
        }
        cookie = {"Cookie": f"currant_session={word * 5}; currant_driver={word * 4}"}
        key = {"Authorization": f"Bearer cur_{word}_{word}"}
        asked: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("GET", f"/{word}", {}),
            ("GET", f"/api/v1/stations/{word}", {"headers": cookie}),
            ("GET", f"/api/v1/sessions?{word}={word}", {"headers": key}),
            ("GET", f"/api/v1/login/oidc/{word}/start", {}),
            ("GET", f"/api/v1/branding/files/{word}.png", {}),
            ("GET", "/api/v1/branding/public", {}),
            ("GET", f"/driver/v1/evses/{word}", {"headers": cookie}),
            ("GET", f"/driver/v1/photos/{word}.jpg", {}),
            ("POST", "/api/v1/login", {"json": {"login": word, "password": word}}),
            ("POST", "/api/v1/login/passkey/options", {"json": {}}),
            ("POST", "/api/v1/login/reset", {"json": {"token": word, "new_password": word * 3}}),
            ("POST", "/driver/v1/guest", {"json": {}}),
            ("POST", "/driver/v1/sign-in/mail", {"json": {"email": f"{word}@example.com"}}),
            ("POST", "/driver/v1/sign-in/passkey/options", {}),
        )
        for method, path, more in asked:
            sent = headers | more.pop("headers", {})
            answer = await client.request(method, path, headers=sent, **more)
            client.cookies.clear()
            assert answer.status_code < 500, f"{method} {path}: {answer.text}"


def kept_things() -> int:
    """How many objects there are, but for those in caches that have a size."""
    for cache in gc.get_objects():
        if type(cache) is functools._lru_cache_wrapper and cache.cache_info().maxsize is not None:
            cache.cache_clear()
    gc.collect()
    return len(gc.get_objects())


async def test_strangers_are_not_remembered(api: Api) -> None:
    client = api.client()
    await a_crowd(api, client, range(30))
    before = kept_things()
    await a_crowd(api, client, range(100, 200))
    grown = kept_things() - before
    # A hundred strangers with fourteen requests each, and not one thing for each of them.
    assert grown < 100, f"{grown} more objects"


async def test_from_one_address_there_come_only_so_many_guests_and_questions(api: Api) -> None:
    client, answers = api.client(), []
    for _ in range(200):
        answers.append(await client.post("/driver/v1/guest", json={}))
        client.cookies.clear()
        if answers[-1].status_code == 429:
            break
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
