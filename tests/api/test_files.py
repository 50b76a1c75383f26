"""Files over real HTTPS: sent by stations, fetched by stations, looked at by people, and nothing else."""

import asyncio
import gzip
import io
import os
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from filing import Filing
from served import LOCAL_KEY, MakeApi

from currant.stations.model import CommandOutcome, CommandStatus
from currant.tenancy.model import Role

MakeFiling = Callable[..., Any]


@pytest.fixture
async def make_filing(make_api: MakeApi, tmp_path: Path) -> AsyncIterator[MakeFiling]:
    started: list[Filing] = []

    async def make(**limits: Any) -> Filing:
        api = await make_api(requests_per_second=10_000, requests_burst=10_000)
        filing = Filing(api, tmp_path, **limits)
        started.append(filing)
        return await filing.start()

    yield make
    for filing in started:
        await filing.stop()


@pytest.fixture
async def filing(make_filing: MakeFiling) -> Filing:
    return await make_filing()


def kept(filing: Filing) -> list[str]:
    """The names of the files on the disk, those half written included."""
    return [path.name for path in filing.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("way", ["put", "post", "form", "attachment"])
async def test_a_station_may_send_its_log_as_it_likes(filing: Filing, way: str) -> None:
    transfer, url = await filing.log_wanted()
    assert (transfer["status"], transfer["kind"]) == ("accepted", "diagnostics")
    content = b"line\r\n" * 40_000
    if way == "put":
        answer = await filing.charger.put(f"{url}diag.log", content=content)
    elif way == "post":
        answer = await filing.charger.post(f"{url.rstrip('/')}/diag.log", content=content)
    elif way == "form":
        answer = await filing.charger.post(
            url, files={"uploadfile": ("diag.log", content, "text/plain")}, data={"other": "value"}
        )
    else:
        # N01.FR.19
        headers = {"Content-Disposition": 'form-data; name="uploadfile"; filename="diag.log"'}
        answer = await filing.charger.post(url, content=content, headers=headers)
    assert (answer.status_code, answer.text) == (200, "")
    (file,) = (await filing.owner.get("/api/v1/stations/CP-1/files")).json()["items"]
    assert (file["name"], file["size"]) == ("diag.log", len(content))
    now = await filing.transfer(transfer["id"])
    assert (now["status"], now["file_id"], now["file_name"]) == ("transferred", file["id"], "diag.log")
    got = await filing.owner.get(f"/api/v1/files/{file['id']}/content")
    assert got.content == content
    assert got.headers["content-disposition"].startswith('attachment; filename="diag.log"')
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"


async def test_a_name_put_right_behind_the_link_is_no_part_of_it(filing: Filing) -> None:
    _, url = await filing.log_wanted()
    assert len(url) < 255
    assert (await filing.charger.put(f"{url.rstrip('/')}diag.log", content=b"x")).status_code == 200
    (file,) = (await filing.owner.get("/api/v1/files")).json()["items"]
    assert file["name"] == "diag.log"


async def test_a_file_is_taken_once(filing: Filing) -> None:
    transfer, url = await filing.log_wanted()
    assert (await filing.charger.put(url, content=b"the log")).status_code == 200
    again = await filing.charger.put(url, content=b"another")
    assert again.status_code == 409
    (file,) = (await filing.owner.get("/api/v1/files")).json()["items"]
    assert (await filing.owner.get(f"/api/v1/files/{file['id']}/content")).content == b"the log"
    assert kept(filing) == [file["id"]]
    assert (await filing.transfer(transfer["id"]))["status"] == "transferred"


async def test_forged_expired_and_turned_links_open_nothing(filing: Filing) -> None:
    _, url = await filing.log_wanted()
    word = url.rstrip("/").rpartition("/")[2]
    other = ("A" if word[20] != "A" else "B").join((word[:20], word[21:]))
    assert (await filing.charger.put(f"/files/up/{other}/", content=b"x")).status_code == 403
    assert (await filing.charger.put("/files/up/nothing/", content=b"x")).status_code == 403
    assert (await filing.charger.get(f"/files/down/{word}/x")).status_code == 403
    filing.clock.advance(timedelta(hours=73))
    assert (await filing.charger.put(url, content=b"x")).status_code == 410
    assert kept(filing) == []


async def test_a_link_to_fetch_is_none_to_send(filing: Filing) -> None:
    image = await filing.image(b"image")
    await filing.owner.post("/api/v1/stations/CP-1/firmware", json={"firmware_id": image["id"]})
    url = filing.told().url
    assert (await filing.charger.put(url.replace("/down/", "/up/"), content=b"x")).status_code == 403


async def test_what_is_too_large_is_not_kept(make_filing: MakeFiling) -> None:
    filing = await make_filing(upload_bytes=1_000_000)
    _, url = await filing.log_wanted()
    assert (await filing.charger.put(url, content=b"x" * 1_000_001)).status_code == 413

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 50_000

    try:
        answer = await filing.charger.put(url, content=unannounced())
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # Told while it was still sending.
    assert kept(filing) == []
    # A link whose file was refused may still be used.
    assert (await filing.charger.put(url, content=b"x" * 1_000_000)).status_code == 200


async def test_the_files_of_an_organisation_take_no_more_than_their_share(make_filing: MakeFiling) -> None:
    filing = await make_filing(tenant_bytes=1_000)
    _, first = await filing.log_wanted()
    assert (await filing.charger.put(first, content=b"x" * 900)).status_code == 200
    _, second = await filing.log_wanted()
    refused = await filing.charger.put(second, content=b"x" * 200)
    assert refused.status_code == 507
    assert "delete some" in refused.text
    (file,) = (await filing.owner.get("/api/v1/files")).json()["items"]
    assert (await filing.owner.delete(f"/api/v1/files/{file['id']}")).status_code == 204
    assert (await filing.charger.put(second, content=b"x" * 200)).status_code == 200


async def connected(filing: Filing) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", filing.server.port, ssl=filing.trust)


async def begun(filing: Filing, url: str, *, length: int, sent: bytes) -> tuple[Any, Any]:
    """A sender that has begun and goes on when the test says."""
    reader, writer = await connected(filing)
    path = url.removeprefix(filing.address)
    writer.write(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode() + sent)
    await writer.drain()
    return reader, writer


async def test_a_sender_that_stops_is_not_waited_for(make_filing: MakeFiling) -> None:
    filing = await make_filing(silence_s=0.3)
    _, url = await filing.log_wanted()
    reader, writer = await begun(filing, url, length=1_000, sent=b"x" * 10)
    async with asyncio.timeout(30):
        assert b" 408 " in await reader.readline()
    writer.close()
    assert kept(filing) == []


async def test_a_slow_trickle_ends_too(make_filing: MakeFiling) -> None:
    filing = await make_filing(silence_s=5.0, longest_s=1.0)
    _, url = await filing.log_wanted()
    reader, writer = await begun(filing, url, length=1_000, sent=b"x")
    answer = asyncio.create_task(reader.readline())
    async with asyncio.timeout(30):
        while not answer.done():
            writer.write(b"x")
            await asyncio.sleep(0.1)
    assert b" 408 " in answer.result()
    writer.close()
    assert kept(filing) == []


async def test_a_broken_upload_is_begun_anew(filing: Filing) -> None:
    _, url = await filing.log_wanted()
    _, writer = await begun(filing, url, length=1_000_000, sent=b"x" * 500_000)
    writer.transport.abort()
    assert (await filing.charger.put(url, content=b"whole")).status_code == 200
    (file,) = (await filing.owner.get("/api/v1/files")).json()["items"]
    assert file["size"] == 5
    async with asyncio.timeout(30):
        while kept(filing) != [file["id"]]:
            await asyncio.sleep(0.02)


async def test_a_second_attempt_takes_the_place_of_one_that_hangs(filing: Filing) -> None:
    _, url = await filing.log_wanted()
    reader, writer = await begun(filing, url, length=1_000_000, sent=b"x" * 500_000)
    await asyncio.sleep(0.2)
    assert (await filing.charger.put(url, content=b"whole")).status_code == 200
    async with asyncio.timeout(30):
        assert b" 400 " in await reader.readline()
    writer.close()
    (file,) = (await filing.owner.get("/api/v1/files")).json()["items"]
    assert file["size"] == 5


async def test_a_station_that_asks_first_is_answered_before_it_sends(filing: Filing) -> None:
    """N01.FR.22: `Expect: 100-continue`."""
    _, url = await filing.log_wanted()
    path = url.removeprefix(filing.address)
    for address, answer in ((path.replace("/up/", "/up/x"), b" 403 "), (path, b" 100 ")):
        reader, writer = await connected(filing)
        head = f"PUT {address} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        writer.write(head.encode())
        async with asyncio.timeout(30):
            assert answer in await reader.readline()
            if answer == b" 100 ":
                await reader.readline()
                writer.write(b"log")
                assert b" 200 " in await reader.readline()
        writer.close()


async def test_an_empty_file_is_none(filing: Filing) -> None:
    _, url = await filing.log_wanted()
    assert (await filing.charger.put(url, content=b"")).status_code == 422
    assert (await filing.charger.put(url, content=b"log")).status_code == 200


async def test_firmware_is_fetched_in_parts(filing: Filing) -> None:
    content = os.urandom(700_000)
    image = await filing.image(content, version="2.1", name="station-2.1.bin")
    asked = await filing.owner.post("/api/v1/stations/CP-1/firmware", json={"firmware_id": image["id"]})
    transfer, url = asked.json(), filing.told().url
    assert url.endswith("/station-2.1.bin")
    assert len(url) < 255
    head = await filing.charger.head(url)
    assert (head.headers["content-length"], head.headers["accept-ranges"]) == ("700000", "bytes")
    first = await filing.charger.get(url, headers={"Range": "bytes=0-299999"})
    assert (first.status_code, first.headers["content-range"]) == (206, "bytes 0-299999/700000")
    assert (await filing.transfer(transfer["id"])).get("fetched_at") is None
    rest = await filing.charger.get(
        url, headers={"Range": "bytes=300000-", "If-Range": first.headers["etag"]}
    )
    assert (rest.status_code, first.content + rest.content) == (206, content)
    assert (await filing.transfer(transfer["id"]))["fetched_at"] is not None
    stale = await filing.charger.get(url, headers={"Range": "bytes=300000-", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, content)
    beyond = await filing.charger.get(url, headers={"Range": "bytes=700000-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */700000")
    last = await filing.charger.get(url, headers={"Range": "bytes=-10"})
    assert last.content == content[-10:]


async def test_firmware_is_described_in_a_form_too(filing: Filing) -> None:
    content = os.urandom(300_000)
    answer = await filing.owner.post(
        "/api/v1/firmware",
        files={"file": ("fw.bin", content)},
        data={"version": "3.0", "vendor": "Acme", "models": ["M1", "M2"], "release_notes": "Better."},
    )
    assert answer.status_code == 201, answer.text
    image = answer.json()
    assert (image["version"], image["models"], image["name"]) == ("3.0", ["M1", "M2"], "fw.bin")
    assert image["signing"] == "unsigned"
    got = await filing.owner.get(f"/api/v1/firmware/{image['id']}/content")
    assert got.content == content
    same = await filing.owner.post("/api/v1/firmware", params={"version": "3.0"}, content=content)
    assert same.status_code == 409
    assert kept(filing) == [image["id"]]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [({}, "which version"), ({"version": "1", "modles": "x"}, "modles"), ({"version": "x" * 101}, "")],
)
async def test_firmware_is_described_rightly_or_not_taken(
    filing: Filing, parameters: dict[str, str], words: str
) -> None:
    answer = await filing.owner.post("/api/v1/firmware", params=parameters, content=b"image")
    assert answer.status_code in (400, 422)
    assert words in answer.text
    assert kept(filing) == []


async def test_firmware_that_is_being_given_is_not_deleted(filing: Filing) -> None:
    image = await filing.image(b"image")
    await filing.owner.post("/api/v1/stations/CP-1/firmware", json={"firmware_id": image["id"]})
    assert (await filing.owner.delete(f"/api/v1/firmware/{image['id']}")).status_code == 409
    filing.clock.advance(timedelta(hours=3))
    await filing.transfers.sweep()
    assert (await filing.owner.delete(f"/api/v1/firmware/{image['id']}")).status_code == 204
    assert kept(filing) == []
    assert (await filing.owner.get(f"/api/v1/firmware/{image['id']}")).status_code == 404


async def test_who_may_see_logs(filing: Filing) -> None:
    _, url = await filing.log_wanted()
    await filing.charger.put(url, content=b"secret")
    (file,) = (await filing.owner.get("/api/v1/files")).json()["items"]
    reading = filing.client(await filing.api.key(Role.READ_ONLY))
    helping = filing.client(await filing.api.key(Role.SUPPORT))
    assert (await reading.get(f"/api/v1/files/{file['id']}/content")).status_code == 403
    assert (await reading.get("/api/v1/transfers")).status_code == 200
    assert (await helping.get(f"/api/v1/files/{file['id']}/content")).status_code == 200
    assert (await helping.post("/api/v1/firmware", params={"version": "1"}, content=b"x")).status_code == 403
    assert (await filing.charger.get("/api/v1/files")).status_code == 401


async def test_logs_are_looked_into(filing: Filing) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/a.log", "first line\n" * 100)
        archive.writestr("logs/bomb.bin", b"\0" * 50_000_000)

    async def shown(content: bytes, **parameters: Any) -> httpx.Response:
        _, url = await filing.log_wanted()
        assert (await filing.charger.put(url, content=content)).status_code == 200
        file = (await filing.owner.get("/api/v1/files")).json()["items"][0]
        return await filing.owner.get(f"/api/v1/files/{file['id']}/preview", params=parameters)

    listed = (await shown(packed.getvalue())).json()
    assert [(member["name"], member["size"]) for member in listed["members"]] == [
        ("logs/a.log", 1_100),
        ("logs/bomb.bin", 50_000_000),
    ]
    text = (await shown(packed.getvalue(), member="logs/a.log", bytes_shown=10)).json()
    assert (text["kind"], text["text"], text["truncated"]) == ("text", "first line", True)
    assert (await shown(packed.getvalue(), member="none")).status_code == 404
    assert (await shown(packed.getvalue(), member="logs/bomb.bin")).json()["kind"] == "binary"
    assert (await shown(gzip.compress(b"unpacked"))).json()["text"] == "unpacked"
    assert (await shown(b"\x7fELF\0\0")).json()["kind"] == "binary"
    broken = await shown(b"PK\x03\x04 and then nothing")
    assert broken.status_code == 422


async def test_an_address_of_ones_own_is_shown_without_its_password(filing: Filing) -> None:
    transfer, url = await filing.log_wanted(url="ftp://me:hush@files.example.org/in/", kind="security")
    assert url == "ftp://me:hush@files.example.org/in/"
    assert transfer["url"] == "ftp://me:***@files.example.org/in/"
    commands = await filing.owner.get("/api/v1/commands")
    assert "hush" not in commands.text
    assert "me:***@" in commands.text


async def test_a_link_of_ours_is_not_in_the_record_of_the_command(filing: Filing) -> None:
    _, url = await filing.log_wanted()
    commands = (await filing.owner.get("/api/v1/commands")).text
    assert "/files/up/***" in commands
    assert url.rstrip("/").rpartition("/")[2] not in commands


@pytest.mark.parametrize(
    "url", ["gopher://x/y", "https://x/#part", "https://x/?dir=/", "https:///y", "ftp://x/a b", "x"]
)
async def test_an_address_that_no_station_could_use_is_refused(filing: Filing, url: str) -> None:
    answer = await filing.owner.post("/api/v1/stations/CP-1/logs", json={"url": url})
    assert answer.status_code == 422
    assert filing.api.link.sent == []


async def test_a_station_that_will_not_is_told_of(filing: Filing) -> None:
    filing.api.link.outcome = CommandOutcome(status=CommandStatus.REFUSED, reason="It said Rejected.")
    transfer, _ = await filing.log_wanted()
    assert (transfer["status"], transfer["reason"]) == ("refused", "It said Rejected.")


async def test_a_station_that_is_away_is_not_asked(filing: Filing) -> None:
    filing.api.link.connected.clear()
    answer = await filing.owner.post("/api/v1/stations/CP-1/logs", json={})
    assert answer.json()["status"] == "refused"
    assert "not connected" in answer.json()["reason"]


async def test_a_request_repeated_with_its_key_asks_once(filing: Filing) -> None:
    key = {"Idempotency-Key": "one"}
    first = await filing.owner.post("/api/v1/stations/CP-1/logs", json={}, headers=key)
    again = await filing.owner.post("/api/v1/stations/CP-1/logs", json={}, headers=key)
    assert first.json()["id"] == again.json()["id"]
    assert len(filing.api.link.sent) == 1


async def test_old_files_and_those_of_nobody_are_thrown_away(filing: Filing) -> None:
    _, url = await filing.log_wanted()
    await filing.charger.put(url, content=b"log")
    (file,) = (await filing.owner.get("/api/v1/files")).json()["items"]
    orphan = filing.folder / "kept" / "nobody's"
    orphan.write_bytes(b"left behind")
    os.utime(orphan, (0, 0))
    assert await filing.files.tidy() == 1
    assert kept(filing) == [file["id"]]
    filing.clock.advance(timedelta(days=91))
    assert await filing.files.tidy() == 1
    assert kept(filing) == []
    assert (await filing.owner.get("/api/v1/files")).json()["items"] == []


async def test_half_files_of_a_killed_server_are_gone_at_its_next_start(filing: Filing) -> None:
    half = filing.folder / "incoming" / "node-1" / "half"
    half.write_bytes(b"x")
    theirs = filing.folder / "incoming" / "node-2"
    theirs.mkdir()
    (theirs / "half").write_bytes(b"x")
    filing.shelf.prepare()
    assert [path.parent.name for path in filing.folder.rglob("half")] == ["node-2"]


async def test_another_organisation_sees_none_of_it(filing: Filing) -> None:
    transfer, url = await filing.log_wanted()
    await filing.charger.put(url, content=b"log")
    (file,) = (await filing.owner.get("/api/v1/files")).json()["items"]
    image = await filing.image(b"image")
    made = await filing.owner.post(
        "/api/v1/organisations", json={"name": "Other", "owner_login": "o@example.org"}
    )
    assert made.status_code == 201, made.text
    other = filing.client(LOCAL_KEY)
    other.headers["Currant-Tenant"] = made.json()["organisation"]["id"]
    for path in (f"files/{file['id']}", f"transfers/{transfer['id']}", f"firmware/{image['id']}"):
        assert (await other.get(f"/api/v1/{path}")).status_code == 404
