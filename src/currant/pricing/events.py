"""What happens to tariffs and whose they are, as facts in the journal."""

from datetime import datetime

from currant.kit.event import Event
from currant.kit.ids import TariffId, TariffVersionId


class TariffChanged(Event, frozen=True, kw_only=True):
    """A tariff was made (`created`) or changed, or a draft of it was (`draft 2`); `fields` names what."""

    tariff_id: TariffId
    name: str
    fields: tuple[str, ...] = ()
    by: str = ""


class TariffPublished(Event, frozen=True, kw_only=True):
    """A version of a tariff holds from `valid_from` on, and never changes any more."""

    tariff_id: TariffId
    version_id: TariffVersionId
    name: str
    number: int
    valid_from: datetime
    by: str = ""


class TariffWithdrawn(Event, frozen=True, kw_only=True):
    """A version holds no longer; sessions that have begun with it keep it."""

    tariff_id: TariffId
    version_id: TariffVersionId
    name: str
    number: int
    by: str = ""


class PriceRuleChanged(Event, frozen=True, kw_only=True):
    """A price rule was made (`created`), changed, ended (`valid_until`) or taken away (`deleted`)."""

    rule_id: str
    tariff_id: TariffId
    fields: tuple[str, ...] = ()
    by: str = ""


class SpotPricesChanged(Event, frozen=True, kw_only=True):
    """Prices of a market became known, or known better, from `begin` to `end`."""

    market: str
    begin: datetime
    end: datetime
    by: str = ""


class VoucherChanged(Event, frozen=True, kw_only=True):
    """A voucher was made (`created`), changed or taken away (`deleted`); `fields` names what."""

    voucher_id: str
    name: str
    fields: tuple[str, ...] = ()
    by: str = ""


class SubscriptionPlanChanged(Event, frozen=True, kw_only=True):
    """What can be subscribed to was made (`created`) or changed."""

    plan_id: str
    name: str
    fields: tuple[str, ...] = ()
    by: str = ""


class SubscriptionChanged(Event, frozen=True, kw_only=True):
    """Somebody's subscription began (`created`), changed or ends (`valid_until`)."""

    subscription_id: str
    plan_id: str
    holder: str
    fields: tuple[str, ...] = ()
    by: str = ""
