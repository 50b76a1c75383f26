"""Files and a server that is killed: what was acknowledged is there afterwards, what was half is not."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tests.app.processes import Server

CONTENT = b"CURRANT-SIM 2.0\n" + b"x" * 3_000_000


def asking(server: Server) -> httpx.Client:
    key = (server.folder / "cli.key").read_text().strip()
    return httpx.Client(base_url=server.said["api"], headers={"Authorization": f"Bearer {key}"}, timeout=30)


def on_disk(server: Server) -> list[str]:
    return [path.name for path in (server.folder / "files").rglob("*") if path.is_file()]


def test_a_killed_server_keeps_whole_files_and_no_half_ones(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as first, asking(first) as api:
        kept = api.post("firmware", params={"version": "2.0"}, content=CONTENT)
        assert kept.status_code == 201, kept.text
        at = urlsplit(first.said["api"])
        with socket.create_connection((at.hostname or "", at.port or 0)) as half:
            head = f"POST {at.path}/firmware?version=3.0 HTTP/1.1\r\nHost: x\r\n"
            head += f"Authorization: {api.headers['authorization']}\r\nContent-Length: 9000000\r\n\r\n"
            half.sendall(head.encode() + b"y" * 4_000_000)
            # Until the half of it lies there.
            while len(on_disk(first)) < 2:
                assert api.get("firmware").status_code == 200
            first.kill()
    with Server(tmp_path / "data") as second, asking(second) as api:
        assert on_disk(second) == [kept.json()["id"]]
        (image,) = api.get("firmware").json()["items"]
        assert api.get(f"firmware/{image['id']}/content").content == CONTENT
        assert api.post("firmware", params={"version": "3.0"}, content=b"whole").status_code == 201
