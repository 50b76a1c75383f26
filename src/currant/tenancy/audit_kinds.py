"""Which events are somebody's acts, and how they are told: one table, pure.

The log knows events by their names alone, so that it stands below those who tell them. An event
that is not in the table is nobody's act. What people did is recorded, and who came and went; what
the server did by itself is in the journal only.
"""

from string import Formatter
from typing import Any

import msgspec

from currant.tenancy.audit_model import AuditAbout, AuditKind, Facts

TEXT_MAX = 300
ITEMS_MAX = 20


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How an event is told: `text` may name its facts in braces."""

    group: str
    name: str
    """What the kind is called in a filter."""
    text: str
    about: tuple[str, str, str] | None = None
    """Type, field of the id, field of the label."""
    by: str = "by"
    """The field that says who; `login` stands for the person who is spoken of."""
    always: bool = False
    """Whether it is recorded whoever did it: signing in has nobody else to be recorded by."""


_STATION = ("station", "station_id", "identity")
_PERSON = ("person", "person_id", "login")

KINDS: dict[str, Kind] = {
    # Signing in
    "PersonSignedIn": Kind(
        group="signing_in",
        name="Signed in",
        text="Signed in from {remote_address} ({way})",
        about=_PERSON,
        by="login",
        always=True,
    ),
    "SignInFailed": Kind(
        group="signing_in",
        name="Sign-in failed",
        text="A sign-in as {login} from {remote_address} failed: {reason}",
        about=_PERSON,
        by="login",
        always=True,
    ),
    "PasswordChanged": Kind(
        group="signing_in",
        name="Password changed",
        text="Changed their password",
        about=_PERSON,
        by="login",
        always=True,
    ),
    "SecondFactorChanged": Kind(
        group="signing_in",
        name="Second factor changed",
        text="The second factors of {login} changed: {what}",
        about=_PERSON,
        always=True,
    ),
    "PersonLinked": Kind(
        group="signing_in",
        name="Linked to single sign-on",
        text="{login} was linked to {provider}",
        about=_PERSON,
        by="login",
        always=True,
    ),
    # People, keys, the organisation
    "PersonAdded": Kind(
        group="people", name="Person added", text="Added {login} as {role}", about=_PERSON, always=True
    ),
    "PersonInvited": Kind(
        group="people", name="Person invited", text="Invited {login}", about=_PERSON, always=True
    ),
    "PersonChanged": Kind(
        group="people", name="Person changed", text="Changed {login}: {what}", about=_PERSON, always=True
    ),
    "PersonRemoved": Kind(
        group="people", name="Person removed", text="Removed {login}", about=_PERSON, always=True
    ),
    "KeyMade": Kind(
        group="keys",
        name="Key made",
        text="Made the API key {name} as {role}",
        about=("key", "key_id", "name"),
        always=True,
    ),
    "KeyRevoked": Kind(
        group="keys",
        name="Key revoked",
        text="Revoked the API key {name}",
        about=("key", "key_id", "name"),
        always=True,
    ),
    "OrganisationCreated": Kind(
        group="organisation", name="Organisation made", text="Made the organisation {name}", always=True
    ),
    "OrganisationRenamed": Kind(
        group="organisation",
        name="Organisation renamed",
        text="Renamed the organisation to {name}",
        always=True,
    ),
    "SecondFactorRequired": Kind(
        group="organisation",
        name="Second factor required",
        text="Second factors required of everybody: {required}",
        always=True,
    ),
    "BrandingChanged": Kind(
        group="organisation", name="Branding changed", text="Changed the branding: {what}", always=True
    ),
    # The network
    "LocationChanged": Kind(
        group="network",
        name="Location changed",
        text="Location: {fields}",
        about=("location", "location_id", ""),
    ),
    "PlaceListingChanged": Kind(
        group="network",
        name="Place shown to drivers",
        text="What drivers see of the place changed: {fields}",
        about=("location", "location_id", ""),
    ),
    "StationChanged": Kind(
        group="network", name="Station changed", text="Station {identity}: {fields}", about=_STATION
    ),
    "StationAdmitted": Kind(
        group="network",
        name="Station admitted",
        text="Station {identity} is {admission}",
        about=_STATION,
    ),
    "ChargeReleased": Kind(
        group="money",
        name="Charge decided on",
        text="The charge of session {session_number} was {action}: {note}",
        about=("charge", "charge_id", "session_number"),
    ),
    "AccountTermsChanged": Kind(
        group="money",
        name="Payment terms set",
        text="Account {account_id} pays by {pays_by}",
        about=("account", "account_id", ""),
    ),
    "WalletAdjusted": Kind(
        group="money",
        name="Wallet adjusted",
        text="The {account_kind} of {owner} was changed by {amount} {currency} (minor units): {reason}",
        about=("wallet", "owner", ""),
    ),
    "CreditLineSet": Kind(
        group="money",
        name="Credit line set",
        text="{owner} may use {limit} {currency} (minor units) before paying",
        about=("wallet", "owner", ""),
    ),
    "TopUpRuleSet": Kind(
        group="money",
        name="Automatic top-up set",
        text="Below {below} {currency} (minor units) the wallet of {owner} is filled by {amount}: {active}",
        about=("wallet", "owner", ""),
    ),
    "BankLineSettled": Kind(
        group="money",
        name="Bank line settled",
        text="A line of a bank statement is {state}: {what} {about}",
        about=("bank_line", "line_id", ""),
    ),
    "LegalEntityChanged": Kind(
        group="money",
        name="Legal entity changed",
        text="Legal entity {name}: {what}",
        about=("legal_entity", "entity_id", "name"),
    ),
    "BillingProfileChanged": Kind(
        group="money",
        name="Billing profile changed",
        text="How {owner} is billed was changed",
        about=("billing_profile", "owner", "owner"),
    ),
    "TaxSettingsChanged": Kind(group="money", name="Tax settings changed", text="Tax settings were changed"),
    "DocumentIssued": Kind(
        group="money",
        name="Document issued",
        text="{number} was issued ({document_kind})",
        about=("document", "document_id", "number"),
    ),
    "DocumentRunChanged": Kind(
        group="money",
        name="Run of invoices",
        text="A run of invoices: {state}",
        about=("document_run", "run_id", ""),
    ),
    "ProviderLineOdd": Kind(
        group="money",
        name="Provider's line explained",
        text="A line of {provider} that does not fit ({oddity}): {explained}",
        about=("provider_line", "line_id", ""),
    ),
    "MeterKeyChanged": Kind(
        group="network",
        name="Meter's key changed",
        text="A meter's key is {standing} (EVSE {evse})",
        about=("station", "station_id", ""),
    ),
    "NoteChanged": Kind(
        group="network",
        name="Note written",
        text="A note was {what}",
        about=("note", "note_id", ""),
    ),
    # What stations were told
    "CommandEnded": Kind(
        group="commands",
        name="Command given",
        text="{command}: {status}",
        about=("station", "station_id", ""),
        by="asked_by",
    ),
    "CommandsQueued": Kind(
        group="commands",
        name="Command queued",
        text="{command} was queued",
        about=("station", "station_id", ""),
    ),
    "FirmwareImageChanged": Kind(
        group="commands",
        name="Firmware library changed",
        text="Firmware {version}: {what}",
        about=("firmware", "firmware_id", "version"),
    ),
    # What stations shall be
    "DeclarationsChanged": Kind(
        group="desired",
        name="Declarations changed",
        text="Declared what stations shall be ({declarations} declarations)",
        about=("revision", "revision_id", ""),
    ),
    "RolloutChanged": Kind(
        group="desired",
        name="Rollout changed",
        text="Rollout: {state}",
        about=("rollout", "rollout_id", ""),
    ),
    "DesiredPaused": Kind(
        group="desired", name="Desired state paused or resumed", text="Paused: {paused} ({aspect})"
    ),
    "DesiredRetried": Kind(
        group="desired", name="Tried again", text="Had it tried again", about=("station", "station_id", "")
    ),
    # Security of links
    "PasswordRotated": Kind(
        group="security",
        name="Station password rotated",
        text="Password of {identity}: {status}",
        about=_STATION,
    ),
    "SecurityUpgradeChanged": Kind(
        group="security",
        name="Security profile moved",
        text="{identity} from security profile {from_profile} to {to_profile}: {phase}",
        about=_STATION,
    ),
    "StationCertificateChanged": Kind(
        group="security",
        name="Station certificate changed",
        text="Certificate of {identity} ({use}): {status}",
        about=_STATION,
    ),
    # Who may charge
    "TokenChanged": Kind(
        group="access", name="Token changed", text="Token {uid}: {fields}", about=("token", "token_id", "uid")
    ),
    "GroupChanged": Kind(
        group="access", name="Group changed", text="Group: {fields}", about=("group", "group_id", "")
    ),
    "AccountChanged": Kind(
        group="access", name="Account changed", text="Account: {fields}", about=("account", "account_id", "")
    ),
    "PolicyChanged": Kind(
        group="access",
        name="Policy changed",
        text="Policy {name}: {fields}",
        about=("policy", "policy_id", "name"),
    ),
    "HolidayCalendarChanged": Kind(
        group="access",
        name="Holiday calendar changed",
        text="Calendar {name}: {fields}",
        about=("calendar", "calendar_id", "name"),
    ),
    "AuthoriserChanged": Kind(group="access", name="Authoriser changed", text="Authoriser: {fields}"),
    # Prices
    "TariffChanged": Kind(
        group="prices",
        name="Tariff changed",
        text="Tariff {name}: {fields}",
        about=("tariff", "tariff_id", "name"),
    ),
    "TariffPublished": Kind(
        group="prices",
        name="Tariff published",
        text="Version {number} of the tariff {name} was published, from {valid_from} on",
        about=("tariff", "tariff_id", "name"),
    ),
    "TariffWithdrawn": Kind(
        group="prices",
        name="Tariff withdrawn",
        text="Version {number} of the tariff {name} was withdrawn",
        about=("tariff", "tariff_id", "name"),
    ),
    "PriceRuleChanged": Kind(
        group="prices",
        name="Price rule changed",
        text="Price rule: {fields}",
        about=("price_rule", "rule_id", ""),
    ),
    "SpotPricesChanged": Kind(
        group="prices",
        name="Market prices brought in",
        text="Prices of {market} from {begin} to {end}",
        about=("market", "market", "market"),
    ),
    "VoucherChanged": Kind(
        group="prices",
        name="Voucher changed",
        text="Voucher {name}: {fields}",
        about=("voucher", "voucher_id", "name"),
    ),
    "SubscriptionPlanChanged": Kind(
        group="prices",
        name="Subscription plan changed",
        text="Subscription plan {name}: {fields}",
        about=("subscription_plan", "plan_id", "name"),
    ),
    "SubscriptionChanged": Kind(
        group="prices",
        name="Subscription changed",
        text="Subscription of {holder}: {fields}",
        about=("subscription", "subscription_id", "holder"),
    ),
    "ReservationMade": Kind(
        group="access",
        name="Reservation made",
        text="Reservation {number} was made",
        about=("reservation", "reservation_id", "number"),
    ),
    "ReservationChanged": Kind(
        group="access",
        name="Reservation changed",
        text="Reservation {number}: {fields}",
        about=("reservation", "reservation_id", "number"),
    ),
    "ReservationEnded": Kind(
        group="access",
        name="Reservation ended",
        text="Reservation {number} is {state}",
        about=("reservation", "reservation_id", "number"),
    ),
    # Money
    "PaymentProviderChanged": Kind(
        group="money",
        name="Payment provider changed",
        text="Payments with {provider}: {fields}",
        about=("payment_provider", "provider", "provider"),
    ),
    "PaymentAuthorised": Kind(
        group="money",
        name="Payment authorised",
        text="Authorised {authorised} {currency} (minor units)",
        about=("payment", "payment_id", ""),
    ),
    "PaymentWaits": Kind(
        group="money",
        name="Payment waits for its payer",
        text="A payment with {provider} waits for its payer",
        about=("payment", "payment_id", ""),
    ),
    "PaymentFailed": Kind(
        group="money",
        name="Payment failed",
        text="A payment with {provider} failed: {reason}",
        about=("payment", "payment_id", ""),
    ),
    "PaymentDisputed": Kind(
        group="money",
        name="Payment disputed",
        text="A dispute over {amount} {currency} (minor units): {dispute_state}",
        about=("payment", "payment_id", ""),
    ),
    "PaymentCaptured": Kind(
        group="money",
        name="Payment captured",
        text="Captured {amount} {currency} (minor units)",
        about=("payment", "payment_id", ""),
    ),
    "PaymentRefunded": Kind(
        group="money",
        name="Payment refunded",
        text="Refunded {amount} {currency} (minor units)",
        about=("payment", "payment_id", ""),
    ),
    "PaymentVoided": Kind(
        group="money",
        name="Hold released",
        text="Released a hold in {currency}",
        about=("payment", "payment_id", ""),
    ),
    "MethodChanged": Kind(
        group="money",
        name="Stored method changed",
        text="Method {label}: {state}",
        about=("payment_method", "method_id", "label"),
    ),
}


def kinds() -> tuple[AuditKind, ...]:
    return tuple(AuditKind(kind=name, group=kind.group, text=kind.name) for name, kind in KINDS.items())


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """An event as an act of somebody's."""

    kind: str
    by: str
    about: AuditAbout | None
    facts: Facts


def act_of(name: str, payload: dict[str, Any]) -> Act | None:
    """What an event (its name, and itself as plain values) says that somebody did; None when nobody did."""
    kind = KINDS.get(name)
    if kind is None:
        return None
    by = str(payload.get(kind.by) or "")
    if kind.by == "login":
        by = f"person:{by}" if by else ""
    if not kind.always and not by_people(by):
        return None
    about = None
    left_out = {"kind", "tenant_id", "happened_at", kind.by if kind.by != "login" else ""}
    if kind.about is not None:
        type_, id_, label = kind.about
        if payload.get(id_):
            about = AuditAbout(type=type_, id=str(payload[id_]), label=str(payload.get(label) or ""))
        left_out.add(id_)
    facts = {field: _short(value) for field, value in payload.items() if field not in left_out}
    return Act(kind=name, by=by, about=about, facts=facts)


def by_people(by: str) -> bool:
    """Whether somebody did it, or a program of theirs; and not the server of its own accord."""
    return by == "local" or by.startswith(("person:", "key:", "driver:"))


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > TEXT_MAX:
        return f"{value[: TEXT_MAX - 1]}…"
    if isinstance(value, (list, tuple)):
        kept = [_short(item) for item in value[:ITEMS_MAX]]
        return [*kept, f"… {len(value) - ITEMS_MAX} more"] if len(value) > ITEMS_MAX else kept
    if isinstance(value, dict):
        return {str(key): _short(item) for key, item in list(value.items())[:ITEMS_MAX]}
    return value


class _Telling(Formatter):
    def get_value(self, key: int | str, args: object, kwargs: object) -> str:
        assert isinstance(kwargs, dict)
        value = kwargs.get(key)
        if isinstance(value, list):
            return ", ".join(map(str, value))
        if isinstance(value, bool):
            return "yes" if value else "no"
        return "–" if value in (None, "") else str(value).replace("_", " ")


def in_words(kind: str, facts: Facts, about: AuditAbout | None) -> str:
    """What was done, in a few words of English."""
    found = KINDS.get(kind)
    if found is None:
        return kind
    values = dict(facts)
    if found.about is not None and about is not None:
        values.setdefault(found.about[2], about.label)
    return _Telling().vformat(found.text, (), values)
