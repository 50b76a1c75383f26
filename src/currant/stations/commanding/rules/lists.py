"""The local authorisation list: what the commands must be (2.x D01.FR.06, FR.18; 1.6 5.15)."""

from collections.abc import Callable
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import lists
from currant.stations.commanding.rules.common import between, count, text

ENTRIES_MAX = 10_000
STATUSES = ("accepted", "blocked", "expired", "invalid", "concurrent")


def send_local_list(command: lists.SendLocalList) -> None:
    between("version", command.version, 1, 2**31 - 1)
    between("entries_a_message", command.entries_a_message, 1, ENTRIES_MAX)
    count("entries", len(command.entries), least=0, most=ENTRIES_MAX)
    seen: set[tuple[str, str]] = set()
    for entry in command.entries:
        text("token_uid", entry.token_uid, least=1, most=255)
        key = (entry.token_uid.casefold(), entry.token_kind)
        if key in seen:
            raise Invalid(
                f"{entry.token_uid} stands on the list twice: name each token once.", field="entries"
            )
        seen.add(key)
        if entry.status is None and command.full:
            raise Invalid(
                f"A full list holds no token to be taken off ({entry.token_uid}): leave it out.",
                field="entries",
            )
        if entry.status is not None and entry.status not in STATUSES:
            raise Invalid(f"status is one of {', '.join(STATUSES)}, not {entry.status}.", field="status")


CHECKS: dict[type, Callable[[Any], None]] = {
    lists.GetLocalListVersion: lambda command: None,
    lists.SendLocalList: send_local_list,
}
