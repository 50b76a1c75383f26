"""The local authorisation list: worded in OCPP 1.6."""

from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of, refused
from currant.gateway.services import Caller
from currant.gateway.v16.commands.remote import ID_TAG_MAX
from currant.ocpp import v16
from currant.stations.commanding.lists import GetLocalListVersion, LocalListEntry, SendLocalList
from currant.stations.commanding.remote import ClearCache
from currant.stations.model import CommandOutcome, CommandStatus

STATUSES: dict[str, v16.AuthorizationStatus] = {
    "accepted": "Accepted",
    "blocked": "Blocked",
    "expired": "Expired",
    "invalid": "Invalid",
    "concurrent": "ConcurrentTx",
}


async def get_local_list_version(command: GetLocalListVersion, caller: Caller, ask: Ask) -> CommandOutcome:
    answer = await ask("GetLocalListVersion", v16.GetLocalListVersion())
    if answer.list_version == -1:
        return CommandOutcome(
            status=CommandStatus.UNSUPPORTED,
            reason="The station supports no local authorisation lists.",
            answer=as_facts(answer),
        )
    return CommandOutcome(
        status=CommandStatus.ACCEPTED, answer=as_facts(answer), report=({"version": answer.list_version},)
    )


async def send_local_list(command: SendLocalList, caller: Caller, ask: Ask) -> CommandOutcome:
    too_long = [entry.token_uid for entry in command.entries if len(entry.token_uid) > ID_TAG_MAX]
    if too_long:
        return refused(
            f"OCPP 1.6 carries tokens of at most {ID_TAG_MAX} characters: {too_long[0]} is longer."
        )
    messages = command.messages
    first = command.version - len(messages) + 1
    if first < 1:
        return refused(
            f"The list needs {len(messages)} messages and as many versions: choose {len(messages)} or above."
        )
    outcome = CommandOutcome(status=CommandStatus.ACCEPTED)
    for index, entries in enumerate(messages):
        answer = await ask(
            "SendLocalList",
            v16.SendLocalList(
                list_version=first + index,
                update_type="Full" if command.full and index == 0 else "Differential",
                local_authorization_list=[_entry(entry) for entry in entries] or None,
            ),
        )
        outcome = outcome_of(answer)
        if outcome.status is not CommandStatus.ACCEPTED:
            break
    return outcome


def _entry(entry: LocalListEntry) -> v16.AuthorizationData:
    info = None
    if entry.status is not None:
        parent = entry.parent_uid
        info = v16.IdTagInfo(
            status=STATUSES[entry.status],
            expiry_date=entry.valid_until,
            parent_id_tag=parent if parent and len(parent) <= ID_TAG_MAX else None,
        )
    return v16.AuthorizationData(id_tag=entry.token_uid, id_tag_info=info)


async def clear_cache(command: ClearCache, caller: Caller, ask: Ask) -> CommandOutcome:
    return outcome_of(await ask("ClearCache", v16.ClearCache()))


COMMANDS: dict[type, Wording] = {
    ClearCache: clear_cache,
    GetLocalListVersion: get_local_list_version,
    SendLocalList: send_local_list,
}
