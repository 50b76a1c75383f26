"""The one `metadata` on which every package's store defines its tables.

Columns are of few kinds, so that SQLite and PostgreSQL hold the same: ids and JSON are `Text`,
instants `BigInteger` (whole microseconds since 1970, see `kit.clock.micros`), the rest
`BigInteger`, `Float`, `Boolean` and `LargeBinary`. `Position` is a key the database counts up itself.
"""

import importlib

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only in a column declared INTEGER, which there holds 64 bits too.
Position = BigInteger().with_variant(Integer(), "sqlite")

OWN = ("currant.db.journal", "currant.db.jobs", "currant.db.numbers")

# The stores of the packages above. They are named, not imported: `db` knows `kit` alone, and only
# migrations and new databases need all tables at once.
STORES = (
    "currant.tenancy.store",
    "currant.tenancy.factor_store",
    "currant.tenancy.ticket_store",
    "currant.tenancy.branding_store",
    "currant.tenancy.audit_store",
    "currant.stations.store",
    "currant.stations.notes_store",
    "currant.stations.desired.store",
    "currant.stations.profiles.store",
    "currant.stations.profiles.der_store",
    "currant.stations.device.store",
    "currant.stations.transfers.store",
    "currant.access.store",
    "currant.charging.store",
    "currant.charging.reading_store",
    "currant.charging.swaps",
    "currant.charging.needs_store",
    "currant.charging.reservations.store",
    "currant.billing.books_store",
    "currant.billing.wallet_store",
    "currant.billing.bank.store",
    "currant.billing.settlement.store",
    "currant.billing.evidence.store",
    "currant.billing.charges.store",
    "currant.billing.entities_store",
    "currant.billing.documents.store",
    "currant.billing.documents.run_store",
    "currant.pricing.store",
    "currant.drivers.store",
    "currant.drivers.places_store",
    "currant.pki.store",
    "currant.pki.upgrade_store",
    "currant.billing.payments.store",
    "currant.billing.payments.sandbox_store",
)


def load_own() -> None:
    """Put the tables of this package on the metadata."""
    for name in OWN:
        importlib.import_module(name)


def load_stores() -> MetaData:
    """The metadata with the tables of every package that is installed."""
    load_own()
    for name in STORES:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
    return metadata
