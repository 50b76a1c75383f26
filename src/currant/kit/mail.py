"""A letter to somebody, and the port it leaves by; how it travels is `notices`' business."""

from datetime import datetime
from typing import Protocol

import msgspec


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One letter. `text` is always there; `html` is the same in better clothes, or empty."""

    to: str
    subject: str
    text: str
    html: str = ""
    sender_name: str = ""
    """Whom it is from, by name: the organisation whose branding the reader knows."""
    until: datetime | None = None
    """When it is not worth sending any more (its link has expired); None when it always is."""


class Mailer(Protocol):
    """Sends letters; what cannot be sent now is tried again without the sender's waiting."""

    async def send(self, mail: Mail) -> None: ...


class KeptMail:
    """A mailer that keeps its letters: for tests, and to look at what would be sent."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        self.sent.append(mail)
