"""What is kept of drivers, on both kinds of database."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from currant.access.model import TokenKind
from currant.access.service import AccessService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.tables import load_stores
from currant.drivers import places_store, store
from currant.drivers.model import SignedInDriver, Start, StartState
from currant.drivers.push import PushKeys, PushSubscription, Subscriptions
from currant.drivers.sign_in import DRIVER_LASTS, LinkUsedUp, SignIn
from currant.kit.clock import ManualClock, micros
from currant.kit.ids import LocationId, StationId, TenantId
from currant.kit.mail import KeptMail
from services import PostgresServer, fresh_database

TENANT, OTHER = TenantId("tenant-1"), TenantId("tenant-2")
PLACE = LocationId("place-1")


class Desk:
    """Signing in, with a clock that stands still and letters that are kept."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.mail = database, ManualClock(), KeptMail()
        self.access = AccessService(database, self.clock)
        self.sign_in = SignIn(
            database,
            self.access,
            self.clock,
            key=b"k" * 32,
            mailer=self.mail,
            link_lasts=timedelta(minutes=15),
        )

    async def link(self, email: str = "ada@example.com") -> str:
        await self.sign_in.ask_link(
            TENANT, email=email, language="en", base="https://c.example", brand="Currant"
        )
        return self.mail.sent[-1].text.partition("?token=")[2].split()[0]


@pytest.fixture(params=["sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    load_stores()
    if request.param == "sqlite":
        database = fresh_database(tmp_path / "currant.sqlite")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        database = fresh_database(server.new_tables())
    yield Desk(database)
    await database.close()


async def test_a_link_is_over_after_its_minutes_and_leaves_no_secret_behind(desk: Desk) -> None:
    secret = await desk.link()
    rows = await desk.database.read(lambda conn: conn.execute(store.driver_links.select()).all())
    assert secret not in str(rows)
    desk.clock.advance(timedelta(minutes=16))
    with pytest.raises(LinkUsedUp):
        await desk.sign_in.open_link(TENANT, secret, signed_in=None)
    fresh = await desk.link()
    with pytest.raises(LinkUsedUp):
        await desk.sign_in.open_link(OTHER, fresh, signed_in=None)
    made = await desk.sign_in.open_link(TENANT, fresh, signed_in=None)
    token = await desk.access.get_token(TENANT, made.driver.token_id)
    assert (token.kind, token.account_id, token.uid) == (
        TokenKind.APP,
        made.driver.account_id,
        made.driver.token_uid,
    )
    again = await desk.sign_in.open_link(TENANT, await desk.link(), signed_in=None)
    assert again.driver.id == made.driver.id


async def test_a_cookie_is_its_tenants_and_ends_in_time(desk: Desk) -> None:
    made = await desk.sign_in.open_link(TENANT, await desk.link(), signed_in=None)
    assert await desk.sign_in.authenticate(OTHER, made.cookie) is None
    assert await desk.sign_in.authenticate(TENANT, made.cookie[:-1] + "~") is None
    known = await desk.sign_in.authenticate(TENANT, made.cookie)
    assert known is not None
    assert known.csrf_token == made.csrf_token
    desk.clock.advance(DRIVER_LASTS)
    assert await desk.sign_in.authenticate(TENANT, made.cookie) is None
    before = micros(desk.clock.now())
    gone = await desk.database.decide(
        lambda conn, _: store.forget_expired(conn, before=before + 1, limit=10), TENANT
    )
    assert gone == 1


async def test_a_driver_has_so_many_sign_ins_and_the_oldest_goes(desk: Desk) -> None:
    made = [await desk.sign_in.open_link(TENANT, await desk.link(), signed_in=None) for _ in range(3)]
    for _ in range(19):
        desk.clock.advance(timedelta(days=1))
        await desk.sign_in.open_link(TENANT, await desk.link(), signed_in=None)
    known = [await desk.sign_in.authenticate(TENANT, each.cookie) for each in made]
    assert known.count(None) == 2


async def test_wishes_are_found_by_driver_session_and_age(desk: Desk) -> None:
    made = await desk.sign_in.guest(TENANT, language="de")
    now = desk.clock.now()
    start = Start(
        id="start-1",
        tenant_id=TENANT,
        driver_id=made.driver.id,
        code="CP-1",
        location_id=PLACE,
        station_id=StationId("station-1"),
        evse=1,
        asked_at=now,
        state=StartState.BEGUN,
        session_id="session-1",
    )
    changes = ChangeSet(TENANT)
    changes.write(store.SAVE_START, store.start_row(start))
    await desk.database.commit(changes)

    def look(conn: Connection) -> list[object]:

        return [
            store.start(conn, TENANT, made.driver.id, "start-1"),
            store.start(conn, OTHER, made.driver.id, "start-1"),
            store.start(conn, TENANT, "somebody", "start-1"),
            store.starts_of_sessions(conn, TENANT, ["session-1", "x"]),
            store.open_starts(conn, TENANT, made.driver.id),
            store.recent_starts(conn, TENANT, made.driver.id, start.station_id, since=micros(now)),
            store.failed_starts(conn, TENANT, made.driver.id, since=0),
            store.all_open_starts(conn, before=micros(now) + 1, limit=5),
            store.driver_by_account(conn, TENANT, made.driver.account_id),
            store.guests_unseen(conn, before=micros(now) + 1, limit=5),
        ]

    found = await desk.database.read(look)
    assert found == [
        *(start, None, None, {"session-1": start}, [start], [start], [], [start]),
        *(made.driver, [made.driver]),
    ]


async def test_five_browsers_are_kept_and_one_endpoint_is_one_drivers(desk: Desk) -> None:
    subscriptions = Subscriptions(desk.database, desk.clock, allow_private=False)
    keys = PushKeys(p256dh="B" + "A" * 86, auth="A" * 22)
    drivers = []
    for _ in range(2):
        made = await desk.sign_in.guest(TENANT, language="en")
        known = await desk.sign_in.authenticate(TENANT, made.cookie)
        assert known is not None
        drivers.append(known)

    async def put(who: SignedInDriver, name: str) -> None:
        endpoint = f"https://push.example.com/{name}"
        await subscriptions.put(who, PushSubscription(endpoint=endpoint, keys=keys))

    for number in range(6):
        await put(drivers[0], str(number))
    await put(drivers[1], "5")
    first = await subscriptions.of_driver(TENANT, drivers[0].driver.id)
    second = await subscriptions.of_account(TENANT, drivers[1].driver.account_id)
    assert first is not None
    assert second is not None
    assert [each.endpoint[-1] for each in first[1]] == ["1", "2", "3", "4"]
    assert [each.endpoint[-1] for each in second[1]] == ["5"]
    await desk.sign_in.sign_out(drivers[1])
    assert (await subscriptions.of_driver(TENANT, drivers[1].driver.id) or (None, None))[1] == []


async def test_photos_and_listings_are_a_tenants_own(desk: Desk) -> None:
    changes = ChangeSet(TENANT)
    changes.write(places_store.SET_LISTING, (TENANT, PLACE, True))
    changes.write(places_store.SET_LISTING, (TENANT, PLACE, False))
    changes.write(places_store.INSERT_FILE, (TENANT, "a.png", b"picture"))
    changes.write(places_store.INSERT_PHOTO, ("photo-1", TENANT, PLACE, "a.png", 7, 0, "ada"))
    await desk.database.commit(changes)

    def look(conn: Connection) -> list[object]:
        return [
            places_store.unlisted(conn, TENANT),
            places_store.unlisted(conn, OTHER, PLACE),
            places_store.photos(conn, TENANT),
            places_store.photos(conn, OTHER),
            places_store.bytes_of_photos(conn, TENANT),
            places_store.uses_of(conn, TENANT, "a.png"),
            places_store.content(conn, TENANT, "a.png"),
            places_store.content(conn, OTHER, "a.png"),
        ]

    found = await desk.database.read(look)
    assert found == [frozenset({PLACE}), frozenset(), {PLACE: ("a.png",)}, {}, 7, 1, b"picture", None]
