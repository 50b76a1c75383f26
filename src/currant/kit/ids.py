"""Typed identifiers. Those that Currant makes are UUIDv7 in text, so they sort by time of birth."""

import os
import time
from typing import NewType

TenantId = NewType("TenantId", str)
PersonId = NewType("PersonId", str)
KeyId = NewType("KeyId", str)
LocationId = NewType("LocationId", str)
StationId = NewType("StationId", str)
StationGroupId = NewType("StationGroupId", str)
CommandId = NewType("CommandId", str)
TransferId = NewType("TransferId", str)
FileId = NewType("FileId", str)
FirmwareId = NewType("FirmwareId", str)
BatchId = NewType("BatchId", str)
TokenId = NewType("TokenId", str)
GroupId = NewType("GroupId", str)
AccountId = NewType("AccountId", str)
PolicyId = NewType("PolicyId", str)
CalendarId = NewType("CalendarId", str)
SessionId = NewType("SessionId", str)
ReservationId = NewType("ReservationId", str)
WaitingId = NewType("WaitingId", str)
NoteId = NewType("NoteId", str)
TariffId = NewType("TariffId", str)
TariffVersionId = NewType("TariffVersionId", str)
ChargeId = NewType("ChargeId", str)
EntryId = NewType("EntryId", str)
PaymentId = NewType("PaymentId", str)
DocumentId = NewType("DocumentId", str)
LegalEntityId = NewType("LegalEntityId", str)

_last = 0


def first_id_of(milliseconds: int) -> str:
    """What every id made in or after this millisecond since 1970 is not below, and every earlier one is."""
    text = f"{milliseconds:012x}"
    return f"{text[:8]}-{text[8:]}-7000-8000-000000000000"


def new_id() -> str:
    """A UUIDv7 (RFC 9562, 5.7) in its usual text form; those made by one process strictly ascend."""
    global _last
    # 48 bits of milliseconds and 12 bits of their fraction: ids of one process never run backwards.
    stamp = time.time_ns() * 4096 // 1_000_000
    if stamp <= _last:
        stamp = _last + 1
    _last = stamp
    text = f"{stamp >> 12:012x}7{stamp & 0xFFF:03x}{int.from_bytes(os.urandom(8)) & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
