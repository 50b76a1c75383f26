"""One outlet (an EVSE): who is plugged in, what flows, what the meter says, and the session about it.

The register is never set back: it survives reboots and power cuts, as a billing meter's must
(MID; OCPP 2.0.1 Part 2, J02). Everything is told in neutral words; the dialect puts it on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec.structs import replace

from currant.simulator import allowlist, drivers, limits, profiles, reservations
from currant.simulator.dialect import Authorization, Switch
from currant.simulator.drivers import Visit
from currant.simulator.reservations import Reservation
from currant.simulator.specs import EvseSpec
from currant.simulator.vehicle import (
    AC_CURRENT_MIN_A,
    PHASE_VOLTAGE_V,
    Draw,
    Offer,
    PowerType,
    Vehicle,
    step,
)

if TYPE_CHECKING:
    from currant.simulator.station import Station


class Status(StrEnum):
    """The nine of OCPP 1.6, which tell more than the five of 2.x."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_BY_CAR = "SuspendedEV"
    SUSPENDED_BY_US = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class Transaction:
    """A session as the station knows it; `number` is the server's (1.6), `id` is our own (2.x)."""

    __slots__ = (
        "began",
        "id",
        "meter_start_wh",
        "number",
        "refused",
        "remote_start_id",
        "reservation_id",
        "sequence",
        "state",
        "token",
    )

    def __init__(self, id: str, *, token: str | None, began: float, meter_start_wh: int) -> None:
        self.id = id
        self.number: int | None = None
        self.token = token
        self.began = began
        self.meter_start_wh = meter_start_wh
        self.sequence = 0
        self.remote_start_id: int | None = None
        self.reservation_id: int | None = None
        self.state = "EVConnected"
        self.refused = False

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence - 1


class Outlet:
    """An EVSE and what happens at it. `number` counts from 1."""

    __slots__ = (
        "allowed_token",
        "connector",
        "draw",
        "fault",
        "group",
        "inoperative_connectors",
        "metered_at",
        "number",
        "operative",
        "paused",
        "plugged",
        "priority",
        "register_wh",
        "reported",
        "reservation",
        "reset_when_idle",
        "round",
        "spec",
        "station",
        "transaction",
        "vehicle",
        "visit",
    )

    def __init__(self, station: Station, number: int, spec: EvseSpec, register_wh: float) -> None:
        self.station = station
        self.number = number
        self.spec = spec
        self.register_wh = register_wh
        self.connector = 1
        self.plugged = False
        self.operative = True
        self.inoperative_connectors: frozenset[int] = frozenset()
        self.fault: str | None = None
        self.visit: Visit | None = None
        self.vehicle: Vehicle | None = None
        self.transaction: Transaction | None = None
        self.allowed_token: str | None = None
        self.group: str | None = None
        self.paused = False
        self.priority = False
        self.reset_when_idle = False
        self.reservation: Reservation | None = None
        self.reported: Status | None = None
        self.metered_at = 0.0
        self.draw = Draw()
        # What was planned for an earlier visit must not happen to the next one.
        self.round = 0

    @property
    def status(self) -> Status:
        if self.fault is not None:
            return Status.FAULTED
        if self.transaction is not None and self.plugged:
            return (
                Status(self.transaction.state)
                if self.transaction.state != "EVConnected"
                else Status.PREPARING
            )
        if not self.usable:
            return Status.UNAVAILABLE
        if self.plugged:
            return (
                Status.PREPARING if self.visit is not None and self.allowed_token != "" else Status.FINISHING
            )
        if self.allowed_token:
            return Status.PREPARING
        return Status.RESERVED if self.reservation is not None else Status.AVAILABLE

    @property
    def usable(self) -> bool:
        """Whether the connector that is in use, or would be next, may be used."""
        return self.operative and self.connector not in self.inoperative_connectors

    @property
    def free(self) -> bool:
        return self.visit is None and not self.plugged and self.usable and self.fault is None

    def switch_connector(self, connector: int, *, operative: bool) -> None:
        """Take one connector out of service, or put it back; with several the next driver takes another."""
        others = self.inoperative_connectors - {connector}
        self.inoperative_connectors = others if operative else others | {connector}
        self._choose_connector()

    def _choose_connector(self) -> None:
        """Stand by with a connector that may be used, if there is one and nobody has taken another."""
        if self.visit is None and not self.plugged and self.connector in self.inoperative_connectors:
            numbers = range(1, len(self.spec.connectors) + 1)
            self.connector = next(
                (each for each in numbers if each not in self.inoperative_connectors), self.connector
            )

    @property
    def meter_wh(self) -> int:
        return int(self.register_wh)

    def receive_visit(self, visit: Visit, *, authorized: bool = False) -> None:
        """A driver has come. With `authorized` a remote start has settled who pays."""
        dice, station = self.station.dice, self.station
        self.connector = visit.connector
        self._choose_connector()
        self.visit = visit
        self.vehicle = visit.vehicle
        self.round += 1
        if authorized:
            self.allowed_token = visit.token
            self._later(dice.uniform(5, 20), self.plug_in)
        elif visit.token_first:
            self._later(dice.uniform(1, 6), self.present_token)
        else:
            self._later(dice.uniform(1, 10), self.plug_in)
            self._later(dice.uniform(14, 45), self.present_token)
        station.show_status(self)

    def plug_in(self) -> None:
        if self.plugged or self.visit is None or self.fault is not None:
            return
        self.plugged = True
        self.metered_at = self.station.now
        self.draw = Draw()
        if self.allowed_token:
            self._later(self.station.dice.uniform(1, 4), self._begin_allowed)
        elif self.station.starts_when_connected and self.usable:
            self._begin(None, "CablePluggedIn")
        self.station.show_status(self)

    def present_token(self) -> None:
        visit, station = self.visit, self.station
        if visit is None:
            return
        held = self.reservation
        # Whether he belongs to the group it is held for, only the answer tells (H03.FR.08).
        held_for_another = held is not None and held.group is None and not held.is_for(visit.token)
        if self.fault is not None or not self.usable or not station.powered or held_for_another:
            self._give_up()
            return
        round_, token = self.round, visit.token

        def answered(authorization: Authorization) -> None:
            if self.round == round_ and self.visit is not None:
                held = self.reservation
                welcome = held is None or held.is_for(token, authorization.group)
                if authorization.accepted and welcome:
                    self.group = authorization.group
                    self._allow(token)
                else:
                    self._give_up()

        def told(authorization: Authorization) -> None:
            allowlist.remember(station, token, authorization)
            answered(authorization)

        def failed(_: str) -> None:
            answered(allowlist.offline(station, token))

        if not station.online:
            failed("offline")
            return
        listed = allowlist.listed(station, token)
        # One that is listed as barred may have been freed meanwhile: the server knows (2.x, C13).
        if listed is not None and listed.accepted and station.dialect.switched_on(Switch.PRE_AUTHORIZE):
            answered(listed)
        else:
            station.dialect.authorize(token, told, failed)

    def _allow(self, token: str) -> None:
        self.allowed_token = token
        if self.plugged:
            self._begin_allowed()
        else:
            self._later(self.station.dice.uniform(4, 25), self.plug_in)
            self.station.show_status(self)

    def _begin_allowed(self) -> None:
        token = self.allowed_token
        if not token or not self.plugged or self.fault is not None:
            return
        if self.transaction is None:
            self._begin(token, "Authorized")
        elif self.transaction.token is None:
            self.transaction.token = token
            self.station.dialect.authorized(self, self.transaction)
            self._flow()

    def _give_up(self) -> None:
        """The driver was not let charge, and drives on."""
        if self.transaction is None or self.transaction.token is None:
            self._later(self.station.dice.uniform(5, 30), self.unplug)

    def driver_returns(self) -> None:
        """The stay is over: the cable is pulled at once, or the card is shown first."""
        if self.visit is None:
            return
        if self.transaction is None or self.visit.stops_by_unplugging:
            self.unplug()
        else:
            self.stop("Local")

    def unplug(self) -> None:
        if self.transaction is not None:
            self.meter()
            self.plugged = False
            self.stop("EVDisconnected")
        self.plugged = False
        self.visit = None
        self.vehicle = None
        self.allowed_token = None
        self.group = None
        self.draw = Draw()
        self.round += 1
        self._choose_connector()
        self.station.outlet_idle(self)
        self.station.show_status(self)

    def _begin(self, token: str | None, trigger: str) -> None:
        station = self.station
        if not self.usable or self.visit is None:
            return
        if not station.powered:
            self._give_up()
            return
        self.metered_at = station.now
        transaction = Transaction(
            station.new_id(), token=token, began=station.now, meter_start_wh=self.meter_wh
        )
        transaction.reservation_id = reservations.use(station, self, token, self.group)
        transaction.remote_start_id = station.take_remote_start(self.number)
        if transaction.remote_start_id is not None and trigger == "Authorized":
            trigger = "RemoteStart"
        self.transaction = transaction
        station.dialect.started(self, transaction, trigger)
        self._later(self.visit.stays_s, self.driver_returns)
        station.transactions_started += 1
        if token is not None:
            self._flow()
        self._sample_later(transaction)
        if station.spec.iso15118:
            self._later(2.0, lambda: station.dialect.needs_told(self))

    def _flow(self) -> None:
        """The contactor closes: power flows a moment after all agree."""
        self._later(self.station.dice.uniform(1.5, 5.0), self.review)

    def review(self) -> None:
        """Look again at what is offered and taken; tell when that changes the state of charging."""
        transaction = self.transaction
        if transaction is None or transaction.token is None or self.paused:
            return
        self.meter()
        before = transaction.state
        if self.draw.power_w > 0:
            transaction.state = Status.CHARGING.value
        elif self.vehicle is not None and not self.vehicle.satisfied and self._offers_too_little():
            transaction.state = Status.SUSPENDED_BY_US.value
        else:
            transaction.state = Status.SUSPENDED_BY_CAR.value
        if transaction.state != before:
            self.station.dialect.changed(self, transaction)
            self.station.show_status(self)
            visit = self.visit
            if visit is not None and visit.leaves_when_satisfied and self.vehicle and self.vehicle.satisfied:
                self._later(self.station.dice.uniform(20, 240), self.driver_returns)

    def _sample_later(self, transaction: Transaction) -> None:
        def due() -> None:
            if self.transaction is transaction:
                self.review()
                if self.station.powered:
                    self.station.dialect.sampled(self, transaction, "Sample.Periodic")
                self._sample_later(transaction)

        self._later(self.station.sample_interval_s, due)

    def stop(self, reason: str) -> None:
        """End the session. The car stays plugged in until its driver pulls the cable."""
        transaction = self.transaction
        if transaction is None:
            return
        self.meter()
        self.transaction = None
        self.priority = False
        profiles.transaction_over(self.station, self)
        # An empty token says: this visit has been charged already, what follows is leaving.
        self.allowed_token = ""
        self.station.transactions_ended += 1
        self.station.dialect.stopped(self, transaction, reason)
        self.draw = Draw()
        if reason != "EVDisconnected":
            self._later(self.station.dice.uniform(10, 60), self.unplug)
        self.station.outlet_idle(self)
        self.station.show_status(self)

    def offer(self) -> Offer:
        station, transaction = self.station, self.transaction
        allowed = float(self.spec.max_power_w)
        limit = limits.limit_w(
            station.profiles.values(),
            evse=self.number,
            phases=self.spec.phases,
            now=station.now,
            transaction=None if transaction is None else station.dialect_transaction(transaction),
            transaction_began=None if transaction is None else transaction.began,
            sharing=sum(1 for outlet in station.outlets if outlet.transaction is not None),
            priority=self.priority,
        )
        if limit is not None:
            allowed = max(0.0, min(allowed, limit))
        current = min(self.spec.max_current_a, allowed / self.spec.phases / PHASE_VOLTAGE_V)
        return Offer(
            power_type=self.spec.power_type,
            max_power_w=allowed,
            phases=self.spec.phases,
            max_current_a=current,
        )

    def _offers_too_little(self) -> bool:
        offer = self.offer()
        if offer.power_type is PowerType.DC:
            return offer.max_power_w <= 0
        return offer.max_current_a < AC_CURRENT_MIN_A

    def meter(self) -> None:
        """Bring the register up to this moment."""
        now, transaction = self.station.now, self.transaction
        elapsed, self.metered_at = now - self.metered_at, now
        if elapsed <= 0:
            return
        if self.vehicle is None or not self.plugged or transaction is None or transaction.token is None:
            self.draw = Draw()
            return
        offer = self.offer()
        if self.paused:
            offer = replace(offer, max_power_w=0.0, max_current_a=0.0)
        # Until the contactor has closed nothing flows, however long an answer took.
        seconds = elapsed if transaction.state in ("Charging", "SuspendedEV", "SuspendedEVSE") else 0.0
        self.vehicle, self.draw = step(self.vehicle, offer, max(0.0, seconds))
        self.register_wh += self.draw.energy_wh

    @property
    def phases_in_use(self) -> int | None:
        """On AC, how many phases carry current now; None where that says nothing."""
        if self.spec.power_type is PowerType.DC:
            return None
        return sum(current > 0 for current in self.draw.currents_a) or None

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` after a while, unless this visit is over by then."""
        round_ = self.round

        def due() -> None:
            if self.round == round_:
                action()

        self.station.at(self.station.now + seconds, due)

    def allow_soon(self, token: str) -> None:
        """A remote start reached a car that is plugged in already."""
        self.allowed_token = token
        self._later(self.station.dice.uniform(0.5, 3.0), self._begin_allowed)

    def wait_for_car(self, token: str) -> None:
        """Authorised and nobody there: after ConnectionTimeOut it is over (1.6, 9.1.5)."""
        self.allowed_token = token
        self.station.show_status(self)

        def lapse() -> None:
            if self.transaction is None and not self.plugged:
                self.allowed_token = None
                held = self.reservation
                if held is not None and held.is_for(token, self.group):
                    # H03.FR.11: it was used, and nobody plugged in.
                    reservations.end(self.station, self, "NoTransaction")
                self.station.show_status(self)

        self._later(60.0, lapse)

    def bring_car(self, token: str) -> None:
        """Somebody with the operator's app is standing here: what a remote start is for."""
        visit = drivers.visit(self.station.spec, self.number, token, self.station.drivers_dice)
        self.receive_visit(replace(visit, token=token), authorized=True)
