"""Desired state from the command line, against a running server."""

from pathlib import Path

from tests.app.processes import Server


def test_something_is_declared_shown_watched_and_undone(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        server.run("stations", "add", "CP-1")
        line = ("desired", "declare", "OCPPCommCtrlr.HeartbeatInterval", "60")
        assert server.run(*line, exit=2)["error"].startswith("Say for whom")
        assert server.run(*line, "--all", "--dry-run")["stations"] == 1
        assert server.run("desired", "list") == []
        made = server.run(*line, "--all", "--why", "a test", "--canary", "1")
        shown = server.run("desired", "show", "CP-1")
        assert [(key["desired"], key["standing"], key["cause"]) for key in shown["keys"]] == [
            ("60", "waiting", "offline")
        ]
        watched = server.run("desired", "rollout", "watch", "latest", "--once")
        assert watched["rollout"]["id"] == made["rollout"]["id"]
        assert server.run("desired", "rollout", "undo", "latest")["revision"]["kind"] == "undone"
        assert server.run("desired", "list") == []
        assert [row["why"] for row in server.run("desired", "history")][-1] == "a test"
