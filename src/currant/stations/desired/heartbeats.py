"""The heartbeat interval that is declared for a station, for the answer to its boot.

A boot's answer sets the interval at the station (1.6, 4.2; 2.x B01.FR.04), so it had better be the
declared one: with another it would have to be put right after every boot. Asked for without a query.
"""

import msgspec

from currant.kit.errors import Invalid
from currant.kit.ids import TenantId
from currant.stations.desired.books import Books, TenantBook
from currant.stations.desired.model import Declaration, Facts
from currant.stations.desired.resolution import Book
from currant.stations.device import mapping16, naming
from currant.stations.model import AttendedStation

ASPECT = "variables"
VARIABLE = "ocppcommctrlr.heartbeatinterval"


class _Kept(msgspec.Struct, frozen=True):
    changed: int
    book: Book


class DeclaredHeartbeats:
    """Looks into the books that are in memory; those of a tenant that nobody asked for yet say nothing."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._kept: dict[TenantId, _Kept] = {}

    def of(self, station: AttendedStation) -> int | None:
        """Seconds; None where nothing is declared, and where a rollout or a pause holds it back."""
        tenant = self._books.peek(station.tenant_id)
        if tenant is None:
            return None
        book = self._about(station.tenant_id, tenant)
        if not len(book):
            return None
        boot = station.last_boot
        facts = Facts(
            station_id=station.station_id,
            groups=station.groups,
            vendor="" if boot is None else boot.vendor,
            model="" if boot is None else boot.model,
            firmware="" if boot is None else boot.firmware_version,
            version=station.version,
        )
        for at, declaration in book.resolve(facts).items():
            if tenant.paused(ASPECT) or any(each.rollout.holds for each in tenant.rollouts_about(at)):
                return None
            value = str(declaration.value).strip()
            if value.isdecimal() and int(value) > 0:
                return int(value)
        return None

    def _about(self, tenant_id: TenantId, tenant: TenantBook) -> Book:
        kept = self._kept.get(tenant_id)
        if kept is None or kept.changed != tenant.changed:
            kept = _Kept(tenant.changed, Book(each for each in tenant.book if _is_about(each)))
            self._kept[tenant_id] = kept
        return kept.book


def _is_about(declaration: Declaration) -> bool:
    if declaration.aspect != ASPECT:
        return False
    try:
        variable = mapping16.in_model(naming.read(declaration.key))
    except Invalid:
        return False
    return naming.text_of(variable).lower() == VARIABLE
