"""Remarks that were made more than once, as tests."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sqlalchemy import Connection

import currant
from currant.app.subscriptions import FOLLOWED, RECORDED_ONLY, SHOWN
from currant.events.delivery import family
from currant.kit.event import Event

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "currant"

# Queries that are about the whole installation, and why.
OF_THE_WHOLE_INSTALLATION = {
    "currant.access.store.authorisers.all_authorisers": "a node takes in every tenant's at its start",
    "currant.access.store.uses.forget_days": "how long sums are kept is the same for every tenant",
    "currant.access.store.uses.forget_uses": "how long uses are kept is the same for every tenant",
    "currant.access.store.uses.policies_in_use": "exhausted sessions are looked for in every tenant",
    "currant.charging.reading_store.delete_before": "retention is a setting of the installation",
    "currant.charging.reading_store.meter_numbers": "readings are kept by numbers that stand for tenant and EVSE",
    "currant.charging.reading_store.meters_to_thin": "retention is a setting of the installation",
    "currant.charging.reading_store.thin": "retention is a setting of the installation",
    "currant.charging.reservations.store.due": "what is due is looked for in every tenant",
    "currant.charging.reservations.store.locations_with_waiting": "lists are gone through in every tenant",
    "currant.charging.reservations.store.waited_too_long": "who waits too long is looked for in every tenant",
    "currant.charging.store.silent": "sessions without a sign of life are looked for in every tenant",
    "currant.drivers.store.all_open_starts": "wishes are given up in every tenant",
    "currant.drivers.store.forget_expired": "what has expired has expired for every tenant",
    "currant.drivers.store.guests_unseen": "guests who stay away are forgotten in every tenant",
    "currant.pki.store.all_known": "certificates of authorities are public",
    "currant.pki.store.ending": "certificates of every tenant are renewed before they end",
    "currant.pki.store.revoked": "a handshake must know them whoever's they are",
    "currant.pki.store.undelivered": "certificates of every tenant are sent until they arrive",
    "currant.pki.upgrade_store.all_open": "a handshake must know them whoever's they are",
    "currant.pricing.store.rules.everybodys": "a node takes in every tenant's at its start",
    "currant.pricing.store.spot.everybodys": "a node takes in every tenant's at its start",
    "currant.pricing.store.tariffs.everybodys_versions": "a node takes in every tenant's at its start",
    "currant.stations.device.store.fleet.connected_since": "a crowd at the door is of every tenant",
    "currant.stations.device.store.fleet.due": "models are read for every tenant",
    "currant.stations.device.store.fleet.settle_pending": "stations of every tenant restart",
    "currant.stations.store.messages.bytes_a_row": "the size of the log is a limit of the installation",
    "currant.stations.store.messages.drop_oldest": "retention is a setting of the installation",
    "currant.stations.store.messages.span": "the size of the log is a limit of the installation",
    "currant.stations.store.queue.claim": "a node sends to the stations connected to it, whosever they are",
    "currant.stations.store.queue.waiting": "a node sends to the stations connected to it, whosever they are",
    "currant.stations.store.queue.tenant_of_expired": "it finds the tenant whose commands' time is over",
    "currant.stations.store.records.end_abandoned_commands": "a node that stopped left commands of every tenant",
    "currant.stations.desired.store.rollouts.all_under_way": "one node looks after those of every tenant",
    "currant.stations.desired.store.rollouts.forget_ended": "retention is a setting of the installation",
    "currant.stations.desired.store.states.due": "a node serves the stations connected to it, whosever they are",
    "currant.stations.store.groups.memberships": "a handshake knows an identity and no tenant",
    "currant.stations.store.security.valid_offers": "a handshake knows an identity and no tenant",
    "currant.stations.store.stations.directory": "a handshake knows an identity and no tenant",
    "currant.stations.store.stations.forget_connections": "a node that starts again has lost all connections",
    "currant.stations.store.stations.identity_taken": "identities are unique in the installation",
    "currant.stations.transfers.store.known_among": "a file on the disk says of itself whose it is nowhere",
    "currant.stations.transfers.store.old_files": "retention is a setting of the installation",
    "currant.stations.transfers.store.quiet": "silent transfers are looked for in every tenant",
    "currant.stations.transfers.store.transfer_of_link": "a signed link says what it is for, and that says whose",
    "currant.tenancy.branding_store.everybodys": "a node takes in every tenant's at its start",
    "currant.tenancy.branding_store.owner_of_host": "a host name says whose it is",
    "currant.tenancy.factor_store.passkey_by_credential": "a passkey says whose it is",
    "currant.tenancy.store.organisations_named": "a setting names an organisation",
    "currant.tenancy.ticket_store.forget_expired_tickets": "how long tickets last is the same for every tenant",
    "currant.tenancy.ticket_store.ticket": "a word says whose it is",
    "currant.tenancy.store.all_organisations": "they are the tenants",
    "currant.tenancy.store.forget_expired": "retention is a setting of the installation",
    "currant.tenancy.store.host_organisation": "it is looked for before anybody is anybody's",
    "currant.tenancy.store.key_by_prefix": "a key says whose it is",
    "currant.tenancy.store.login_by_digest": "a cookie says whose it is",
    "currant.tenancy.store.person_by_login": "sign-in names are unique in the installation",
    "currant.billing.books_audit_store.guards_missing": "the database's guards are of the whole installation",
    "currant.billing.books_reading_store.tenants": "they are looked after one after the other",
    "currant.billing.charges.store.charges.uncharged": "what was forgotten is charged for in every tenant",
    "currant.billing.charges.store.owed.to_remind": "what is owed is reminded of in every tenant",
    "currant.billing.books_store.lapsed": "what is set aside lapses in every tenant",
    "currant.billing.wallet_store.in_want": "wallets are filled in every tenant",
    "currant.billing.payments.store.provider_rows": "held in memory on every node",
    "currant.billing.payments.store.operations_due": "what got lost is asked again, whose it is",
    "currant.billing.payments.store.payments_to_look_at": "the same, of payments nobody told of",
    "currant.billing.payments.sandbox_store.whose_page": "an address says whose it is",
    "currant.billing.payments.sandbox_store.payments_that_move": "the sandbox's clock ticks for all",
    "currant.billing.payments.sandbox_store.messages_due": "the sandbox's clock ticks for all",
    "currant.billing.payments.sandbox_store.tenants_with_money": "the sandbox's clock ticks for all",
}


def modules(package: str = "currant") -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    yield root
    for found in pkgutil.walk_packages(root.__path__, prefix=f"{package}."):
        if not found.name.endswith("__main__") and ".migrations" not in found.name:
            yield importlib.import_module(found.name)


def is_store(module: ModuleType) -> bool:
    parts = module.__name__.split(".")
    return "store" in parts[2:] or parts[-1].endswith("_store")


def test_only_the_clock_asks_what_time_it_is() -> None:
    asks = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|(?<![\w.])time\.time\(")
    for file in SOURCE.rglob("*.py"):
        if file != SOURCE / "kit" / "clock.py":
            for number, line in enumerate(file.read_text().splitlines(), start=1):
                assert not asks.search(line), f"{file.relative_to(ROOT)}:{number} asks for the time"


def test_every_query_of_a_store_says_whose_rows() -> None:
    seen = 0
    for module in modules():
        if not is_store(module):
            continue
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            parameters = inspect.signature(function).parameters
            if not any(each.annotation in (Connection, "Connection") for each in parameters.values()):
                continue
            seen += 1
            full = f"{module.__name__}.{name}"
            if full not in OF_THE_WHOLE_INSTALLATION:
                assert "tenant_id" in parameters, f"{full}: whose rows are these?"
    assert seen > 30


def test_exceptions_to_that_rule_exist() -> None:
    for full in OF_THE_WHOLE_INSTALLATION:
        module, _, name = full.rpartition(".")
        assert hasattr(importlib.import_module(module), name), f"{full} is gone: take it off the list"


def test_every_event_is_told_to_somebody_or_recorded_on_purpose() -> None:
    for _ in modules():
        pass
    told = {event for wanted in (*SHOWN, *FOLLOWED) for event in family(wanted)}
    kept = set(RECORDED_ONLY)
    for event in family(Event):
        if event.__module__.startswith("currant.") and event.__subclasses__() == []:
            assert event in told | kept, f"{event.__name__} is in no line of app/subscriptions.py"
    assert not told & kept


def test_every_file_introduces_itself() -> None:
    for file in [*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").glob("*.py")]:
        assert ast.get_docstring(ast.parse(file.read_text())), (
            f"{file.relative_to(ROOT)} has no first sentence"
        )


def test_no_written_file_is_longer_than_a_person_reads() -> None:
    for file in SOURCE.rglob("*.py"):
        text = file.read_text()
        if "do not edit" not in text[:500].lower():
            assert text.count("\n") <= 620, f"{file.relative_to(ROOT)} is to be split by idea"


def test_nothing_in_the_tree_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    # Put together here, so that this file does not find itself.
    forbidden = re.compile(
        "|".join(["/wo" + r"rk/", "/ro" + "ot/", "--extra-index" + "-url", "--index" + "-url"])
    )
    for name in listed.stdout.splitlines():
        file = ROOT / name
        if file.suffix in {".py", ".md", ".toml", ".txt", ".sh", ".json", ".yaml", ""} and file.is_file():
            found = forbidden.search(file.read_text(errors="replace"))
            assert not found, f"{name} names {found.group() if found else ''}"


def test_the_package_says_its_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", currant.__version__)
