"""When a wallet is filled by itself, and when that is given up. Pure.

A rule says below what and by how much. It is asked again whenever the wallet may have become too low; one
filling is under way at a time, one that failed waits longer each time, and after the third in a row the rule
rests until a person or the driver sets it again.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from currant.kit.ids import TenantId

PAUSES = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""How long a rule waits after its first, second and third failure in a row."""
MONTH = timedelta(days=30)
# A filling of which nothing was heard is asked for again, by the same key.
ASKED_AGAIN_AFTER = timedelta(minutes=2)


class TopUpRule(msgspec.Struct, frozen=True, kw_only=True):
    """Below what a wallet is filled, by how much, and from where. Minor units."""

    tenant_id: TenantId
    owner: str
    currency: str
    below: int
    amount: int
    most_a_month: int = 0
    """In any 30 days; 0 for no limit."""
    method_id: str
    """The stored means of payment; whoever it belongs to pays."""
    active: bool = True
    failures: int = 0
    """In a row."""
    last_failure: datetime | None = None
    changed_at: datetime


class FillState(StrEnum):
    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One filling of a wallet by itself; its id is the key its payment is asked for by."""

    id: str
    tenant_id: TenantId
    owner: str
    currency: str
    amount: int
    state: FillState = FillState.ASKED
    asked_at: datetime
    payment_id: str = ""
    reason: str = ""


class Choice(StrEnum):
    """What to do about a wallet now."""

    NOTHING = "nothing"
    """There is enough, or it is too early to ask again."""
    FILL = "fill"
    ASK_AGAIN = "ask_again"
    """A filling was asked for and nothing was heard of it."""
    TOO_MUCH = "too_much"
    """This month's limit would be passed."""
    RESTS = "rests"
    """It failed too often."""


def choose(
    rule: TopUpRule, available: int, under_way: Fill | None, filled_this_month: int, now: datetime
) -> Choice:
    """What a rule asks for, given what can be spent and what is under way."""
    if not rule.active:
        return Choice.NOTHING
    if under_way is not None:
        due = now - under_way.asked_at >= ASKED_AGAIN_AFTER
        return Choice.ASK_AGAIN if due else Choice.NOTHING
    if available >= rule.below:
        return Choice.NOTHING
    if rule.failures >= len(PAUSES):
        return Choice.RESTS
    if rule.last_failure is not None and now - rule.last_failure < PAUSES[rule.failures - 1]:
        return Choice.NOTHING
    if rule.most_a_month and filled_this_month + rule.amount > rule.most_a_month:
        return Choice.TOO_MUCH
    return Choice.FILL


def after_filling(rule: TopUpRule, fill: Fill, now: datetime) -> TopUpRule:
    """The rule once a filling has ended."""
    if fill.state is FillState.DONE:
        return msgspec.structs.replace(rule, failures=0, last_failure=None)
    if fill.state is FillState.FAILED:
        return msgspec.structs.replace(rule, failures=rule.failures + 1, last_failure=now)
    return rule
