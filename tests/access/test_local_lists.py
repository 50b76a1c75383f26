"""Local lists: who stands on them, and how stations come to hold them."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.access.events import TokenChanged
from currant.access.list_aspect import EMPTY, KEY, LocalListAspect, Room, applied, update
from currant.access.list_updates import ListUpdates
from currant.access.local_lists import digest_of, in_order
from currant.access.model import (
    AccountChange,
    AccountDraft,
    GroupDraft,
    TokenChange,
    TokenDraft,
    TokenKind,
    TokenStatus,
)
from currant.access.policy_model import PolicyDraft, Window
from currant.access.service import AccessService
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Invalid
from currant.kit.ids import CommandId, LocationId, StationGroupId, StationId, TenantId, TokenId
from currant.stations.commanding.lists import GetLocalListVersion, LocalListEntry, SendLocalList
from currant.stations.desired.aspect import Desired, Refusal
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.model import Admission, CommandRecord, CommandStatus

TENANT = TenantId("tenant")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def station(name: str = "station", **words: Any) -> DirectoryEntry:
    return DirectoryEntry(
        **{
            "station_id": StationId(name),
            "tenant_id": TENANT,
            "identity": name,
            "admission": Admission.ACCEPTED,
            "location_id": LocationId("here"),
            **words,
        }
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def access(sqlite_database: Database, clock: ManualClock) -> AccessService:
    return AccessService(sqlite_database, clock)


async def issue(access: AccessService, uid: str, **words: Any) -> TokenId:
    token = await access.create_token(TENANT, TokenDraft(uid=uid, **words), by="olga")
    await access.local_lists.follow(
        TokenChanged(tenant_id=TENANT, happened_at=NOW, token_id=token.id, uid=uid)
    )
    return token.id


async def listed(
    access: AccessService, where: DirectoryEntry | None = None, *, version: str = "2.0.1", limit: int = 100
) -> list[str]:
    found = await access.local_list(where or station(), version=version, limit=limit)
    return [entry.token_uid for entry in found.entries]


async def test_who_may_charge_anywhere_at_any_time_is_listed_with_group_and_end(
    access: AccessService,
) -> None:
    group = await access.create_group(TENANT, GroupDraft(name="Fleet", parent_uid="FLEET"), by="olga")
    end = NOW + timedelta(days=9)
    await issue(access, "AA02", group_id=group.id, valid_until=end, language="de")
    await issue(access, "AA01")
    found = await access.local_list(station(), version="2.0.1", limit=10)
    assert found.entries == (
        LocalListEntry(token_uid="AA01"),
        LocalListEntry(token_uid="AA02", valid_until=end, parent_uid="FLEET", language="de"),
    )
    assert found.digest == digest_of(found.entries)


async def test_who_may_not_charge_is_not_listed(access: AccessService) -> None:
    master = await access.create_group(TENANT, GroupDraft(name="Staff", master=True), by="olga")
    account = await access.create_account(TENANT, AccountDraft(name="Anna"), by="olga")
    await issue(access, "AA01", status=TokenStatus.BLOCKED)
    await issue(access, "AA02", valid_until=NOW)
    await issue(access, "AA03", valid_from=NOW + timedelta(hours=1))
    await issue(access, "AA04", group_id=master.id)
    await access.update_account(TENANT, account.id, AccountChange(blocked=True), by="olga")
    await issue(access, "AA05", account_id=account.id)
    assert await listed(access) == []


async def test_a_token_is_listed_where_it_and_its_policies_allow_the_place(access: AccessService) -> None:
    garage = StationGroupId("garage")
    in_garage = await access.policies.create_policy(
        TENANT, PolicyDraft(name="Garage", station_groups=(garage,)), by="olga"
    )
    await issue(access, "AA01")
    await issue(access, "AA02", stations=(StationId("station"),))
    await issue(access, "AA03", locations=(LocationId("elsewhere"),))
    await issue(access, "AA04", policies=(in_garage.id,))
    assert await listed(access) == ["AA01", "AA02"]
    assert await listed(access, station("other")) == ["AA01"]
    assert await listed(access, station("other", groups=(garage,))) == ["AA01", "AA04"]
    assert await listed(access, station("far", location_id=LocationId("elsewhere"))) == ["AA01", "AA03"]


async def test_rules_of_time_keep_a_token_off_the_list_unless_they_do_not_matter_offline(
    access: AccessService,
) -> None:
    windows = (Window(begin="08:00", end="18:00"),)
    strict = await access.policies.create_policy(TENANT, PolicyDraft(name="S", windows=windows), by="olga")
    lenient = await access.policies.create_policy(
        TENANT, PolicyDraft(name="L", windows=windows, offline_ok=True), by="olga"
    )
    await issue(access, "AA01", policies=(strict.id,))
    await issue(access, "AA02", policies=(lenient.id,))
    await issue(access, "AA03", policies=(lenient.id, strict.id))
    assert await listed(access) == ["AA02"]


async def test_a_list_that_is_too_short_takes_those_of_the_place_first(access: AccessService) -> None:
    for uid in ("AA01", "AA02", "AA03"):
        await issue(access, uid)
    await issue(access, "BB01", stations=(StationId("station"),))
    found = await access.local_list(station(), version="2.0.1", limit=2)
    assert [entry.token_uid for entry in found.entries] == ["AA01", "BB01"]
    assert found.left_out == 2


async def test_a_list_holds_what_its_version_can_carry(access: AccessService) -> None:
    await issue(access, "AA01")
    await issue(access, "AA01", kind=TokenKind.APP)
    await issue(access, "X" * 30, kind=TokenKind.APP)
    await issue(access, "Y" * 100, kind=TokenKind.APP)
    assert await listed(access, version="1.6") == ["AA01"]
    assert await listed(access, version="2.0.1") == ["AA01", "AA01", "X" * 30]
    assert len(await listed(access, version="2.1")) == 4


async def test_a_token_that_becomes_valid_is_listed_in_a_while(
    access: AccessService, clock: ManualClock
) -> None:
    await issue(access, "AA01", valid_from=NOW + timedelta(minutes=5))
    assert await listed(access) == []
    clock.advance(timedelta(minutes=11))
    assert await listed(access) == ["AA01"]


entries = st.dictionaries(
    st.sampled_from(["AA01", "AA02", "AA03", "AA04", "AA05", "AA06"]),
    st.sampled_from([None, NOW, NOW + timedelta(days=1)]),
    max_size=6,
).map(lambda some: in_order(LocalListEntry(token_uid=uid, valid_until=end) for uid, end in some.items()))


@given(st.none() | entries, entries, st.integers(1, 3), st.integers(0, 100))
def test_every_update_leads_to_the_wanted_list_and_counts_its_messages(
    has: tuple[LocalListEntry, ...] | None, wanted: tuple[LocalListEntry, ...], size: int, version: int
) -> None:
    command = update(version, has, wanted, size)
    assert applied(() if command.full or has is None else has, command.entries) == wanted
    assert command.version == version + len(command.messages)
    assert command.full or has is not None
    assert len(command.entries) <= len(wanted)


@dataclass
class Held:
    """A station with a list, as the reconciler meets it."""

    aspect: LocalListAspect
    where: DirectoryEntry = field(default_factory=station)
    version: int = 0
    holds: tuple[LocalListEntry, ...] = ()
    sent: list[SendLocalList] = field(default_factory=list)
    says: CommandStatus = CommandStatus.ACCEPTED
    word: str = "Accepted"

    async def brought(self, value: Any) -> Refusal | None:
        """Take steps until the aspect is content; what it makes of a refusal."""
        desired = Desired(aspect="local_list", key=KEY, value=value, declaration_id="d", declared_at=NOW)
        for _ in range(5):
            reported = await self.aspect.reported(self.where, "2.0.1", [desired])
            if self.aspect.agrees(desired, reported.get(KEY)):
                return None
            steps = await self.aspect.steps(self.where, "2.0.1", [desired], reported)
            assert not isinstance(steps, Refusal)
            refusal = (await self.aspect.took(self.where, steps[0], self.answer(steps[0].command)))[KEY]
            if refusal is not None:
                return refusal
        raise AssertionError("It never was content.")

    def answer(self, command: Any) -> CommandRecord:
        report: tuple[dict[str, Any], ...] = ()
        status, word = CommandStatus.ACCEPTED, "Accepted"
        if isinstance(command, GetLocalListVersion):
            report = ({"version": self.version},)
        else:
            self.sent.append(command)
            status, word = self.says, self.word
            if status is CommandStatus.ACCEPTED:
                self.holds = applied(() if command.full else self.holds, command.entries)
                self.version = command.version
        return CommandRecord(
            id=CommandId("c"),
            tenant_id=TENANT,
            station_id=self.where.station_id,
            command=command,
            asked_by="desired state",
            asked_at=NOW,
            status=status,
            answer={"status": word},
            report=report,
        )

    @property
    def uids(self) -> list[str]:
        return [entry.token_uid for entry in self.holds]


@pytest.fixture
def held(access: AccessService, sqlite_database: Database, clock: ManualClock) -> Held:
    return Held(LocalListAspect(sqlite_database, access.local_lists, clock))


async def test_a_station_gets_its_list_and_then_what_changed(access: AccessService, held: Held) -> None:
    ids = [await issue(access, uid) for uid in ("AA01", "AA02", "AA03")]
    assert await held.brought({}) is None
    assert held.uids == ["AA01", "AA02", "AA03"]
    await access.update_token(TENANT, ids[0], TokenChange(status=TokenStatus.BLOCKED), by="olga")
    await issue(access, "AA04")
    assert await held.brought({}) is None
    assert held.uids == ["AA02", "AA03", "AA04"]
    assert [(each.full, each.version, len(each.entries)) for each in held.sent] == [
        (True, 1, 3),
        (False, 2, 2),
    ]
    assert await held.brought(None) is None
    assert held.uids == []


async def test_a_station_that_holds_something_else_gets_everything(access: AccessService, held: Held) -> None:
    await issue(access, "AA01")
    held.version, held.holds = 41, (LocalListEntry(token_uid="DEAD"),)
    assert await held.brought({}) is None
    assert (held.uids, held.version, held.sent[0].full) == (["AA01"], 42, True)


async def test_a_version_that_does_not_fit_has_it_sent_again_in_full(
    access: AccessService, held: Held
) -> None:
    await issue(access, "AA01")
    await issue(access, "AA02")
    assert await held.brought({}) is None
    held.version, held.holds, held.says, held.word = 90, (), CommandStatus.REFUSED, "VersionMismatch"
    await issue(access, "AA03")
    refusal = await held.brought({})
    assert refusal is not None
    assert not refusal.final
    held.says, held.word = CommandStatus.ACCEPTED, "Accepted"
    assert await held.brought({}) is None
    assert (held.uids, held.version) == (["AA01", "AA02", "AA03"], 91)


async def test_a_station_without_lists_says_so_for_good(access: AccessService, held: Held) -> None:
    await issue(access, "AA01")
    held.says, held.word = CommandStatus.REFUSED, "NotSupported"
    refusal = await held.brought({})
    assert refusal is not None
    assert refusal.final


async def test_a_list_is_as_long_as_declared_and_as_the_station_takes(
    access: AccessService, sqlite_database: Database, clock: ManualClock
) -> None:
    async def small(tenant_id: TenantId, station_id: StationId) -> Room:
        return Room(entries=3, entries_a_message=2)

    for number in range(5):
        await issue(access, f"AA0{number}")
    held = Held(LocalListAspect(sqlite_database, access.local_lists, clock, room_of=small))
    assert await held.brought({}) is None
    assert (held.uids, held.version, len(held.sent[0].messages)) == (["AA00", "AA01", "AA02"], 2, 2)
    assert await held.brought({"limit": 1}) is None
    assert held.uids == ["AA00"]


async def test_a_list_is_asked_after_again_after_a_week(
    access: AccessService, held: Held, clock: ManualClock
) -> None:
    await issue(access, "AA01")
    assert await held.brought({}) is None
    held.version, held.holds = 0, ()
    assert await held.brought({}) is None
    assert held.uids == []
    clock.advance(timedelta(days=8))
    assert await held.brought({}) is None
    assert held.uids == ["AA01"]


@pytest.mark.parametrize("value", [{"limit": 0}, {"limit": True}, {"limit": "5"}, {"most": 5}, [], "all", 5])
async def test_only_a_limit_can_be_declared(held: Held, value: Any) -> None:
    with pytest.raises(Invalid):
        held.aspect.check(KEY, value)
    with pytest.raises(Invalid):
        held.aspect.check("others", {})
    assert held.aspect.check(KEY, {"limit": 5}) == {"limit": 5}
    assert held.aspect.check(KEY, None) is None
    assert EMPTY.entries == ()


class _Declared:
    """Desired state with these declarations, which notes whom it is to look at."""

    def __init__(self, *aspects: str) -> None:
        self.book = [SimpleNamespace(aspect=aspect) for aspect in aspects]
        self.books, self.reconciler = self, self
        self.looked_at: list[str] = []

    async def of(self, tenant_id: TenantId) -> "_Declared":
        return self

    def want(self, station_id: StationId) -> None:
        self.looked_at.append(station_id)


@pytest.mark.parametrize(("declared", "looked_at"), [("local_list", ["ours"]), ("variables", [])])
async def test_stations_are_looked_at_once_soon_after_a_crowd_of_changes(
    access: AccessService, sqlite_database: Database, clock: ManualClock, declared: str, looked_at: list[str]
) -> None:
    directory = StationDirectory(sqlite_database, clock, key=b"k" * 32)
    directory.put(station("ours"))
    directory.put(station("theirs", tenant_id=TenantId("another")))
    desired: Any = _Declared(declared)
    updates = ListUpdates(access.local_lists, directory, desired, delay_s=0.05)
    await issue(access, "AA01")
    assert await listed(access) == ["AA01"]
    token = await access.create_token(TENANT, TokenDraft(uid="AA02"), by="olga")
    for _ in range(5):
        await updates.follow(
            TokenChanged(tenant_id=TENANT, happened_at=NOW, token_id=token.id, uid=token.uid)
        )
    assert await listed(access) == ["AA01", "AA02"]
    await asyncio.sleep(0.3)
    assert desired.looked_at == looked_at
