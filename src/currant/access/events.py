"""What happens to tokens, groups and accounts, as facts in the journal."""

from currant.kit.event import Event
from currant.kit.ids import AccountId, GroupId, TokenId


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
