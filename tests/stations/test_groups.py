"""Station groups: filled and emptied, and known to the directory and to every connection."""

import pytest

from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TenantId
from currant.stations import groups as module
from currant.stations.directory import StationDirectory
from currant.stations.drafts import StationDraft
from currant.stations.groups import StationGroupChange, StationGroupDraft, StationGroups

TENANT = TenantId("tenant-1")
OTHER = TenantId("another")


def groups_of(network) -> StationGroups:
    return StationGroups(network.database, network.directory, network.link, network.clock)


async def stations(network, *identities: str) -> None:
    for identity in identities:
        await network.inventory.create_station(TENANT, StationDraft(identity=identity), by="olga")


async def test_a_groups_members_stand_in_the_directory_also_after_a_restart(network):
    await stations(network, "CP-1", "CP-2", "CP-3")
    groups = groups_of(network)
    made = await groups.create(
        TENANT, StationGroupDraft(name="Depot", stations=("CP-1", "CP-2", "CP-1")), by="olga"
    )
    assert made.stations == 2
    assert network.directory.find("CP-1").groups == (made.id,)
    assert network.directory.find("CP-3").groups == ()
    again = StationDirectory(network.database, network.clock, key=b"k")
    await again.load()
    assert again.find("CP-2").groups == (made.id,)
    reloaded = await again.reload(identity="CP-1")
    assert reloaded is not None
    assert reloaded.groups == (made.id,)


async def test_a_connected_station_is_told_of_its_new_groups(small):
    await stations(small, "CP-1")
    attended = await small.attended("CP-1")
    assert attended.groups == ()
    made = await groups_of(small).create(TENANT, StationGroupDraft(name="A", stations=("CP-1",)), by="olga")
    assert small.link.refreshed[-1] == attended.station_id
    await small.stations.reload(attended)
    assert attended.groups == (made.id,)


async def test_members_are_added_removed_and_set(network):
    await stations(network, "CP-1", "CP-2", "CP-3")
    groups = groups_of(network)
    made = await groups.create(TENANT, StationGroupDraft(name="A"), by="olga")

    async def members() -> set[str]:
        page = await groups.members(TENANT, made.id)
        return {entry.identity for entry in page.items}

    assert (await groups.add_members(TENANT, made.id, ["CP-1", "CP-2"], by="olga")).stations == 2
    assert (await groups.remove_members(TENANT, made.id, ["CP-1"], by="olga")).stations == 1
    assert await members() == {"CP-2"}
    await groups.set_members(TENANT, made.id, ["CP-3", "CP-2"], by="olga")
    assert await members() == {"CP-2", "CP-3"}
    await groups.delete(TENANT, made.id, by="olga")
    assert network.directory.find("CP-2").groups == ()
    with pytest.raises(NotFound):
        await groups.get(TENANT, made.id)


async def test_names_are_unique_in_a_tenant_and_groups_are_found_by_them(network):
    groups = groups_of(network)
    first = await groups.create(TENANT, StationGroupDraft(name="A"), by="olga")
    second = await groups.create(TENANT, StationGroupDraft(name="B"), by="olga")
    with pytest.raises(Conflict):
        await groups.create(TENANT, StationGroupDraft(name="A"), by="olga")
    with pytest.raises(Conflict):
        await groups.change(TENANT, second.id, StationGroupChange(name="A"), by="olga")
    await groups.create(OTHER, StationGroupDraft(name="A"), by="olga")
    assert (await groups.get(TENANT, "A")).id == first.id
    with pytest.raises(NotFound):
        await groups.get(OTHER, first.id)


async def test_groups_are_listed_by_name_in_pages(network):
    groups = groups_of(network)
    for name in ("c", "a", "b"):
        await groups.create(TENANT, StationGroupDraft(name=name), by="olga")
    page = await groups.list(TENANT, limit=2)
    assert [group.name for group in page.items] == ["a", "b"]
    rest = await groups.list(TENANT, limit=2, cursor=page.next_cursor)
    assert [group.name for group in rest.items] == ["c"]
    assert rest.next_cursor is None


async def test_a_station_of_another_tenant_is_unknown_and_too_many_are_refused(small):
    await small.inventory.create_station(OTHER, StationDraft(identity="X"), by="olga")
    groups = groups_of(small)
    with pytest.raises(NotFound):
        await groups.create(TENANT, StationGroupDraft(name="A", stations=("X",)), by="olga")
    with pytest.raises(Invalid):
        await groups.create(
            TENANT, StationGroupDraft(name="A", stations=("X",) * (module.MEMBERS_MAX + 1)), by="olga"
        )
