"""The local authorisation list and the cache: worded in OCPP 2.x (blocks C11, D)."""

from typing import Any

from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of, refused
from currant.gateway.services import Caller
from currant.gateway.v2.tokens import longest_token, wire_token
from currant.stations.commanding.lists import GetLocalListVersion, LocalListEntry, SendLocalList
from currant.stations.commanding.remote import ClearCache
from currant.stations.model import CommandOutcome, CommandStatus

STATUSES = {
    "accepted": "Accepted",
    "blocked": "Blocked",
    "expired": "Expired",
    "invalid": "Invalid",
    "concurrent": "ConcurrentTx",
}


async def get_local_list_version(command: GetLocalListVersion, caller: Caller, ask: Ask) -> CommandOutcome:
    answer = await ask("GetLocalListVersion", caller.types.GetLocalListVersion())
    return CommandOutcome(
        status=CommandStatus.ACCEPTED, answer=as_facts(answer), report=({"version": answer.version_number},)
    )


async def send_local_list(command: SendLocalList, caller: Caller, ask: Ask) -> CommandOutcome:
    longest = longest_token(caller)
    too_long = [entry.token_uid for entry in command.entries if len(entry.token_uid) > longest]
    if too_long:
        return refused(
            f"OCPP {caller.version} carries tokens of at most {longest} characters: {too_long[0]} is longer."
        )
    messages = command.messages
    first = command.version - len(messages) + 1
    if first < 1:
        return refused(
            f"The list needs {len(messages)} messages and as many versions: choose {len(messages)} or above."
        )
    outcome = CommandOutcome(status=CommandStatus.ACCEPTED)
    for index, entries in enumerate(messages):
        request = caller.types.SendLocalList(
            version_number=first + index,
            update_type="Full" if command.full and index == 0 else "Differential",
            # D01.FR.04: none at all empties the list; an empty one is not allowed.
            local_authorization_list=[_entry(entry, caller) for entry in entries] or None,
        )
        outcome = outcome_of(await ask("SendLocalList", request))
        if outcome.status is not CommandStatus.ACCEPTED:
            break
    return outcome


def _entry(entry: LocalListEntry, caller: Caller) -> Any:
    types = caller.types
    info = None
    if entry.status is not None:
        parent = entry.parent_uid
        info = types.IdTokenInfoType(
            status=STATUSES[entry.status],
            cache_expiry_date_time=entry.valid_until,
            language1=entry.language if 0 < len(entry.language) <= 8 else None,
            group_id_token=wire_token(parent, "central", caller) if parent else None,
        )
    return types.AuthorizationData(
        id_token=wire_token(entry.token_uid, entry.token_kind, caller), id_token_info=info
    )


async def clear_cache(command: ClearCache, caller: Caller, ask: Ask) -> CommandOutcome:
    return outcome_of(await ask("ClearCache", caller.types.ClearCache()))


COMMANDS: dict[type, Wording] = {
    ClearCache: clear_cache,
    GetLocalListVersion: get_local_list_version,
    SendLocalList: send_local_list,
}
