"""What every command is: a value with a tag, in words that are the same for every OCPP version."""

from datetime import datetime

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="command", omit_defaults=True):
    """Something a station is asked to do."""


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value within a command."""


class Retrying(Part, frozen=True, kw_only=True):
    """How often a station shall try a transfer again, and after how many seconds; None is its own habit."""

    times: int | None = None
    interval_s: int | None = None


Instant = datetime
