"""What makes charging cheaper for some: vouchers, and subscriptions with energy that is paid for already."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType

from currant.kit.errors import Invalid
from currant.kit.ids import TenantId
from currant.pricing.adjusting import GroupDiscount, Voucher
from currant.pricing.drafts import check_currency, check_name, check_number, check_span
from currant.pricing.model import LineKind

CODE_MAX = 40
CODE_MIN = 4
HOLDER_MAX = 120
HOLDERS = ("account:", "driver:")


class VoucherTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a voucher takes off: a percentage or an amount, of some kinds of lines or of all, up to `cap`.

    Amount and cap are in `currency`, with tax where the tariff's prices are.
    """

    percent: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    """Needed with an amount or a cap: such a voucher is good for sessions in this currency alone."""
    kinds: tuple[LineKind, ...] = ()
    cap: Decimal | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """Sessions that begin in between."""
    uses_max: int | None = None
    """Of everybody together."""
    uses_per_holder: int | None = 1
    """Of one driver or account; None sets no limit."""

    def adjuster(self, note: str) -> Voucher:
        """As rating takes it."""
        return Voucher(
            percent=self.percent, amount=self.amount, kinds=self.kinds, cap=self.cap, note=f"voucher {note}"
        )


class VoucherOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A code that drivers enter."""

    id: str
    tenant_id: TenantId
    code: str
    """In capitals, without spaces and dashes; drivers may write it as they like."""
    name: str
    terms: VoucherTerms
    archived: bool = False
    """Taken no more."""
    used: int = 0
    created_at: datetime


class VoucherDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher to be made."""

    code: str
    name: str
    terms: VoucherTerms


class VoucherChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a voucher; sessions that have it already keep what they had."""

    name: str | UnsetType = UNSET
    terms: VoucherTerms | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class VoucherUse(msgspec.Struct, frozen=True, kw_only=True):
    """What a voucher was used for: a session, as a rule."""

    voucher_id: str
    source_id: str
    holder: str
    used_at: datetime


class PlanTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a month costs and what is in it. Prices of the rest are those of price rules."""

    currency: str
    monthly_fee: Decimal
    tax_percent: Decimal | None = None
    """The fee's own tax; None leaves it to the tax rules."""
    allowance_kwh: Decimal = Decimal(0)
    """Each calendar month in the contract's zone; what is left is not carried over."""
    discount_percent: Decimal = Decimal(0)
    """Off everything else."""


class SubscriptionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What can be subscribed to."""

    id: str
    tenant_id: TenantId
    name: str
    terms: PlanTerms
    archived: bool = False
    """Taken by nobody new; those who have it keep it."""
    created_at: datetime


class PlanDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A plan to be made."""

    name: str
    terms: PlanTerms


class PlanChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a plan, for those who subscribe from now on."""

    name: str | UnsetType = UNSET
    terms: PlanTerms | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class ChargingSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's contract: the plan's terms as they were when it began."""

    id: str
    tenant_id: TenantId
    plan_id: str
    holder: str
    """`account:<id>` or `driver:<id>`."""
    zone: str
    """Whose months count (IANA)."""
    terms: PlanTerms
    valid_from: datetime
    valid_until: datetime | None = None
    created_at: datetime

    def holds(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)

    def discount(self) -> GroupDiscount | None:
        """What it takes off everything, as rating takes it."""
        percent = self.terms.discount_percent
        return GroupDiscount(percent=percent, note=f"subscription {self.id}") if percent else None


class SubscriptionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription to be begun."""

    plan_id: str
    holder: str
    zone: str = "UTC"
    valid_from: datetime | None = None
    """Now, when left out."""
    valid_until: datetime | None = None


class SubscriptionFee(msgspec.Struct, frozen=True, kw_only=True):
    """What a month of a subscription costs."""

    subscription_id: str
    holder: str
    plan_id: str
    month: str
    """As in `2026-01`."""
    currency: str
    amount: Decimal
    tax_percent: Decimal | None


def code_of(written: str) -> str:
    """A code as it is compared: people write it small, and with spaces and dashes."""
    return "".join(each for each in written.upper() if not each.isspace() and each != "-")


def month_of(at: datetime, zone: str) -> str:
    """The calendar month that an instant lies in somewhere, as in `2026-01`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m")


def month_span(month: str, zone: str) -> tuple[datetime, datetime]:
    """When a month begins and when the next one does, somewhere."""
    begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZoneInfo(zone))
    return begin, (begin.replace(day=28) + timedelta(days=4)).replace(day=1)


def fee_of(subscription: ChargingSubscription, month: str) -> SubscriptionFee | None:
    """What a subscription costs in a month; None when it does not run in it. A month begun is a whole month."""
    begin, end = month_span(month, subscription.zone)
    over = subscription.valid_until is not None and subscription.valid_until <= begin
    if subscription.valid_from >= end or over or subscription.valid_until == subscription.valid_from:
        return None
    terms = subscription.terms
    return SubscriptionFee(
        subscription_id=subscription.id,
        holder=subscription.holder,
        plan_id=subscription.plan_id,
        month=month,
        currency=terms.currency,
        amount=terms.monthly_fee,
        tax_percent=terms.tax_percent,
    )


def check_code(written: str) -> str:
    """The code as it is compared; raises Invalid when it is none."""
    code = code_of(written)
    if not CODE_MIN <= len(code) <= CODE_MAX or not (code.isascii() and code.isalnum()):
        raise Invalid(f"A code is {CODE_MIN} to {CODE_MAX} letters and digits.", field="code")
    return code


def check_voucher_terms(terms: VoucherTerms) -> None:
    """Raise Invalid where a voucher contradicts itself."""
    if (terms.percent is None) == (terms.amount is None):
        raise Invalid("A voucher takes off a percentage or an amount: give one of them.", field="terms")
    check_number("terms.percent", terms.percent, least=Decimal(0), most=Decimal(100))
    check_number("terms.amount", terms.amount, least=Decimal(0))
    check_number("terms.cap", terms.cap, least=Decimal(0))
    if terms.currency or terms.amount is not None or terms.cap is not None:
        try:
            check_currency(terms.currency)
        except Invalid:
            raise Invalid(
                "An amount or a cap is in a currency: give three capital letters, as in `EUR`.",
                field="terms.currency",
            ) from None
    if len(set(terms.kinds)) != len(terms.kinds):
        raise Invalid("A kind of line is named twice.", field="terms.kinds")
    for name, most in (("uses_max", 10_000_000), ("uses_per_holder", 10_000)):
        uses = getattr(terms, name)
        if uses is not None and not 1 <= uses <= most:
            raise Invalid(f"{name} is 1 to {most}, or null for no limit.", field=f"terms.{name}")
    check_span(terms.valid_from, terms.valid_until)


def check_plan_terms(terms: PlanTerms) -> None:
    """Raise Invalid where a plan contradicts itself."""
    check_currency(terms.currency)
    check_number("terms.monthly_fee", terms.monthly_fee, least=Decimal(0))
    check_number("terms.tax_percent", terms.tax_percent, least=Decimal(0), most=Decimal(1_000))
    check_number("terms.allowance_kwh", terms.allowance_kwh, least=Decimal(0))
    if terms.allowance_kwh * 1000 % 1:
        raise Invalid("An allowance is a whole number of Wh.", field="terms.allowance_kwh")
    check_number("terms.discount_percent", terms.discount_percent, least=Decimal(0), most=Decimal(100))


def check_subscription(draft: SubscriptionDraft) -> None:
    """Raise Invalid where a subscription names nobody or no zone."""
    if not draft.holder.startswith(HOLDERS) or not len(draft.holder) <= HOLDER_MAX:
        raise Invalid("A holder is `account:<id>` or `driver:<id>`.", field="holder")
    try:
        ZoneInfo(draft.zone)
    except (KeyError, ValueError, OSError):
        raise Invalid(
            f"{draft.zone!r} is no time zone: use an IANA name, as in `Europe/Berlin`.", field="zone"
        ) from None
    check_span(draft.valid_from, draft.valid_until)


def changed_name(name: str | UnsetType, before: str) -> str:
    return before if name is UNSET else check_name(name)
