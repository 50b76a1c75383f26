"""A simulated station's words in OCPP 2.0.1 and 2.1, which say the same in nearly the same types."""

from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from currant.kit.clock import micros
from currant.ocpp import v21, v201
from currant.ocpp.catalogue import Version
from currant.ocpp.payload import Payload
from currant.simulator import device_model, v2_certificates, v2_energy, v2_monitoring, v21_tariffs
from currant.simulator.dialect import Answering, Authorization, BootAnswer, Refused, Switch
from currant.simulator.monitoring import Sighting
from currant.simulator.outbox import Weight
from currant.simulator.outlet import Outlet, Status, Transaction
from currant.simulator.reservations import End
from currant.simulator.says import Says
from currant.simulator.specs import Fact, FactKind
from currant.simulator.v2_commands import COMMANDS
from currant.simulator.vehicle import PowerType

if TYPE_CHECKING:
    from currant.simulator.station import Station

STATUSES = {
    Status.AVAILABLE: "Available",
    Status.PREPARING: "Occupied",
    Status.CHARGING: "Occupied",
    Status.SUSPENDED_BY_CAR: "Occupied",
    Status.SUSPENDED_BY_US: "Occupied",
    Status.FINISHING: "Occupied",
    Status.RESERVED: "Reserved",
    Status.UNAVAILABLE: "Unavailable",
    Status.FAULTED: "Faulted",
}
# Reason: the stoppedReason of the last TransactionEvent, and what triggered it (2.0.1 Part 2, E06, E07).
REASONS = {
    "Local": ("Local", "StopAuthorized"),
    "Remote": ("Remote", "RemoteStop"),
    "EVDisconnected": ("EVDisconnected", "EVCommunicationLost"),
    "PowerLoss": ("PowerLoss", "AbnormalCondition"),
    "Reboot": ("Reboot", "AbnormalCondition"),
    "EmergencyStop": ("EmergencyStop", "AbnormalCondition"),
    "DeAuthorized": ("DeAuthorized", "Deauthorized"),
    "ImmediateReset": ("ImmediateReset", "ResetCommand"),
    "UnlockCommand": ("Other", "UnlockCommand"),
    "Other": ("Other", "AbnormalCondition"),
}
# Component, variable and tech code of what can fail (2.0.1 Part 2, appendix 3).
PROBLEMS = {
    "ground": ("GroundFaultProtection", "Tripped", "CX004"),
    "overcurrent": ("OverCurrentBreaker", "Tripped", "CX017"),
    "temperature": ("TemperatureSensor", "Problem", "CX006"),
    "lock": ("ConnectorPlugRetentionLock", "Problem", "CX001"),
    "meter": ("FiscalMetering", "Problem", "CX013"),
    "reader": ("TokenReader", "Problem", "CX021"),
    "undervoltage": ("ElectricalFeed", "Problem", "CX025"),
    "communication": ("EVRetentionLock", "Problem", "CX003"),
}
PHASES = ("L1", "L2", "L3")
KINDS_MAX = 20


class V2:
    """OCPP 2.0.1 or 2.1, by the module of types it is given."""

    __slots__ = ("events_told", "kinds", "station", "types", "version")

    def __init__(self, station: "Station", version: Version) -> None:
        self.station = station
        self.version = version
        self.types: ModuleType = v21 if version is Version.V21 else v201
        self.events_told = 0
        self.kinds: dict[str, Any] = {}

    @property
    def is_21(self) -> bool:
        return self.version is Version.V21

    @property
    def says(self) -> Says:
        return Says(self)

    def say(
        self,
        action: str,
        /,
        *,
        answered: Callable[[Any], None] | None = None,
        failed: Callable[[str], None] | None = None,
        kept: bool = False,
        **fields: Any,
    ) -> None:
        """A message of this version, by the names of its fields; what is `kept` waits for the network."""
        message = getattr(self.types, action)(**fields)
        weight = Weight.MILESTONE if kept and not self.station.online else Weight.PASSING
        self.station.post(action, lambda: message, weight=weight, answered=answered, failed=failed)

    def boot(self, reason: str, answered: Callable[[BootAnswer], None]) -> None:
        types, spec = self.types, self.station.spec
        message = types.BootNotification(
            reason=reason,
            charging_station=types.ChargingStationType(
                vendor_name=spec.vendor[:50],
                model=spec.model[:20],
                serial_number=spec.serial[:25] or None,
                firmware_version=self.station.firmware,
            ),
        )

        def read(answer: Any) -> None:
            at = answer.current_time
            answered(
                BootAnswer(
                    status=answer.status,
                    interval_s=answer.interval,
                    current_time_s=at.timestamp() if at is not None else 0.0,
                )
            )

        self._post("BootNotification", message, answered=read, failed=self.station.boot_failed)

    def heartbeat(self) -> None:
        self._post("Heartbeat", self.types.Heartbeat())

    def station_status(self) -> None:
        """2.x has a status of the station only as variables."""

    def status(self, outlet: Outlet) -> None:
        for connector in range(1, len(outlet.spec.connectors) + 1):
            status = outlet.status
            if connector != outlet.connector and status not in (Status.AVAILABLE, Status.FAULTED):
                status = Status.UNAVAILABLE
            if connector in outlet.inoperative_connectors and status is Status.AVAILABLE:
                status = Status.UNAVAILABLE
            self._post(
                "StatusNotification",
                self.types.StatusNotification(
                    timestamp=self.station.stamp(),
                    connector_status=STATUSES[status],
                    evse_id=outlet.number,
                    connector_id=connector,
                ),
            )

    def faulted(self, outlet: Outlet, fault: str, *, cleared: bool) -> None:
        component, variable, code = PROBLEMS[fault]
        value = "false" if cleared else "true"
        self.event(component, variable, value, evse=outlet.number, cleared=cleared, tech_code=code)
        if not cleared:
            self.status(outlet)

    def event(
        self,
        component: str,
        variable: str,
        value: str,
        *,
        evse: int | None = None,
        trigger: str = "Alerting",
        cleared: bool = False,
        tech_code: str | None = None,
    ) -> None:
        """Something that is told without any monitor (N07, HardWiredNotification)."""
        types = self.types
        self.events_told += 1
        event = types.EventDataType(
            event_id=self.events_told,
            timestamp=self.station.stamp(),
            trigger=trigger,
            actual_value=value,
            cleared=True if cleared else None,
            tech_code=tech_code,
            component=types.ComponentType(
                name=component, evse=None if evse is None else types.EVSEType(id=evse)
            ),
            variable=types.VariableType(name=variable),
            event_notification_type="HardWiredNotification",
        )
        self.say("NotifyEvent", generated_at=self.station.stamp(), seq_no=0, event_data=[event])

    def sighted(self, sighting: Sighting) -> None:
        v2_monitoring.tell(self, sighting)

    def reservation_ended(self, reservation: int, how: End) -> None:
        # 2.0.1 has no word for a reservation that was used and led to nothing.
        status = "Removed" if how == "NoTransaction" and not self.is_21 else how
        self.say("ReservationStatusUpdate", reservation_id=reservation, reservation_update_status=status)

    def connector_kinds(self, outlet: Outlet) -> Sequence[str]:
        return [device_model.CONNECTOR_TYPES.get(each, "Unknown") for each in outlet.spec.connectors]

    def switched_on(self, switch: Switch) -> bool:
        _, component, variable = switch.value
        return device_model.is_on(self.station, component, variable)

    def profile_stored(self, evse: int, profile_id: int) -> None:
        v2_energy.answer_profile(self, evse, profile_id)

    def needs_told(self, outlet: Outlet) -> None:
        v2_energy.tell_needs(self, outlet)

    def sign_certificate(self, use: str) -> None:
        v2_certificates.sign(self, use)

    def authorize(
        self, token: str, answered: Callable[[Authorization], None], failed: Callable[[str], None]
    ) -> None:
        def read(answer: Any) -> None:
            info = answer.id_token_info
            v21_tariffs.offer(self, token, getattr(answer, "tariff", None))
            group = None if info.group_id_token is None else info.group_id_token.id_token
            answered(Authorization(status=info.status, group=group))

        self._post(
            "Authorize", self.types.Authorize(id_token=self.id_token(token)), answered=read, failed=failed
        )

    def started(self, outlet: Outlet, transaction: Transaction, trigger: str) -> None:
        token, tariff = transaction.token, v21_tariffs.begin(self, outlet, transaction)
        self._event(
            "Started",
            trigger,
            outlet,
            transaction,
            "started",
            "Transaction.Begin",
            token=token,
            tariff=tariff,
        )

    def authorized(self, outlet: Outlet, transaction: Transaction) -> None:
        self._event("Updated", "Authorized", outlet, transaction, "reading", "Other", token=transaction.token)

    def changed(self, outlet: Outlet, transaction: Transaction) -> None:
        self._event("Updated", "ChargingStateChanged", outlet, transaction, "reading", "Other")

    def sampled(self, outlet: Outlet, transaction: Transaction, context: str) -> None:
        self._event("Updated", "MeterValuePeriodic", outlet, transaction, "reading", context)

    def resumed(self, outlet: Outlet, transaction: Transaction) -> None:
        # 2.0.1 has no word for a session that outlived a restart: it just goes on.
        if self.is_21:
            self._event("Updated", "TxResumed", outlet, transaction, "reading", "Other")

    def tariff_changed(self, outlet: Outlet, transaction: Transaction, tariff_id: str) -> None:
        self._event("Updated", "TariffChanged", outlet, transaction, "reading", "Other", tariff=tariff_id)

    def triggered(self, outlet: Outlet) -> None:
        if outlet.transaction is not None:
            self._event("Updated", "Trigger", outlet, outlet.transaction, "reading", "Trigger")

    def stopped(self, outlet: Outlet, transaction: Transaction, reason: str) -> None:
        stopped_reason, trigger = REASONS.get(reason, ("Other", "AbnormalCondition"))
        transaction.state = "EVConnected" if outlet.plugged else "Idle"
        token = transaction.token if reason == "Local" else None
        self._event(
            "Ended",
            trigger,
            outlet,
            transaction,
            "stopped",
            "Transaction.End",
            token=token,
            reason=stopped_reason,
        )

    def metered(self, outlet: Outlet, context: str) -> None:
        self._post(
            "MeterValues",
            self.types.MeterValues(evse_id=outlet.number, meter_value=[self.meter_value(outlet, context)]),
        )

    def security_event(self, kind: str, info: str | None = None) -> None:
        """Told for certain, however long there is no network (A04.FR.02)."""
        stamp = self.station.stamp()
        self.say("SecurityEventNotification", type=kind, timestamp=stamp, tech_info=info, kept=True)

    def firmware_status(self, status: str, request_id: int | None) -> None:
        self._post(
            "FirmwareStatusNotification",
            self.types.FirmwareStatusNotification(status=status, request_id=request_id),
        )

    def log_status(self, status: str, request_id: int | None) -> None:
        self._post(
            "LogStatusNotification", self.types.LogStatusNotification(status=status, request_id=request_id)
        )

    def data_transfer(
        self,
        vendor: str,
        *,
        message: str | None = None,
        data: Any = None,
        answered: Callable[[Any], None] | None = None,
    ) -> None:
        self.say("DataTransfer", vendor_id=vendor, message_id=message, data=data, answered=answered)

    def published(self, status: str, request_id: int | None, locations: Sequence[str] = ()) -> None:
        self.say(
            "PublishFirmwareStatusNotification",
            status=status,
            request_id=request_id,
            location=list(locations) or None,
        )

    def answer(self, action: str, request: Payload) -> Answering:
        command = COMMANDS.get(action)
        if command is None:
            return Refused(code="NotSupported", description=f"{action} is not for this station.")
        return command(self, request)

    def remember_kind(self, token: Any) -> None:
        """What a remote start named comes back as what it was named (F01), whatever it looks like."""
        self.kinds.pop(token.id_token, None)
        self.kinds[token.id_token] = token.type
        if len(self.kinds) > KINDS_MAX:
            del self.kinds[next(iter(self.kinds))]

    def id_token(self, token: str) -> Any:
        if token in self.kinds:
            kind = self.kinds[token]
        elif token.startswith("APP-"):
            kind = "Central"
        else:
            kind = "ISO14443" if all(letter in "0123456789ABCDEFabcdef" for letter in token) else "Local"
        return self.types.IdTokenType(id_token=token, type=kind)

    def meter_value(self, outlet: Outlet, context: str) -> Any:
        outlet.meter()
        types, draw = self.types, outlet.draw
        sample = partial(types.SampledValueType, context=None if context == "Sample.Periodic" else context)
        unit = types.UnitOfMeasureType
        values = [
            # Wh is the unit when none is written (2.0.1 Part 2, UnitOfMeasureType), and the register the measurand.
            sample(value=float(outlet.meter_wh)),
            sample(
                value=round(draw.power_w, 1), measurand="Power.Active.Import", unit_of_measure=unit(unit="W")
            ),
        ]
        amperes, volts = unit(unit="A"), unit(unit="V")
        if outlet.spec.power_type is PowerType.DC:
            values.append(
                sample(
                    value=round(draw.currents_a[0], 2), measurand="Current.Import", unit_of_measure=amperes
                )
            )
            values.append(sample(value=round(draw.voltage_v, 1), measurand="Voltage", unit_of_measure=volts))
            if outlet.vehicle is not None:
                values.append(
                    sample(
                        value=float(round(outlet.vehicle.soc * 100)),
                        measurand="SoC",
                        location="EV",
                        unit_of_measure=unit(unit="Percent"),
                    )
                )
        else:
            values.extend(
                sample(
                    value=round(current, 2), measurand="Current.Import", phase=phase, unit_of_measure=amperes
                )
                for phase, current in zip(PHASES, draw.currents_a, strict=False)
            )
        return types.MeterValueType(timestamp=self.station.stamp(), sampled_value=values)

    def _event(
        self,
        event: Literal["Started", "Updated", "Ended"],
        trigger: str,
        outlet: Outlet,
        transaction: Transaction,
        kind: FactKind,
        context: str,
        *,
        token: str | None = None,
        reason: str | None = None,
        tariff: str | None = None,
    ) -> None:
        types, station = self.types, self.station
        offline = not station.online
        sequence = transaction.next_sequence()
        message = types.TransactionEvent(
            event_type=event,
            timestamp=station.stamp(),
            trigger_reason=trigger,
            seq_no=sequence,
            transaction_info=types.TransactionType(
                transaction_id=transaction.id,
                charging_state=transaction.state,
                stopped_reason=reason,
                remote_start_id=transaction.remote_start_id if event == "Started" else None,
                **({} if tariff is None else {"tariff_id": tariff}),
            ),
            meter_value=[self.meter_value(outlet, context)],
            offline=True if offline else None,
            number_of_phases_used=outlet.phases_in_use,
            reservation_id=transaction.reservation_id if event == "Started" else None,
            evse=types.EVSEType(id=outlet.number, connector_id=outlet.connector)
            if event == "Started"
            else None,
            id_token=self.id_token(token) if token is not None else None,
        )
        fact = self._fact(kind, outlet, transaction, sequence, reason, offline)

        def read(answer: Any) -> None:
            fact()
            info = answer.id_token_info
            # StopTxOnInvalidId (2.0.1 Part 2, E05).
            refused = info is not None and info.status != "Accepted"
            if refused and token is not None and outlet.transaction is transaction:
                transaction.refused = True
                outlet.stop("DeAuthorized")

        weight = Weight.SAMPLE if trigger == "MeterValuePeriodic" else Weight.MILESTONE
        station.post("TransactionEvent", lambda: message, weight=weight, answered=read)

    def _post(
        self,
        action: str,
        message: Payload,
        *,
        answered: Callable[[Any], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        self.station.post(action, lambda: message, answered=answered, failed=failed)

    def _fact(
        self,
        kind: FactKind,
        outlet: Outlet,
        transaction: Transaction,
        sequence: int,
        reason: str | None,
        offline: bool,
    ) -> Callable[[], None]:
        station, token = self.station, transaction.token
        at, connector, energy_wh = micros(station.stamp()), outlet.connector, outlet.meter_wh

        def acknowledged() -> None:
            station.tell(
                Fact(
                    kind=kind,
                    identity=station.spec.identity,
                    version=station.spec.version,
                    evse=outlet.number,
                    connector=connector,
                    transaction=transaction.id,
                    sequence=sequence,
                    at=at,
                    energy_wh=energy_wh,
                    token=token,
                    reason=reason,
                    offline=offline,
                    acknowledged_at=int(station.now * 1_000_000),
                )
            )

        return acknowledged
