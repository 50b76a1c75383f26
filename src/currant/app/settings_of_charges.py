"""The settings of how sessions are charged for (settings.py names all others)."""

from typing import Annotated

from pydantic import Field

from currant.app.section import Section
from currant.billing.charges.model import PaysBy


class ChargeSettings(Section):
    """Charges: what becomes of a session once it has ended. Accounts may have terms of their own."""

    settle_after_s: Annotated[int, Field(ge=0, le=86_400)] = 30
    """Seconds after a session's end until it is charged for, so that what its station sends last is counted."""

    review_above: Annotated[int, Field(ge=0)] = 0
    """A charge of more than this (cents or the like, with tax) waits for a person. 0: none does for its amount."""

    accounts_pay_by: PaysBy = PaysBy.ACCOUNT_INVOICE
    """How an account pays for which nothing else was set: `wallet`, `account_invoice` or `free`."""

    open_is_free: bool = True
    """Whether charging that needs no card (a button) costs nothing. Otherwise a person has to say who pays."""

    due_days: Annotated[int, Field(ge=0, le=365)] = 7
    """Days after which something that could not be collected is due."""

    reminder_days: tuple[Annotated[int, Field(ge=1, le=365)], ...] = (3, 10, 20)
    """Days after the first letter about something unpaid on which the next ones are sent."""

    block_days: Annotated[int, Field(ge=0, le=3650)] = 14
    """Days after the due date from which an account that has not paid may not charge. 0: it always may."""
