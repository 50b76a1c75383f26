"""The ledger of a real server from the command line, and `currant check --ledger` beside it and after it."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
from tests.app.processes import Server, currant, finished


def test_the_ledger_is_shown_exported_and_checked_beside_a_running_server(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        assert server.run("check", "--ledger") == []
        secret = server.run("key", "add", "books", "--role", "integration")["secret"]
        api = httpx.Client(base_url=server.said["api"], headers={"Authorization": f"Bearer {secret}"})
        account = api.post("/accounts", json={"name": "Somebody"}).raise_for_status().json()["id"]
        for amount in (500, -200):
            given = {"amount": amount, "currency": "EUR", "reason": "A present"}
            api.post(f"/wallets/{account}/adjust", json=given).raise_for_status()
        api.close()
        shown = server.run("ledger", "accounts")
        assert {(each["kind"], each["balance"]) for each in shown} == {("adjustment", 300), ("wallet", -300)}
        assert [each["purpose"] for each in server.run("ledger", "entries")] == ["adjusted", "adjusted"]
        assert (
            f"wallet:{account} -500 EUR"
            in finished("ledger", "entries", "--data-dir", str(server.folder)).stdout
        )
        journal = tmp_path / "ledger.beancount"
        assert server.run("ledger", "export", str(journal))["bytes"] == journal.stat().st_size
        assert server.run("ledger", "export", str(journal), exit=2)["hint"]
        check = [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(journal)]
        assert subprocess.run(check, check=False, timeout=60).returncode == 0
        [found] = server.run("check", "--ledger")
        assert (found["ok"], found["entries"], found["accounts"]) == (True, 2, 2)
        server.kill()
    [found] = currant("check", "--ledger", "--data-dir", str(server.folder))
    assert found["ok"]
    with sqlite3.connect(next((tmp_path / "data").glob("*.sqlite"))) as around:
        around.execute("DROP TRIGGER ledger_legs_unchanged")
        around.execute("UPDATE ledger_legs SET amount = amount - 1 WHERE kind = 'wallet'")
    said = finished("check", "--ledger", "--data-dir", str(server.folder), exit=1).stdout
    assert "guard_missing (rule 2)" in said
    assert "legs_changed (rule 2)" in said
    assert "balance_differs (rule 3)" in said
    assert "the books are NOT in order" in said


def test_without_a_database_there_are_no_books_and_none_are_made(tmp_path: Path) -> None:
    assert currant("check", "--ledger", "--data-dir", str(tmp_path / "data")) == []
    assert not list(tmp_path.rglob("*.sqlite"))
