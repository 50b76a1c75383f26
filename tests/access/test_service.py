"""Tokens, groups and accounts on a real database."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from currant.access.importing import TokenImports
from currant.access.model import (
    AccountChange,
    AccountDraft,
    GroupChange,
    GroupDraft,
    Presented,
    Reason,
    TokenChange,
    TokenDraft,
    TokenKind,
    TokenStatus,
)
from currant.access.service import AccessService
from currant.db import journal
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import AccountId, GroupId, LocationId, StationId, TenantId, TokenId
from currant.stations.bulk import Format

TENANT, ANOTHER = TenantId("tenant-1"), TenantId("another")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
STATION = StationId("station")


@pytest.fixture
def access(database: Database) -> AccessService:
    """Runs on SQLite and on PostgreSQL."""
    return AccessService(database, ManualClock(NOW))


@pytest.fixture
def small(sqlite_database: Database) -> AccessService:
    return AccessService(sqlite_database, ManualClock(NOW))


async def asked(access: AccessService, uid: str, kind: TokenKind = TokenKind.UNKNOWN, tenant=TENANT):
    return await access.authorize(
        tenant, Presented(uid=uid, kind=kind), station_id=STATION, location_id=None, at=NOW
    )


async def test_a_card_is_known_in_every_spelling_a_reader_has_for_it(access):
    made = await access.create_token(TENANT, TokenDraft(uid="04:a1:b2:c3"), by="olga")
    assert made.uid == "04A1B2C3"
    for uid in ("04A1B2C3", "04a1b2c3", "C3B2A104", "00000004A1B2C3", "4A1B2C3"):
        for kind in (TokenKind.UNKNOWN, TokenKind.RFID):
            decision = await asked(access, uid, kind)
            assert decision.allowed, uid
            assert decision.token_id == made.id
    assert (await asked(access, "04A1B2C3", TokenKind.EMAID)).reason is Reason.UNKNOWN
    assert (await asked(access, "04A1B2C3", tenant=ANOTHER)).reason is Reason.UNKNOWN
    assert (await asked(access, "04A1B2C4")).reason is Reason.UNKNOWN


async def test_one_uid_in_two_kinds_is_found_by_kind_and_else_as_it_is_spelled(access):
    card = await access.create_token(TENANT, TokenDraft(uid="04A1B2C3"), by="olga")
    app = await access.create_token(TENANT, TokenDraft(kind=TokenKind.APP, uid="C3B2A104"), by="olga")
    assert (await asked(access, "C3B2A104", TokenKind.RFID)).token_id == card.id
    assert (await asked(access, "C3B2A104", TokenKind.APP)).token_id == app.id
    assert (await asked(access, "C3B2A104")).token_id == app.id
    assert (await asked(access, "04A1B2C3")).token_id == card.id


async def test_group_and_account_are_part_of_the_decision(access):
    group = await access.create_group(TENANT, GroupDraft(name="Fleet", parent_uid="FLEET"), by="olga")
    account = await access.create_account(
        TENANT, AccountDraft(name="Anna", email="anna@example.org"), by="olga"
    )
    await access.create_token(
        TENANT, TokenDraft(uid="ABCD1234", group_id=group.id, account_id=account.id), by="olga"
    )
    decision = await asked(access, "ABCD1234")
    assert (decision.allowed, decision.parent_uid, decision.account_id) == (True, "FLEET", account.id)
    await access.update_account(TENANT, account.id, AccountChange(blocked=True), by="olga")
    assert (await asked(access, "ABCD1234")).reason is Reason.ACCOUNT_BLOCKED
    await access.update_account(TENANT, account.id, AccountChange(blocked=False), by="olga")
    await access.update_group(TENANT, group.id, GroupChange(master=True), by="olga")
    assert (await asked(access, "ABCD1234")).reason is Reason.MASTER_PASS


async def test_a_blocked_token_does_not_charge_until_it_is_unblocked(access):
    token = await access.create_token(TENANT, TokenDraft(uid="ABCD1234"), by="olga")
    await access.block_token(TENANT, token.id, by="olga")
    assert (await asked(access, "ABCD1234")).reason is Reason.BLOCKED
    await access.unblock_token(TENANT, token.id, by="olga")
    assert (await asked(access, "ABCD1234")).allowed


async def test_a_registered_card_is_judged_as_itself_when_a_station_calls_it_local(access):
    token = await access.create_token(TENANT, TokenDraft(uid="ABCD1234"), by="olga")
    known = await asked(access, "abcd1234", TokenKind.LOCAL)
    assert (known.allowed, known.token_id) == (True, token.id)
    await access.block_token(TENANT, token.id, by="olga")
    assert (await asked(access, "ABCD1234", TokenKind.LOCAL)).reason is Reason.BLOCKED
    own = await asked(access, "made by the station", TokenKind.LOCAL)
    assert (own.allowed, own.token_id) == (True, None)


async def test_a_token_comes_back_as_it_was_made_and_changed(access):
    draft = TokenDraft(
        kind=TokenKind.EMAID,
        uid="DE-8AA-CA2B3C4D5-N",
        visual_number="4711",
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=1),
        locations=(LocationId("a"), LocationId("b")),
        stations=(STATION,),
        language="de",
    )
    made = await access.create_token(TENANT, draft, by="olga")
    assert await access.get_token(TENANT, made.id) == made
    assert made.uid == "DE8AACA2B3C4D5N"
    after = await access.update_token(TENANT, made.id, TokenChange(valid_until=None, locations=()), by="olga")
    assert await access.get_token(TENANT, made.id) == after
    assert (after.valid_until, after.locations, after.stations, after.uid) == (None, (), (STATION,), made.uid)


async def test_the_same_token_in_another_spelling_is_not_made_twice(access):
    await access.create_token(TENANT, TokenDraft(uid="04A1B2C3"), by="olga")
    with pytest.raises(Conflict):
        await access.create_token(TENANT, TokenDraft(uid="c3:b2:a1:04"), by="olga")
    await access.create_token(ANOTHER, TokenDraft(uid="04A1B2C3"), by="olga")


async def test_a_token_without_a_card_gets_a_uid_every_charger_can_carry(small):
    token = await small.create_token(TENANT, TokenDraft(kind=TokenKind.APP), by="olga")
    assert len(token.uid) == 20
    assert set(token.uid) <= set("0123456789ABCDEF")
    assert (await asked(small, token.uid)).token_id == token.id


@pytest.mark.parametrize(
    "draft",
    [
        TokenDraft(uid="x" * 256),
        TokenDraft(kind=TokenKind.UNKNOWN, uid="A"),
        TokenDraft(kind=TokenKind.KEYLESS, uid="A"),
        TokenDraft(uid="A", valid_from=NOW, valid_until=NOW),
        TokenDraft(uid="A", valid_from=datetime(2026, 1, 1)),  # noqa: DTZ001
        TokenDraft(uid="A", language="klingonese"),
        TokenDraft(uid="A", stations=tuple(StationId(str(n)) for n in range(1_001))),
        TokenDraft(uid="A", group_id=GroupId("nobody's")),
        TokenDraft(uid="A", account_id=AccountId("nobody's")),
    ],
)
async def test_a_token_that_cannot_be_is_refused(small, draft):
    with pytest.raises(Invalid):
        await small.create_token(TENANT, draft, by="olga")
    assert (await small.list_tokens(TENANT)).items == ()


async def test_a_token_cannot_belong_to_another_tenants_group(access):
    theirs = await access.create_group(ANOTHER, GroupDraft(name="Theirs"), by="mallory")
    with pytest.raises(Invalid):
        await access.create_token(TENANT, TokenDraft(uid="A1B2C3D4", group_id=theirs.id), by="olga")


async def test_a_deleted_token_is_unknown_again(access):
    token = await access.create_token(TENANT, TokenDraft(uid="ABCD1234"), by="olga")
    with pytest.raises(NotFound):
        await access.delete_token(ANOTHER, token.id, by="mallory")
    await access.delete_token(TENANT, token.id, by="olga")
    assert (await asked(access, "ABCD1234")).reason is Reason.UNKNOWN
    with pytest.raises(NotFound):
        await access.get_token(TENANT, token.id)
    events = await access._database.read(lambda conn: journal.read_after(conn, 0, kinds=["TokenChanged"]))
    assert len(events) == 2


async def test_groups_and_accounts_with_tokens_are_not_deleted(access):
    group = await access.create_group(TENANT, GroupDraft(name="Fleet"), by="olga")
    account = await access.create_account(TENANT, AccountDraft(name="Anna"), by="olga")
    token = await access.create_token(
        TENANT, TokenDraft(uid="ABCD1234", group_id=group.id, account_id=account.id), by="olga"
    )
    with pytest.raises(Conflict):
        await access.delete_group(TENANT, group.id, by="olga")
    with pytest.raises(Conflict):
        await access.delete_account(TENANT, account.id, by="olga")
    await access.delete_token(TENANT, token.id, by="olga")
    await access.delete_group(TENANT, group.id, by="olga")
    await access.delete_account(TENANT, account.id, by="olga")
    assert (await access.list_groups(TENANT)).items == ()
    assert (await access.list_accounts(TENANT)).items == ()


async def test_a_group_uid_is_one_groups_alone_and_fits_every_version(access):
    await access.create_group(TENANT, GroupDraft(name="Fleet", parent_uid="FLEET"), by="olga")
    with pytest.raises(Conflict):
        await access.create_group(TENANT, GroupDraft(name="Other", parent_uid="FLEET"), by="olga")
    with pytest.raises(Invalid):
        await access.create_group(TENANT, GroupDraft(name="Long", parent_uid="x" * 21), by="olga")


async def test_what_is_not_there_is_not_found(small):
    for asking in (
        small.get_token(TENANT, TokenId("x")),
        small.update_token(TENANT, TokenId("x"), TokenChange(language="de"), by="olga"),
        small.get_group(TENANT, GroupId("x")),
        small.update_group(TENANT, GroupId("x"), GroupChange(name="x"), by="olga"),
        small.delete_group(TENANT, GroupId("x"), by="olga"),
        small.get_account(TENANT, AccountId("x")),
        small.update_account(TENANT, AccountId("x"), AccountChange(name="x"), by="olga"),
        small.delete_account(TENANT, AccountId("x"), by="olga"),
    ):
        with pytest.raises(NotFound):
            await asking


async def test_tokens_are_listed_by_uid_in_pages_and_filtered(access):
    group = await access.create_group(TENANT, GroupDraft(name="Fleet"), by="olga")
    for number in range(5):
        draft = TokenDraft(
            uid=f"AB0000{number:02X}", group_id=group.id if number < 2 else None, visual_number=f"No {number}"
        )
        token = await access.create_token(TENANT, draft, by="olga")
    await access.block_token(TENANT, token.id, by="olga")
    await access.create_token(TENANT, TokenDraft(kind=TokenKind.APP, uid="app"), by="olga")

    async def found(**wanted) -> list[str]:
        return [token.uid for token in (await access.list_tokens(TENANT, **wanted)).items]

    assert len(await found()) == 6
    assert await found(kind=TokenKind.APP) == ["app"]
    assert await found(status=TokenStatus.BLOCKED) == ["AB000004"]
    assert await found(group_id=group.id) == ["AB000000", "AB000001"]
    assert await found(uid="010000ab") == ["AB000001"]
    assert await found(text="no 3") == ["AB000003"]
    uids, cursor = [], None
    while True:
        page = await access.list_tokens(TENANT, cursor=cursor, limit=4)
        uids += [token.uid for token in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert uids == await found()


async def test_tokens_are_imported_and_exported_and_imported_again(access, database):
    imports = TokenImports(database, access, ManualClock(NOW))
    group = await access.create_group(TENANT, GroupDraft(name="Fleet", parent_uid="FLEET"), by="olga")
    content = (
        b"kind,uid,visual_number,valid_until,group_uid,stations\n"
        b"rfid,04:A1:B2:C3,4711,2027-01-01T00:00:00Z,FLEET,s-1|s-2\n"
        b"app,phone-1,,,,\n"
    )
    report = await imports.import_tokens(TENANT, content, Format.CSV, by="olga")
    assert (report.created, report.problems) == (2, ())
    (token,) = (await access.list_tokens(TENANT, group_id=group.id)).items
    assert (token.uid, token.stations) == ("04A1B2C3", ("s-1", "s-2"))
    for form in Format:
        exported = b"".join([chunk async for chunk in imports.export_tokens(TENANT, form)])
        again = await imports.import_tokens(TENANT, exported, form, by="olga")
        assert (again.unchanged, again.changed, again.failed) == (2, 0, 0), again.problems


async def test_wrong_rows_of_tokens_are_told_with_their_fields(small, sqlite_database):
    imports = TokenImports(sqlite_database, small, ManualClock(NOW))
    rows = [
        {"kind": "rfid", "uid": "A1B2C3D4"},
        {"kind": "rfid", "uid": "a1:b2:c3:d4"},
        {"kind": "card", "uid": "1"},
        {"kind": "app"},
        {"kind": "app", "uid": "x", "group_uid": "NOBODY"},
        {"kind": "app", "uid": "y", "valid_until": "2027-01-01T00:00:00"},
        {"kind": "app", "uid": "z", "colour": "red"},
    ]
    report = await imports.import_tokens(TENANT, json.dumps(rows).encode(), Format.JSON, by="olga")
    assert [(problem.row, problem.field) for problem in report.problems] == [
        (2, "uid"),
        (3, "kind"),
        (4, "uid"),
        (5, "group_uid"),
        (6, "valid_until"),
        (7, "colour"),
    ]
    assert not report.applied
