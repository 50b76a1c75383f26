"""What tests of the simulator have in common: starting a session in any version, and reading what was told."""

from typing import Any

from bench_top import TOKEN, Bench

VERSIONS = ("1.6", "2.0.1", "2.1")


def remote_start(bench: Bench, token: str = TOKEN, evse: int = 1) -> str:
    if bench.judge.version == "1.6":
        return str(bench.ask("RemoteStartTransaction", {"idTag": token, "connectorId": evse})["status"])
    request = {"idToken": {"idToken": token, "type": "ISO14443"}, "remoteStartId": 42, "evseId": evse}
    return str(bench.ask("RequestStartTransaction", request)["status"])


def start(bench: Bench, *, seconds: float = 60, evse: int = 1) -> str:
    """A session at an EVSE, by its id in the words of the version."""
    assert remote_start(bench, evse=evse) == "Accepted"
    bench.run(seconds)
    transaction = bench.station.outlets[evse - 1].transaction
    assert transaction is not None
    return bench.station.dialect_transaction(transaction)


def ended(bench: Bench) -> list[dict[str, Any]]:
    if bench.judge.version == "1.6":
        return bench.judge.said("StopTransaction")
    return [said for said in bench.judge.said("TransactionEvent") if said["eventType"] == "Ended"]


def updates(bench: Bench, trigger: str) -> list[dict[str, Any]]:
    return [said for said in bench.judge.said("TransactionEvent") if said["triggerReason"] == trigger]


def boots(bench: Bench) -> list[str]:
    return [said["reason"] for said in bench.judge.said("BootNotification")]


def statuses(bench: Bench, evse: int = 1) -> list[str]:
    """What was told of an EVSE's first connector, in order."""
    if bench.judge.version == "1.6":
        return [
            said["status"] for said in bench.judge.said("StatusNotification") if said["connectorId"] == evse
        ]
    return [
        said["connectorStatus"]
        for said in bench.judge.said("StatusNotification")
        if said["evseId"] == evse and said["connectorId"] == 1
    ]
