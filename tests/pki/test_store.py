"""What is kept of link security reads back as it was, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.ids import StationId, TenantId
from currant.pki import store, upgrade_store
from currant.pki.authority import Authority
from currant.pki.model import CertificateStatus, InstalledCertificate, StationCertificate
from currant.pki.revocation import Revocations
from currant.pki.security_upgrade import Upgrade, UpgradePhase
from currant.stations import store as stations_store
from currant.stations.commanding.certificates import CertificateHash, LeafUse
from currant.stations.security_model import PasswordOffer, PasswordStatus
from currant.stations.store.security import KeptOffer

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TENANT, OTHER = TenantId("tenant-1"), TenantId("tenant-2")
STATION = StationId("station-1")


def certificate(number: int, status: CertificateStatus = CertificateStatus.INSTALLED) -> StationCertificate:
    return StationCertificate(
        id=f"c{number}",
        tenant_id=TENANT,
        station_id=STATION,
        use=LeafUse.STATION,
        status=status,
        serial_number=f"{number:x}",
        fingerprint=f"{number:064x}",
        subject="CN=CS-1",
        issuer="CN=root",
        valid_from=NOW,
        valid_until=NOW + timedelta(days=number),
        signed_by="own",
        created_at=NOW,
        changed_at=NOW,
    )


async def test_certificates_are_found_by_what_they_are(database: Database, tmp_path: Path) -> None:
    changes = ChangeSet(TENANT)
    for number in range(1, 6):
        status = CertificateStatus.ISSUED if number == 5 else CertificateStatus.INSTALLED
        store.insert(changes, certificate(number, status), chain="pem", key_digest="k", request_id=number)
    store.note_renewal(changes, TENANT, "c1", now=NOW)
    store.revoke(changes, TENANT, "c4", reason="stolen", by="a test", now=NOW)
    # Nobody else's reach.
    store.set_status(changes, OTHER, "c2", CertificateStatus.REFUSED, reason="", now=NOW)
    await database.commit(changes)
    kept = await database.read(lambda conn: store.by_id(conn, TENANT, "c2"))
    assert kept is not None
    assert (kept.certificate, kept.chain, kept.request_id) == (certificate(2), "pem", 2)
    assert await database.read(lambda conn: store.by_id(conn, OTHER, "c2")) is None
    found = await database.read(
        lambda conn: store.search(conn, TENANT, station_id=STATION, before="c4", limit=2)
    )
    assert [each.certificate.id for each in found] == ["c3", "c2"]
    soon = await database.read(
        lambda conn: store.ending(conn, before=NOW + timedelta(days=3), asked_before=NOW, limit=9)
    )
    assert [each.certificate.id for each in soon] == ["c2"]
    waiting = await database.read(lambda conn: store.undelivered(conn, since=NOW, limit=9))
    assert [each.certificate.id for each in waiting] == ["c5"]
    authority = Authority.open(tmp_path, clock=ManualClock(NOW))
    revocations = Revocations(database, authority)
    await revocations.load()
    assert len(revocations) == 1


async def test_what_a_station_holds_reads_back(database: Database) -> None:
    named = CertificateHash(
        algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1"
    )
    held = InstalledCertificate(station_id=STATION, use="v2g_chain", hash=named, children=(named,), at=NOW)
    changes = ChangeSet(TENANT)
    store.save_installed(changes, TENANT, held)
    store.note_asked(changes, TENANT, STATION, now=NOW)
    await database.commit(changes)
    assert await database.read(lambda conn: store.held_by(conn, TENANT, STATION)) == ([held], NOW)
    assert await database.read(lambda conn: store.held_by(conn, OTHER, STATION)) == ([], None)
    changes = ChangeSet(TENANT)
    store.delete_installed(changes, TENANT, held)
    await database.commit(changes)
    assert await database.read(lambda conn: store.held_by(conn, TENANT, STATION)) == ([], NOW)


async def test_moves_are_open_until_they_are_not(database: Database) -> None:
    move = Upgrade(
        id="u1",
        tenant_id=TENANT,
        station_id=STATION,
        identity="CS-1",
        version="2.0.1",
        from_profile=1,
        to_profile=2,
        phase=UpgradePhase.PREPARING,
        since=NOW,
        started_at=NOW,
        started_by="a test",
    )
    done = msgspec.structs.replace(move, phase=UpgradePhase.DONE, ended_at=NOW)
    for value, is_open in ((move, True), (done, False)):
        changes = ChangeSet(TENANT)
        upgrade_store.save(changes, value, is_open=is_open)
        await database.commit(changes)
        assert await database.read(upgrade_store.all_open) == ([value] if is_open else [])
        assert await database.read(lambda conn: upgrade_store.search(conn, TENANT, limit=9)) == [value]
    assert await database.read(lambda conn: upgrade_store.search(conn, OTHER, limit=9)) == []


async def test_offered_passwords_end_together(database: Database) -> None:
    security = stations_store.security
    offers = [
        PasswordOffer(
            id=f"o{number}",
            tenant_id=TENANT,
            station_id=STATION,
            status=PasswordStatus.OFFERED,
            offered_at=NOW,
            offered_by="a test",
        )
        for number in range(3)
    ]
    changes = ChangeSet(TENANT)
    for offer in offers:
        security.insert(changes, KeptOffer(offer=offer, digest=b"\x00\xff", valid=True))
    security.set_status(changes, TENANT, "o0", PasswordStatus.REFUSED, valid=False, ended_at=NOW)
    security.contradict(changes, TENANT, "o1", now=NOW)
    await database.commit(changes)
    valid = await database.read(security.valid_offers)
    assert [(each.offer.id, each.digest, each.offer.contradicted_at) for each in valid] == [
        ("o1", b"\x00\xff", NOW),
        ("o2", b"\x00\xff", None),
    ]
    changes = ChangeSet(TENANT)
    security.end_all(changes, TENANT, STATION, PasswordStatus.LAPSED, reason="by hand", now=NOW)
    await database.commit(changes)
    assert await database.read(security.valid_offers) == []
    history = await database.read(lambda conn: security.offers_of(conn, TENANT, STATION, limit=9))
    assert [each.status for each in history] == [
        PasswordStatus.LAPSED,
        PasswordStatus.LAPSED,
        PasswordStatus.REFUSED,
    ]
