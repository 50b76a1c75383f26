"""Stations that show costs are told them, when they change, and the others are left alone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from charging.made import NOON, TENANT, begun, reading
from currant.billing.charges.model import ChargeFinal, PayerKind
from currant.billing.charges.running import Basis, RunningCosts
from currant.billing.onsite.showing import CostShowing, shows_cost_known_to
from currant.charging.model import Phase, Reading, Session
from currant.events.board import Board
from currant.kit.clock import ManualClock
from currant.kit.ids import ChargeId, StationId, TariffVersionId, TenantId
from currant.pricing.bills import NO_TAX
from currant.pricing.model import Component, Dimension, Element, Prices, Purpose
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.displays import ShowCost
from currant.stations.model import Admission, AttendedStation, CommandOutcome, CommandStatus

PRICES = Prices(
    currency="EUR",
    elements=(Element(components=(Component(dimension=Dimension.ENERGY, price=Decimal("0.50")),)),),
)


class Link:
    """Stations that answer what the test says."""

    def __init__(self) -> None:
        self.sent: list[ShowCost] = []
        self.status = CommandStatus.ACCEPTED

    async def send(
        self, station_id: StationId, command: AnyCommand, *, deadline_s: float, only_if_idle: bool = False
    ) -> CommandOutcome:
        assert isinstance(command, ShowCost)
        self.sent.append(command)
        return CommandOutcome(status=self.status)

    def is_connected(self, station_id: StationId) -> bool:
        return True

    def profile_of(self, station_id: StationId) -> int | None:
        return 1

    def refresh(self, station_id: StationId) -> None:
        return None

    def drop(self, station_id: StationId, *, reason: str) -> None:
        return None


class Place:
    """A station with a session, whose readings the test gives."""

    def __init__(self, version: str = "2.0.1", *, shows: bool = True) -> None:
        self.clock = ManualClock(NOON)
        self.link = Link()
        self.says = shows
        self.asked = 0
        self.readings: tuple[Reading, ...] = (reading(0, 1000),)
        self.session = replace(begun(), transaction_id="17" if version == "1.6" else "tx-17")
        self.station = AttendedStation(
            tenant_id=TENANT,
            station_id=self.session.station_id,
            identity="station",
            version=version,
            admission=Admission.ACCEPTED,
        )
        self.running = RunningCosts(
            Board(self.clock), self.clock, basis_of=self.basis, measured=self.measured
        )
        self.showing = CostShowing(
            self.link,
            lambda: [(self.station, self.session)],
            self.shows,
            self.running,
            self.session_of,
            self.clock,
        )

    async def basis(self, session: Session) -> Basis | None:
        return Basis(prices=PRICES, version_id=TariffVersionId("v"), zone="UTC", rates=NO_TAX)

    async def measured(self, session: Session) -> tuple[Session, tuple[Reading, ...]]:
        return self.session, self.readings

    async def session_of(self, tenant_id: TenantId, session_id: Any) -> Session:
        return self.session

    async def shows(self, tenant_id: TenantId, station_id: StationId) -> bool:
        self.asked += 1
        return self.says

    def charge(self, minutes: float, wh: int) -> None:
        at = NOON + timedelta(minutes=minutes)
        self.clock.advance(at - self.clock.now())
        self.readings = (*self.readings, reading(minutes, 1000 + wh))
        self.session = replace(
            self.session,
            energy_wh=wh,
            meter_last_wh=1000 + wh,
            read_at=at,
            first_energy_at=self.session.first_energy_at or NOON,
            last_energy_at=at,
            updated_at=at,
        )


async def test_a_station_is_told_what_changed_and_nothing_twice() -> None:
    place = Place()
    place.charge(4, 5000)
    assert await place.showing.turn() == 1
    assert await place.showing.turn() == 0
    place.charge(8, 10_000)
    assert await place.showing.turn() == 1
    first, second = place.link.sent
    assert (first.transaction_id, first.total_cost) == ("tx-17", Decimal("2.50"))
    assert second.total_cost == Decimal("5.00")
    assert second.shown is not None
    assert (second.shown.meter_wh, second.shown.price.per_kwh) == (11_000, Decimal("0.50"))
    assert place.asked == 1, "what a station can show is asked once in a while"
    place.clock.advance(timedelta(minutes=11))
    await place.showing.turn()
    assert place.asked == 2


async def test_a_1_6_station_is_told_by_the_number_it_knows() -> None:
    place = Place("1.6")
    place.charge(30, 5000)
    await place.showing.turn()
    assert [command.transaction_id for command in place.link.sent] == [str(place.session.number)]


async def test_who_shows_nothing_is_not_told_and_who_does_not_know_the_message_only_once() -> None:
    silent = Place(shows=False)
    silent.charge(30, 5000)
    assert await silent.showing.turn() == 0
    assert silent.link.sent == []
    mistaken = Place()
    mistaken.link.status = CommandStatus.UNSUPPORTED
    mistaken.charge(4, 5000)
    assert await mistaken.showing.turn() == 0
    mistaken.charge(8, 9000)
    assert await mistaken.showing.turn() == 0
    assert len(mistaken.link.sent) == 1


async def test_what_was_not_answered_is_told_again() -> None:
    place = Place()
    place.link.status = CommandStatus.UNANSWERED
    place.charge(30, 5000)
    assert await place.showing.turn() == 0
    place.link.status = CommandStatus.ACCEPTED
    assert await place.showing.turn() == 1


async def test_the_end_is_answered_with_the_total_where_the_session_was_followed() -> None:
    place = Place()
    assert place.showing.total_of(place.session) is None
    place.charge(30, 5000)
    await place.showing.turn()
    place.charge(45, 7000)
    ended = replace(place.session, phase=Phase.ENDED, ended_at=place.clock.now())
    assert place.showing.total_of(ended) == Decimal("3.50")
    stranger = replace(ended, station_id=StationId("another"))
    assert place.showing.total_of(stranger) is None


async def test_a_1_6_station_hears_the_final_cost_once_it_is_charged_for() -> None:
    place = Place("1.6")
    place.charge(30, 5000)

    def final(**more: Any) -> ChargeFinal:
        return ChargeFinal(
            tenant_id=TENANT,
            happened_at=datetime(2026, 5, 11, tzinfo=UTC),
            charge_id=ChargeId("c"),
            session_id=place.session.id,
            session_number=place.session.number,
            station_id=place.session.station_id,
            started_at=NOON,
            currency="EUR",
            net=210,
            tax=40,
            gross=250,
            payer_kind=PayerKind.WALLET,
            **{"purpose": Purpose.RETAIL, **more},
        )

    await place.showing.charged(final(purpose=Purpose.HOST))
    await place.showing.charged(final(credits=ChargeId("b")))
    assert place.link.sent == []
    await place.showing.charged(final())
    (told,) = place.link.sent
    assert (told.final, told.total_cost, told.transaction_id) == (
        True,
        Decimal("2.50"),
        str(place.session.number),
    )


@pytest.mark.parametrize(
    ("key", "value", "shows"), [("a", "true", True), ("a", "False", False), ("b", "TRUE", True)]
)
async def test_what_a_station_says_of_its_display_counts(key: str, value: str, shows: bool) -> None:
    class Device:
        async def known(self, tenant_id: Any, station_id: Any, variables: Any) -> dict[str, Any]:
            assert {each.name for each in variables} == {"Enabled", "CustomDisplayCostAndPrice"}
            return {key: type("Known", (), {"value": value})()}

    assert await shows_cost_known_to(Device())(TENANT, StationId("s")) is shows  # type: ignore[arg-type]
