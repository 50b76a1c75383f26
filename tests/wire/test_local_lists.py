"""Independent charge points (PyPI `ocpp`) are brought to hold the tokens that may charge at them, in every version."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from network import TENANT, Network, until
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v21 import ChargePoint as ChargePoint21
from ocpp.v21 import call as call21
from ocpp.v21 import call_result as result21
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201

from currant.access.events import TokenChanged
from currant.access.list_aspect import KEY, LocalListAspect, Room
from currant.access.list_updates import ListUpdates
from currant.access.local_lists import LIST_EVENTS
from currant.access.model import GroupDraft, TokenChange, TokenStatus
from currant.app.desiring import DESIRED_FOLLOWED
from currant.charging.busy import SessionsAtStations
from currant.events.delivery import Delivery, Subscription
from currant.kit.ids import StationId, TenantId
from currant.stations.desired.aspect import Desired, Refusal
from currant.stations.desired.model import DeclarationDraft, Scope
from currant.stations.desired.reconciler import ReconcilerConfig
from currant.stations.desired.service import DesiredState

VERSIONS = {
    "ocpp1.6": (ChargePoint16, call16, result16),
    "ocpp2.0.1": (ChargePoint201, call201, result201),
    "ocpp2.1": (ChargePoint21, call21, result21),
}


def point_of(version: str) -> Any:
    kind, _, results = VERSIONS[version]
    old = version == "ocpp1.6"

    class Point(kind):  # type: ignore[misc,valid-type]
        """A charge point with a local list, strict about versions."""

        list_version = 0
        messages = 0

        @on("GetLocalListVersion")
        def on_version(self, **_: Any) -> Any:
            if old:
                return results.GetLocalListVersion(list_version=self.list_version)
            return results.GetLocalListVersion(version_number=self.list_version)

        @on("SendLocalList")
        def on_list(self, update_type: str, **said: Any) -> Any:
            self.messages += 1
            version = said["list_version" if old else "version_number"]
            if update_type == "Full":
                self.holds: dict[str, str | None] = {}
            elif version <= self.list_version:
                return results.SendLocalList(status="VersionMismatch")
            for entry in said.get("local_authorization_list") or []:
                uid = entry["id_tag"] if old else entry["id_token"]["id_token"]
                info = entry.get("id_tag_info" if old else "id_token_info")
                if info is None:
                    self.holds.pop(uid, None)
                else:
                    self.holds[uid] = (
                        info.get("parent_id_tag")
                        if old
                        else (info.get("group_id_token") or {}).get("id_token")
                    )
            self.list_version = version
            return results.SendLocalList(status="Accepted")

    return Point


@asynccontextmanager
async def station(network: Network, version: str) -> AsyncIterator[Any]:
    words = VERSIONS[version][1]
    async with websockets.connect(f"{network.url}/CP-1", subprotocols=[version]) as socket:
        point = point_of(version)("CP-1", socket)
        running = asyncio.create_task(point.start())
        if version == "ocpp1.6":
            boot = words.BootNotification(charge_point_vendor="V", charge_point_model="M")
        else:
            boot = words.BootNotification(
                charging_station={"vendor_name": "V", "model": "M"}, reason="PowerUp"
            )
        assert (await point.call(boot)).status == "Accepted"
        yield point
        running.cancel()


async def two_a_message(tenant_id: TenantId, station_id: StationId) -> Room:
    return Room(entries_a_message=2)


async def brought(network: Network, version: str) -> int:
    """Take the steps that the aspect asks for until it is content; how many there were."""
    access, entry = network.access, network.directory.find("CP-1")
    assert entry is not None
    now = network.clock.now()
    aspect = LocalListAspect(network.database, access.local_lists, network.clock, room_of=two_a_message)
    desired = Desired(aspect=aspect.name, key=KEY, value={}, declaration_id="d", declared_at=now)
    for taken in range(6):
        reported = await aspect.reported(entry, version, [desired])
        if aspect.agrees(desired, reported.get(KEY)):
            return taken
        steps = await aspect.steps(entry, version, [desired], reported)
        assert not isinstance(steps, Refusal)
        record = await network.commands.give(TENANT, entry.station_id, steps[0].command, by="a test")
        await aspect.took(entry, steps[0], record)
    raise AssertionError("It never was content.")


@pytest.mark.parametrize("version", list(VERSIONS))
async def test_a_charge_point_comes_to_hold_who_may_charge_and_then_what_changed(
    open_network: Network, version: str
) -> None:
    short = version.removeprefix("ocpp")
    group = await open_network.access.create_group(
        TENANT, GroupDraft(name="F", parent_uid="FLEET"), by="test"
    )
    first = await open_network.issue("AA01", group_id=group.id)
    for uid in ("AA02", "AA03"):
        await open_network.issue(uid)
    async with station(open_network, version) as point:
        # Asks for the version, sends the list in two messages.
        assert await brought(open_network, short) == 2
        assert point.holds == {"AA01": "FLEET", "AA02": None, "AA03": None}
        assert (point.list_version, point.messages) == (2, 2)
        await open_network.access.update_token(
            TENANT, first.id, TokenChange(status=TokenStatus.BLOCKED), by="test"
        )
        await open_network.access.local_lists.follow(
            TokenChanged(
                tenant_id=TENANT, happened_at=open_network.clock.now(), token_id=first.id, uid="AA01"
            )
        )
        assert await brought(open_network, short) == 1
        assert (point.holds, point.messages) == ({"AA02": None, "AA03": None}, 3)
        assert await brought(open_network, short) == 0
        # Somebody else put a list on it: whatever we send differs from what it expects.
        point.holds, point.list_version = {"DEAD": None}, 90
        await open_network.issue("AA04")
        await open_network.access.local_lists.follow(
            TokenChanged(
                tenant_id=TENANT, happened_at=open_network.clock.now(), token_id=first.id, uid="AA04"
            )
        )
        assert await brought(open_network, short) == 3
        assert point.holds == {"AA02": None, "AA03": None, "AA04": None}
        assert point.list_version > 90


@pytest.mark.parametrize("version", list(VERSIONS))
async def test_a_declared_list_reaches_a_charge_point_and_follows_its_tokens(
    open_network: Network, version: str
) -> None:
    network = open_network
    aspect = LocalListAspect(network.database, network.access.local_lists, network.clock)
    desired = DesiredState(
        network.database,
        network.directory,
        network.registry,
        network.commands,
        SessionsAtStations(network.database),
        network.clock,
        aspects=[aspect],
        config=ReconcilerConfig(node="here", connect_grace_s=0.05, look_s=0.1, per_second=1_000),
    )
    updates = ListUpdates(network.access.local_lists, network.directory, desired, delay_s=0.05)
    delivery = Delivery(
        network.database,
        [
            Subscription("desired state", desired.reconciler.follow, to=DESIRED_FOLLOWED),
            Subscription("local lists", updates.follow, to=LIST_EVENTS),
        ],
    )
    await delivery.start()
    desired.reconciler.start()
    token = await network.issue("AA01")
    draft = DeclarationDraft(scope=Scope.ALL, aspect="local_list", key=KEY, value={})
    await desired.declarations.declare(TENANT, [draft], by="a test")

    async with station(network, version) as point:
        await until(lambda: getattr(point, "holds", None) == {"AA01": None})
        await network.issue("AA02")
        await until(lambda: point.holds == {"AA01": None, "AA02": None})
        await network.access.block_token(TENANT, token.id, by="a test")
        await until(lambda: point.holds == {"AA02": None})
    await desired.reconciler.stop()
    await delivery.stop()
