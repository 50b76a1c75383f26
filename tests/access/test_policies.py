"""Policies on a real database: made, given away, counted, and asked."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from currant.access.counting import SessionUse
from currant.access.events import PolicyChanged
from currant.access.giving import Giving, Holder
from currant.access.importing import TokenImports
from currant.access.model import (
    AccountDraft,
    Decision,
    GroupDraft,
    Place,
    Presented,
    Purpose,
    Reason,
    Token,
    TokenDraft,
)
from currant.access.policy_model import (
    CalendarChange,
    CalendarDraft,
    Cost,
    Day,
    Holiday,
    Measure,
    Parallel,
    Per,
    Period,
    Policy,
    PolicyChange,
    PolicyDraft,
    Quota,
    Window,
)
from currant.access.rulebook import Rulebook
from currant.access.service import AccessService
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import (
    CalendarId,
    LocationId,
    PolicyId,
    SessionId,
    StationId,
    TenantId,
)
from currant.stations.bulk import Format
from currant.stations.directory import StationDirectory
from currant.stations.drafts import LocationDraft
from currant.stations.inventory import Inventory

TENANT, ANOTHER = TenantId("tenant-1"), TenantId("another")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)  # a Saturday
STATION = StationId("station")
OFFICE = (Window(days=(Day.WEEKDAYS,), begin="08:00", end="18:00"),)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def access(database: Database, clock: ManualClock) -> AccessService:
    """Runs on SQLite and on PostgreSQL."""
    return AccessService(database, clock)


@pytest.fixture
def small(sqlite_database: Database, clock: ManualClock) -> AccessService:
    return AccessService(sqlite_database, clock)


async def location(database: Database, zone: str = "Europe/Berlin", country: str = "DE") -> LocationId:
    clock = ManualClock(NOW)
    inventory = Inventory(database, StationDirectory(database, clock, key=b"k" * 32), _Nobody(), clock)
    draft = LocationDraft(name=f"Site in {zone}", time_zone=zone, country=country)
    return (await inventory.create_location(TENANT, draft, by="olga")).id


class _Nobody:
    """A link to stations, none of which is connected."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError("No station is spoken to here.")


async def made(access: AccessService, name: str = "Visitors", **words: Any) -> Policy:
    return await access.policies.create_policy(TENANT, PolicyDraft(name=name, **words), by="olga")


async def card(access: AccessService, uid: str = "04A1B2C3", **words: Any) -> Token:
    return await access.create_token(TENANT, TokenDraft(uid=uid, **words), by="olga")


async def asked(
    access: AccessService, uid: str = "04A1B2C3", *, at: datetime = NOW, where: LocationId | None = None
) -> Decision:
    return await access.authorize(
        TENANT, Presented(uid=uid), station_id=STATION, location_id=where, at=at, purpose=Purpose.START
    )


def session(token: Token, *, number: int = 1, at: datetime = NOW, **words: Any) -> SessionUse:
    return SessionUse(
        **{
            "tenant_id": TENANT,
            "session_id": SessionId(f"session-{number}"),
            "number": number,
            "station_id": StationId(f"station-{number}"),
            "location_id": None,
            "evse": 1,
            "token_id": token.id,
            "account_id": token.account_id,
            "started_at": at,
            "energy_wh": 0,
            "is_open": True,
            "authorised": True,
            **words,
        }
    )


async def test_a_policy_is_kept_as_it_was_declared(access: AccessService, database: Database) -> None:
    calendar = await access.policies.create_calendar(
        TENANT, CalendarDraft(name="Germany", holidays=(Holiday(day=date(2026, 1, 1)),)), by="olga"
    )
    policy = await made(
        access,
        locations=(LocationId("here"),),
        windows=(Window(days=(Day.WEEKDAYS,), begin="08:00", end="18:00", except_holidays=True),),
        calendars=(calendar.id,),
        quotas=(Quota(measure=Measure.MONEY, limit=5000, currency="EUR", per=Per.ACCOUNT),),
        parallel=Parallel(limit=2),
        stop_when_exhausted=True,
    )
    assert await access.policies.get_policy(TENANT, policy.id) == policy
    assert (await access.policies.list_policies(TENANT, text="visit")).items == (policy,)
    assert (await access.policies.list_calendars(TENANT)).items == (calendar,)
    with pytest.raises(NotFound):
        await access.policies.get_policy(ANOTHER, policy.id)
    with pytest.raises(Conflict, match="exists already"):
        await made(access)
    changed = await access.policies.update_policy(
        TENANT, policy.id, PolicyChange(parallel=None, name="Guests"), by="olga"
    )
    assert (changed.name, changed.parallel, changed.revision, changed.quotas) == (
        "Guests",
        None,
        2,
        policy.quotas,
    )
    with pytest.raises(Conflict, match="Guests"):
        await access.policies.delete_calendar(TENANT, calendar.id, by="olga")
    await access.policies.delete_policy(TENANT, policy.id, by="olga")
    await access.policies.delete_calendar(TENANT, calendar.id, by="olga")
    assert (await access.policies.list_policies(TENANT)).items == ()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"name": " "}, "name"),
        ({"windows": (Window(begin="8:00"),)}, "windows[0].begin"),
        ({"windows": (Window(begin="24:00"),)}, "windows[0].begin"),
        ({"windows": (Window(begin="08:00", end="08:00"),)}, "windows[0].end"),
        ({"windows": (Window(days=(Day.HOLIDAYS,)),)}, "calendars"),
        ({"windows": (Window(),) * 51}, "windows"),
        ({"quotas": (Quota(measure=Measure.ENERGY, limit=-1),)}, "quotas[0].limit"),
        ({"quotas": (Quota(measure=Measure.MONEY, limit=1),)}, "quotas[0].currency"),
        ({"quotas": (Quota(measure=Measure.ENERGY, limit=1, currency="EUR"),)}, "quotas[0].currency"),
        ({"parallel": Parallel(limit=0)}, "parallel.limit"),
        ({"stop_when_exhausted": True}, "stop_when_exhausted"),
        ({"calendars": (CalendarId("nobody's"),)}, "calendars"),
    ],
)
async def test_a_policy_that_cannot_be_is_refused_with_its_field(
    small: AccessService, words: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await made(small, **words)
    assert refused.value.facts["field"] == field


async def test_a_policy_reaches_a_token_directly_by_its_group_and_by_its_account(
    access: AccessService, database: Database
) -> None:
    policy = await made(access, windows=OFFICE)
    group = await access.create_group(TENANT, GroupDraft(name="Fleet", policies=(policy.id,)), by="olga")
    account = await access.create_account(TENANT, AccountDraft(name="Anna", policies=(policy.id,)), by="olga")
    await card(access, "AA01", policies=(policy.id,))
    await card(access, "AA02", group_id=group.id)
    await card(access, "AA03", account_id=account.id)
    await card(access, "AA04")
    for uid in ("AA01", "AA02", "AA03"):
        assert (await asked(access, uid)).reason is Reason.NOT_AT_THIS_TIME, uid
    assert (await asked(access, "AA04")).allowed
    given = await access.policies.members(TENANT, policy.id)
    assert (given.groups, given.accounts) == ((group.id,), (account.id,))
    with pytest.raises(Conflict, match="given to"):
        await access.policies.delete_policy(TENANT, policy.id, by="olga")
    with pytest.raises(Invalid, match="no policy"):
        await card(access, "AA05", policies=(PolicyId("nobody's"),))
    with pytest.raises(Invalid, match="twice"):
        await card(access, "AA05", policies=(policy.id, policy.id))


async def test_a_policy_is_given_once_and_taken_back(small: AccessService, sqlite_database: Database) -> None:
    giving = Giving(sqlite_database, small)
    policy, token = await made(small, windows=OFFICE), await card(small)
    for _ in range(2):
        await giving.give(TENANT, policy.id, Holder.TOKEN, token.id, by="olga")
    assert (await small.get_token(TENANT, token.id)).policies == (policy.id,)
    assert not (await asked(small)).allowed
    for _ in range(2):
        await giving.take(TENANT, policy.id, Holder.TOKEN, token.id, by="olga")
    assert (await asked(small)).allowed
    with pytest.raises(NotFound, match="account"):
        await giving.give(TENANT, policy.id, Holder.ACCOUNT, "nobody", by="olga")
    with pytest.raises(NotFound, match="policy"):
        await giving.give(TENANT, PolicyId("none"), Holder.TOKEN, token.id, by="olga")


async def test_windows_are_those_of_the_site(access: AccessService, database: Database) -> None:
    policy = await made(access, windows=(Window(begin="08:00", end="18:00"),))
    await card(access, policies=(policy.id,))
    berlin, new_york = await location(database), await location(database, "America/New_York", "US")
    morning = datetime(2026, 1, 31, 7, 30, tzinfo=UTC)
    assert (await asked(access, at=morning, where=berlin)).allowed
    refused = await asked(access, at=morning, where=new_york)
    assert "(America/New_York); it is Saturday 02:30 there." in refused.explanation
    assert not (await asked(access, at=morning)).allowed


async def test_holidays_are_those_of_the_country_and_the_places(
    access: AccessService, database: Database
) -> None:
    days = (Holiday(day=date(2026, 1, 6), name="Epiphany"),)
    everywhere = await access.policies.create_calendar(
        TENANT, CalendarDraft(name="Austria", country="AT", holidays=days), by="olga"
    )
    policy = await made(access, windows=(Window(except_holidays=True),), calendars=(everywhere.id,))
    await card(access, policies=(policy.id,))
    vienna, berlin = await location(database, "Europe/Vienna", "AT"), await location(database)
    epiphany = datetime(2026, 1, 6, 12, tzinfo=UTC)
    refused = await asked(access, at=epiphany, where=vienna)
    assert "it is Tuesday 13:00, a holiday, there" in refused.explanation
    assert (await asked(access, at=epiphany, where=berlin)).allowed
    await access.policies.update_calendar(
        TENANT, everywhere.id, CalendarChange(country="", locations=(berlin,)), by="olga"
    )
    assert (await asked(access, at=epiphany, where=vienna)).allowed
    assert not (await asked(access, at=epiphany, where=berlin)).allowed


async def test_energy_is_counted_once_however_often_it_is_told(
    access: AccessService, database: Database
) -> None:
    policy = await made(access, quotas=(Quota(measure=Measure.ENERGY, limit=20_000),))
    token = await card(access, policies=(policy.id,))
    for _ in range(2):
        await access.counting.note(session(token))
    for _ in range(3):
        await access.counting.note(session(token, energy_wh=19_999, is_open=False, authorised=False))
    assert (await asked(access)).allowed
    # It turned out to be more.
    await access.counting.note(session(token, energy_wh=20_000, is_open=False, authorised=False))
    refused = await asked(access)
    assert refused.reason is Reason.QUOTA_USED_UP
    (use,) = await access.policies.consumption(TENANT, policy.id, token_id=token.id)
    assert (use.used, use.first_day, use.next_first_day) == (20_000, date(2026, 1, 1), date(2026, 2, 1))
    assert (await asked(access, at=NOW + timedelta(days=1))).allowed


async def test_a_session_counts_for_the_day_at_its_site_on_which_it_began(
    access: AccessService, database: Database
) -> None:
    policy = await made(access, quotas=(Quota(measure=Measure.SESSIONS, limit=1, period=Period.DAY),))
    token = await card(access, policies=(policy.id,))
    berlin = await location(database)
    before_midnight = datetime(2026, 1, 31, 22, 59, tzinfo=UTC)
    await access.counting.note(session(token, at=before_midnight, location_id=berlin, is_open=False))
    assert not (await asked(access, at=before_midnight, where=berlin)).allowed
    assert (await asked(access, at=before_midnight + timedelta(minutes=1), where=berlin)).allowed


async def test_quotas_are_added_up_by_token_account_and_pool(small: AccessService) -> None:
    account = await small.create_account(TENANT, AccountDraft(name="Anna"), by="olga")
    quotas = tuple(
        Quota(measure=Measure.SESSIONS, limit=limit, per=per)
        for per, limit in ((Per.TOKEN, 1), (Per.ACCOUNT, 2), (Per.POLICY, 3))
    )
    policy = await made(small, quotas=quotas)
    one, two = [
        await card(small, uid, account_id=account.id, policies=(policy.id,)) for uid in ("AA01", "AA02")
    ]
    three, four = [await card(small, uid, policies=(policy.id,)) for uid in ("AA03", "AA04")]
    ended = {"is_open": False}
    await small.counting.note(session(one, number=1, **ended))
    assert "each token" in (await asked(small, "AA01")).explanation
    assert (await asked(small, "AA02")).allowed
    await small.counting.note(session(two, number=2, **ended))
    assert (await asked(small, "AA03")).allowed
    await small.counting.note(session(three, number=3, **ended))
    assert "all together" in (await asked(small, "AA04")).explanation
    by_account = await small.policies.consumption(TENANT, policy.id, account_id=account.id)
    assert [(use.quota.per, use.used) for use in by_account] == [(Per.ACCOUNT, 2), (Per.POLICY, 3)]
    by_token = await small.policies.consumption(TENANT, policy.id, token_id=four.id)
    assert [(use.quota.per, use.used) for use in by_token] == [
        (Per.TOKEN, 0),
        (Per.ACCOUNT, 0),
        (Per.POLICY, 3),
    ]
    assert [use.quota.per for use in await small.policies.consumption(TENANT, policy.id)] == [Per.POLICY]


async def test_a_session_that_was_not_allowed_is_not_counted(small: AccessService) -> None:
    policy = await made(small, quotas=(Quota(measure=Measure.SESSIONS, limit=1),))
    token = await card(small, policies=(policy.id,))
    await small.counting.note(session(token, authorised=False))
    await small.counting.note(session(token, authorised=False, is_open=False, energy_wh=500))
    assert (await asked(small)).allowed


async def test_what_open_sessions_have_taken_so_far_is_part_of_what_is_used(
    small: AccessService, sqlite_database: Database
) -> None:
    policy = await made(small, quotas=(Quota(measure=Measure.ENERGY, limit=10_000),))
    token = await card(small, policies=(policy.id,))
    await small.counting.note(session(token, energy_wh=1_000))

    def taken(wh: int) -> Any:
        return lambda conn, tenant_id, ids: dict.fromkeys(ids, wh)

    for wh, left in ((1_000, 9_000), (9_500, 500), (12_000, 0)):
        (use,) = await small.policies.consumption(TENANT, policy.id, token_id=token.id, open_energy=taken(wh))
        assert max(use.quota.limit - use.used, 0) == left


async def test_sessions_at_once_are_counted_but_for_the_one_that_is_asked_about(
    small: AccessService, sqlite_database: Database
) -> None:
    policy = await made(small, parallel=Parallel(limit=1, per=Per.POLICY))
    token = await card(small, policies=(policy.id,))
    await small.counting.note(session(token, number=7))

    async def running(place: Place, number: int | None = None) -> int:
        def read(conn: Connection) -> int:
            facts = small.facts(conn, TENANT, Presented(uid=token.uid))
            assert facts is not None
            (found,) = small.policies.facts(conn, facts, place, at=NOW, number=number)
            return found.open_sessions

        return await sqlite_database.read(read)

    assert await running(Place(station_id=STATION)) == 1
    assert await running(Place(station_id=STATION), number=7) == 0
    assert await running(Place(station_id=StationId("station-7"))) == 0
    assert await running(Place(station_id=StationId("station-7"), evse=2)) == 1
    await small.counting.note(session(token, number=7, is_open=False))
    assert await running(Place(station_id=STATION)) == 0
    await small.counting.note(session(token, number=7, is_open=True))
    assert await running(Place(station_id=STATION)) == 1


async def test_a_quota_of_money_counts_what_its_port_says(
    sqlite_database: Database, clock: ManualClock
) -> None:
    async def five_euros(tenant_id: TenantId, session_id: SessionId) -> Cost:
        return Cost(minor_units=500, currency="EUR")

    access = AccessService(sqlite_database, clock, cost_of=five_euros)
    euros = Quota(measure=Measure.MONEY, limit=1_000, currency="EUR")
    policy = await made(access, quotas=(euros,))
    in_francs = await made(access, "Swiss", quotas=(Quota(measure=Measure.MONEY, limit=1, currency="CHF"),))
    token = await card(access, policies=(policy.id, in_francs.id))
    await access.counting.note(session(token, number=1, is_open=False))
    assert (await asked(access)).allowed
    await access.counting.note(session(token, number=2, is_open=False))
    assert "10" in (await asked(access)).explanation
    assert (await asked(access)).reason is Reason.QUOTA_USED_UP


async def test_exhausted_sessions_are_told_once_in_a_while(small: AccessService, clock: ManualClock) -> None:
    pool = Quota(measure=Measure.ENERGY, limit=10_000, per=Per.POLICY)
    policy = await made(small, quotas=(pool,), stop_when_exhausted=True)
    lenient = await made(small, "Lenient", quotas=(pool,))
    one, two = [await card(small, uid, policies=(policy.id,)) for uid in ("AA01", "AA02")]
    await small.counting.note(session(one, number=1))
    await small.counting.note(session(two, number=2))
    await small.counting.note(session(await card(small, "AA03", policies=(lenient.id,)), number=3))

    async def told(wh: int) -> list[int]:
        found = await small.counting.exhausted(lambda conn, tenant_id, ids: dict.fromkeys(ids, wh))
        for each in found:
            assert "10 kWh a month to all together" in each.explanation
            await small.counting.note_stop_asked(each)
        return sorted(each.use.number for each in found)

    assert await told(4_999) == []
    assert await told(5_000) == [1, 2]
    assert await told(5_100) == []
    clock.advance(timedelta(minutes=16))
    await small.counting.note(session(two, number=2, energy_wh=9_000, is_open=False))
    assert await told(5_100) == [1]


async def test_what_no_quota_asks_for_any_more_is_forgotten(
    access: AccessService, database: Database, clock: ManualClock
) -> None:
    policy = await made(access, quotas=(Quota(measure=Measure.SESSIONS, limit=9, per=Per.POLICY),))
    token = await card(access, policies=(policy.id,))
    await access.counting.note(session(token, number=1, is_open=False))
    await access.counting.note(session(token, number=2))
    assert await access.counting.forget_old() == 0
    clock.advance(timedelta(days=101))
    # The ended session goes, the open one and the sums stay.
    assert await access.counting.forget_old() == 1
    clock.advance(timedelta(days=300))
    assert await access.counting.forget_old() == 2


async def test_another_node_hears_of_a_change(small: AccessService, sqlite_database: Database) -> None:
    policy = await made(small, windows=OFFICE)
    await card(small, policies=(policy.id,))
    other = AccessService(sqlite_database, ManualClock(NOW))
    assert not (await asked(other)).allowed
    await small.policies.update_policy(TENANT, policy.id, PolicyChange(windows=()), by="olga")
    assert not (await asked(other)).allowed
    await other.rulebook.follow(
        PolicyChanged(tenant_id=TENANT, happened_at=NOW, policy_id=policy.id, name=policy.name)
    )
    assert (await asked(other)).allowed


async def test_an_older_revision_never_replaces_a_newer_one(sqlite_database: Database) -> None:
    rulebook = Rulebook(sqlite_database)
    old = Policy(id=PolicyId("p"), tenant_id=TENANT, name="Old", revision=1)
    rulebook.put_policy(Policy(id=PolicyId("p"), tenant_id=TENANT, name="New", revision=2))
    rulebook.put_policy(old)
    found = await sqlite_database.read(lambda conn: rulebook.policies(conn, TENANT, (PolicyId("p"),)))
    assert [policy.name for policy in found] == ["New"]


async def test_a_token_without_policies_costs_one_query_and_rules_without_counting_none_more(
    small: AccessService, sqlite_database: Database
) -> None:
    place_only = await made(small, "Here", stations=(STATION,))
    timed = await made(small, "Office", windows=OFFICE)
    counted = await made(small, "Fleet", quotas=(Quota(measure=Measure.ENERGY, limit=1),))
    for uid, policies in (
        ("AA00", ()),
        ("AA01", (place_only.id,)),
        ("AA02", (timed.id,)),
        ("AA03", (counted.id,)),
    ):
        await card(small, uid, policies=policies)
        await asked(small, uid, where=LocationId("somewhere"))

    async def queries(uid: str) -> int:
        said: list[str] = []

        def read(conn: Connection) -> None:
            driver: Any = conn.connection.driver_connection
            driver.set_trace_callback(said.append)
            try:
                facts = small.facts(conn, TENANT, Presented(uid=uid))
                assert facts is not None
                small.policies.facts(
                    conn, facts, Place(station_id=STATION, location_id=LocationId("somewhere")), at=NOW
                )
            finally:
                driver.set_trace_callback(None)

        await sqlite_database.read(read)
        return sum(text.startswith("SELECT") for text in said)

    assert await queries("AA00") == 1
    assert await queries("AA01") == 1
    # One more for the site's time zone, and one each for the open sessions and the sum.
    assert await queries("AA02") == 2
    assert await queries("AA03") == 4


async def test_an_import_names_policies_and_an_export_names_them_again(
    small: AccessService, sqlite_database: Database, clock: ManualClock
) -> None:
    policy = await made(small, "Fleet Berlin")
    imports = TokenImports(sqlite_database, small, clock)
    content = b"uid,policies\nAA01,Fleet Berlin\nAA02,\nAA03,Nobody's\n"
    report = await imports.import_tokens(TENANT, content, Format.CSV, by="olga", partial=True)
    assert (report.created, report.failed) == (2, 1)
    assert "policy" in str(report.problems[0])
    (token,) = (await small.list_tokens(TENANT, uid="AA01")).items
    assert token.policies == (policy.id,)
    exported = b"".join([chunk async for chunk in imports.export_tokens(TENANT, Format.CSV)])
    assert b"Fleet Berlin" in exported
    again = await imports.import_tokens(TENANT, exported, Format.CSV, by="olga")
    assert (again.created, again.changed, again.failed) == (0, 0, 0)
