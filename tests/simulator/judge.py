"""A server for tests: judges every frame by the official JSON schemas, answers, and remembers.

It knows nothing of `currant.ocpp`: schemas and field names are those of the specification, from the
PyPI package `ocpp`, checked by jsonschema-rs.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

import ocpp

FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
# What wants a word for an answer, and gets the friendliest.
ACCEPTED = (
    "NotifyEVChargingNeeds",
    "NotifyEVChargingSchedule",
    "OpenPeriodicEventStream",
    "PullDynamicScheduleUpdate",
    "SignCertificate",
)
NOW = "2026-01-31T12:00:00Z"


@cache
def validator(version: str, name: str) -> Any:
    folder = Path(ocpp.__file__).parent / FOLDERS[version] / "schemas"
    path = folder / f"{name}.json"
    if not path.exists() and name.endswith("Request"):
        path = folder / f"{name.removesuffix('Request')}.json"
    return jsonschema_rs.validator_for(
        json.loads(path.read_text(encoding="utf-8-sig")), validate_formats=False
    )


def judge(version: str, name: str, payload: Any) -> None:
    validator(version, name).validate(payload)


class Judge:
    """One station's server: answers as told, keeps what was said, and can ask something itself."""

    def __init__(self, version: str, *, interval: int = 300) -> None:
        self.version = version
        self.interval = interval
        self.boot_status = "Accepted"
        self.token_status = "Accepted"
        self.prepared: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.answers: list[tuple[str, Any]] = []
        self._asked: dict[str, str] = {}
        self._next_number = 100
        self._starts: dict[tuple[Any, ...], int] = {}

    def said(self, action: str) -> list[dict[str, Any]]:
        return [payload for _, name, payload in self.calls if name == action]

    @property
    def actions(self) -> list[str]:
        return [name for _, name, _ in self.calls]

    def ask(self, action: str, payload: dict[str, Any]) -> bytes:
        """A request of ours, which must itself keep the schema."""
        judge(self.version, f"{action}Request", payload)
        message_id = f"ask-{len(self._asked)}"
        self._asked[message_id] = action
        return json.dumps([2, message_id, action, payload]).encode()

    def hear(self, data: bytes) -> bytes | None:
        """A frame of the station's; the answer to it, if it wants one."""
        frame = json.loads(data)
        kind, message_id = frame[0], frame[1]
        if kind == 2:
            assert isinstance(message_id, str)
            assert 0 < len(message_id) <= 36
            action, payload = frame[2], frame[3]
            judge(self.version, f"{action}Request", payload)
            self.calls.append((message_id, action, payload))
            answer = self._answer(action, payload)
            judge(self.version, f"{action}Response", answer)
            return json.dumps([3, message_id, answer]).encode()
        if kind == 6:
            judge(self.version, f"{frame[2]}Request", frame[3])
            self.calls.append((message_id, frame[2], frame[3]))
            return None
        action = self._asked[message_id]
        if kind == 3:
            judge(self.version, f"{action}Response", frame[2])
            self.answers.append((action, frame[2]))
        else:
            assert kind == 4
            assert len(frame) == 5
            self.answers.append((action, frame[2]))
        return None

    def _answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action in self.prepared:
            return self.prepared[action]
        if action == "BootNotification":
            return {"currentTime": NOW, "interval": self.interval, "status": self.boot_status}
        if action == "Heartbeat":
            return {"currentTime": NOW}
        if action == "DataTransfer":
            return {"status": "Accepted"}
        if action in ACCEPTED:
            return {"status": "Accepted"}
        if self.version == "1.6":
            info = {"idTagInfo": {"status": self.token_status}}
            if action == "Authorize":
                return info
            if action == "StartTransaction":
                content = (
                    payload["connectorId"],
                    payload["idTag"],
                    payload["timestamp"],
                    payload["meterStart"],
                )
                self._next_number += content not in self._starts
                return info | {"transactionId": self._starts.setdefault(content, self._next_number)}
            return {}
        if action == "Authorize" or (action == "TransactionEvent" and "idToken" in payload):
            return {"idTokenInfo": {"status": self.token_status}}
        return {}
