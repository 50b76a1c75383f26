"""The tables of pricing and the statements that write them."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, UniqueConstraint, event

from currant.db.commits import delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.pricing.published import stand_guard


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


tariffs = Table(
    "tariffs",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("name"),
    _text("currency"),
    Column("archived", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "name"),
)

# The prices themselves are JSON: they are read whole, kept in memory, and never searched.
tariff_versions = Table(
    "tariff_versions",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("tariff_id"),
    Column("number", BigInteger, nullable=False),
    _text("standing"),
    _text("prices"),
    _text("texts"),
    Column("valid_from", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("published_at", BigInteger),
    Column("withdrawn_at", BigInteger),
    UniqueConstraint("tariff_id", "number"),
)
event.listen(tariff_versions, "after_create", stand_guard)

price_rules = Table(
    "price_rules",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("tariff_id"),
    _text("purpose"),
    _text("scope"),
    _text("about"),
    Column("priority", BigInteger, nullable=False),
    Column("valid_from", BigInteger),
    Column("valid_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Index(None, "tenant_id", "id"),
    Index(None, "tariff_id"),
)

spot_markets = Table(
    "spot_markets",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("market", Text, primary_key=True),
    _text("currency"),
    Column("changed_at", BigInteger, nullable=False),
)

# A row for each quarter-hour; the price is a decimal number as text, in the market's currency per kWh.
spot_prices = Table(
    "spot_prices",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("market", Text, primary_key=True),
    Column("begin_at", BigInteger, primary_key=True),
    _text("price"),
)

vouchers = Table(
    "vouchers",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    # Without spaces and dashes, in capitals: as it is compared.
    _text("code"),
    _text("name"),
    _text("terms"),
    Column("archived", Boolean, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "code"),
)

# One row for each session (or whatever else) that a voucher was used for.
voucher_uses = Table(
    "voucher_uses",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    _text("voucher_id"),
    _text("holder"),
    Column("used_at", BigInteger, nullable=False),
    Index(None, "voucher_id", "holder"),
)

subscription_plans = Table(
    "subscription_plans",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("name"),
    _text("terms"),
    Column("archived", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "name"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("plan_id"),
    # `account:<id>` or `driver:<id>`.
    _text("holder"),
    _text("zone"),
    # What was agreed when it began: the plan's terms may change afterwards.
    _text("terms"),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "holder"),
    Index(None, "plan_id"),
)

allowance_months = Table(
    "allowance_months",
    metadata,
    Column("subscription_id", Text, primary_key=True),
    # The first day of the month in the contract's zone, as in `2026-01`.
    Column("month", Text, primary_key=True),
    _text("tenant_id"),
    Column("used_wh", BigInteger, nullable=False),
)

# What each charge took: what makes taking twice harmless, and giving back possible.
allowance_takes = Table(
    "allowance_takes",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("subscription_id", Text, primary_key=True),
    _text("month"),
    Column("energy_wh", BigInteger, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
)

INSERT_TARIFF = insert_into(tariffs)
UPDATE_TARIFF = update(tariffs, set=("name", "archived"), where=("id", "tenant_id"))
INSERT_VERSION = insert_into(tariff_versions)
# What is published never changes: the statements themselves find no row that is not a draft.
UPDATE_DRAFT = update(tariff_versions, set=("prices", "texts"), where=("id", "tenant_id", "standing"))
PUBLISH_VERSION = update(
    tariff_versions, set=("standing", "valid_from", "published_at"), where=("id", "tenant_id", "standing")
)
WITHDRAW_VERSION = update(
    tariff_versions, set=("standing", "withdrawn_at"), where=("id", "tenant_id", "standing")
)
SAVE_RULE = upsert(
    price_rules,
    key=("id",),
    keep=("tenant_id", "created_at"),
)
DELETE_RULE = delete_from(price_rules, where=("id", "tenant_id"))
SAVE_MARKET = upsert(spot_markets, key=("tenant_id", "market"), keep=("currency",))
SAVE_SPOT = upsert(spot_prices, key=("tenant_id", "market", "begin_at"))
INSERT_VOUCHER = insert_into(vouchers)
UPDATE_VOUCHER = update(vouchers, set=("name", "terms", "archived"), where=("id", "tenant_id"))
DELETE_VOUCHER = delete_from(vouchers, where=("id", "tenant_id"))
INSERT_PLAN = insert_into(subscription_plans)
UPDATE_PLAN = update(subscription_plans, set=("name", "terms", "archived"), where=("id", "tenant_id"))
INSERT_SUBSCRIPTION = insert_into(subscriptions)
UPDATE_SUBSCRIPTION = update(subscriptions, set=("valid_until",), where=("id", "tenant_id"))
