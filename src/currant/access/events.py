"""What happens to tokens, accounts and the rules they charge by, as facts in the journal."""

from currant.kit.event import Event
from currant.kit.ids import AccountId, CalendarId, GroupId, PolicyId, TokenId


class TokenChanged(Event, frozen=True, kw_only=True):
    """A token was made (`created`), changed or taken away (`deleted`); `fields` names what."""

    token_id: TokenId
    uid: str
    fields: tuple[str, ...] = ()
    by: str = ""


class GroupChanged(Event, frozen=True, kw_only=True):
    group_id: GroupId
    fields: tuple[str, ...] = ()
    by: str = ""


class AccountChanged(Event, frozen=True, kw_only=True):
    account_id: AccountId
    fields: tuple[str, ...] = ()
    by: str = ""


class PolicyChanged(Event, frozen=True, kw_only=True):
    """A policy was made (`created`), changed or taken away (`deleted`); `fields` names what."""

    policy_id: PolicyId
    name: str
    fields: tuple[str, ...] = ()
    by: str = ""


class HolidayCalendarChanged(Event, frozen=True, kw_only=True):
    calendar_id: CalendarId
    name: str
    fields: tuple[str, ...] = ()
    by: str = ""


class AuthoriserChanged(Event, frozen=True, kw_only=True):
    """A tenant's external authoriser was set, changed or taken away; never tells its secret."""

    fields: tuple[str, ...] = ()
    by: str = ""
