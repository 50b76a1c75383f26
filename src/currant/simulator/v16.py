"""A simulated station's words in OCPP 1.6: what it reports, and how it reads the answers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from currant.kit.clock import micros
from currant.ocpp import v16
from currant.ocpp.catalogue import Version
from currant.ocpp.payload import Payload
from currant.simulator.dialect import Answering, Authorization, BootAnswer, Refused, Switch
from currant.simulator.keyring import Keyring
from currant.simulator.outbox import Weight
from currant.simulator.outlet import Outlet, Status, Transaction
from currant.simulator.specs import Fact, FactKind
from currant.simulator.v16_commands import COMMANDS
from currant.simulator.v16_configuration import value_of
from currant.simulator.vehicle import PowerType

if TYPE_CHECKING:
    from currant.simulator.monitoring import Sighting
    from currant.simulator.reservations import End
    from currant.simulator.station import Station

REASONS: dict[str, v16.Reason] = {
    "Local": "Local",
    "Remote": "Remote",
    "EVDisconnected": "EVDisconnected",
    "PowerLoss": "PowerLoss",
    "Reboot": "Reboot",
    "EmergencyStop": "EmergencyStop",
    "DeAuthorized": "DeAuthorized",
    "ImmediateReset": "HardReset",
    "SoftReset": "SoftReset",
    "UnlockCommand": "UnlockCommand",
}
ERROR_CODES: dict[str, v16.ChargePointErrorCode] = {
    "ground": "GroundFailure",
    "overcurrent": "OverCurrentFailure",
    "temperature": "HighTemperature",
    "lock": "ConnectorLockFailure",
    "meter": "PowerMeterFailure",
    "reader": "ReaderFailure",
    "undervoltage": "UnderVoltage",
    "communication": "EVCommunicationError",
}
# The stages that a plain update knows, without the security extension.
_PLAIN_FIRMWARE = {
    "Downloaded",
    "DownloadFailed",
    "Downloading",
    "Idle",
    "InstallationFailed",
    "Installing",
    "Installed",
}
PHASES: tuple[v16.Phase, ...] = ("L1", "L2", "L3")


class V16:
    """OCPP 1.6 with the security extension. Connectors are numbered flat, 0 is the station."""

    version = Version.V16
    __slots__ = ("_first_connector", "station")

    def __init__(self, station: "Station") -> None:
        self.station = station
        self._first_connector = [1]
        for evse in station.spec.evses:
            self._first_connector.append(self._first_connector[-1] + len(evse.connectors))

    def connector_of(self, outlet: Outlet, connector: int | None = None) -> int:
        return self._first_connector[outlet.number - 1] + (connector or outlet.connector) - 1

    def outlet_of(self, connector: int) -> Outlet | None:
        """The outlet behind a connector number; None for 0 and for what is not there."""
        for outlet in self.station.outlets:
            if self._first_connector[outlet.number - 1] <= connector < self._first_connector[outlet.number]:
                return outlet
        return None

    @property
    def connectors(self) -> int:
        return self._first_connector[-1] - 1

    def boot(self, reason: str, answered: Callable[[BootAnswer], None]) -> None:
        spec = self.station.spec
        message = v16.BootNotification(
            charge_point_vendor=spec.vendor[:20],
            charge_point_model=spec.model[:20],
            charge_point_serial_number=spec.serial[:25] or None,
            firmware_version=self.station.firmware,
            meter_type="MID class B",
        )

        def read(answer: Payload) -> None:
            result = cast("v16.BootNotificationResponse", answer)
            answered(
                BootAnswer(
                    status=result.status,
                    interval_s=result.interval,
                    current_time_s=_seconds(result.current_time),
                )
            )

        self.station.post("BootNotification", lambda: message, answered=read, failed=self.station.boot_failed)

    def heartbeat(self) -> None:
        self.station.post("Heartbeat", v16.Heartbeat)

    def station_status(self) -> None:
        self._status(0, "Available")

    def status(self, outlet: Outlet) -> None:
        for connector in range(1, len(outlet.spec.connectors) + 1):
            status = outlet.status
            # Of alternative connectors one is in use, and then the others cannot be.
            if connector != outlet.connector and status not in (Status.AVAILABLE, Status.FAULTED):
                status = Status.UNAVAILABLE
            if connector in outlet.inoperative_connectors and status is Status.AVAILABLE:
                status = Status.UNAVAILABLE
            error = ERROR_CODES.get(outlet.fault or "", "OtherError") if outlet.fault else "NoError"
            self._status(self.connector_of(outlet, connector), status.value, error)

    def _status(self, connector: int, status: str, error: str = "NoError") -> None:
        message = v16.StatusNotification(
            connector_id=connector,
            error_code=cast("v16.ChargePointErrorCode", error),
            status=cast("v16.ChargePointStatus", status),
            timestamp=self.station.stamp(),
        )
        self.station.post("StatusNotification", lambda: message)

    def faulted(self, outlet: Outlet, fault: str, *, cleared: bool) -> None:
        if not cleared:
            self.status(outlet)

    def reservation_ended(self, reservation: int, how: "End") -> None:
        """1.6 has no message for it: the status says it."""

    def connector_kinds(self, outlet: Outlet) -> Sequence[str]:
        """1.6 has no names for types of connectors."""
        return ()

    def switched_on(self, switch: Switch) -> bool:
        return value_of(self, switch.value[0]).lower() == "true"

    def profile_stored(self, evse: int, profile_id: int) -> None:
        """1.6 cars do not answer."""

    def needs_told(self, outlet: Outlet) -> None:
        """1.6 cars do not ask."""

    def resumed(self, outlet: Outlet, transaction: Transaction) -> None:
        """1.6 has no restart that sessions outlive."""

    def sighted(self, sighting: "Sighting") -> None:
        """1.6 has no monitors."""

    def published(self, status: str, request_id: int | None, locations: Sequence[str] = ()) -> None:
        """1.6 stations do not publish firmware."""

    def sign_certificate(self, use: str) -> None:
        _, csr = self.station.part(Keyring).request(use, value_of(self, "CpoName"))
        message = v16.SignCertificate(csr=csr)
        self.station.post("SignCertificate", lambda: message)

    def authorize(
        self, token: str, answered: Callable[[Authorization], None], failed: Callable[[str], None]
    ) -> None:
        message = v16.Authorize(id_tag=token[:20])

        def read(answer: Payload) -> None:
            info = cast("v16.AuthorizeResponse", answer).id_tag_info
            answered(Authorization(status=info.status, group=info.parent_id_tag))

        self.station.post("Authorize", lambda: message, answered=read, failed=failed)

    def started(self, outlet: Outlet, transaction: Transaction, trigger: str) -> None:
        message = v16.StartTransaction(
            connector_id=self.connector_of(outlet),
            id_tag=(transaction.token or "")[:20],
            meter_start=transaction.meter_start_wh,
            timestamp=self.station.stamp(),
            reservation_id=transaction.reservation_id,
        )
        fact = self._fact("started", outlet, transaction, transaction.meter_start_wh, None)

        def read(answer: Payload) -> None:
            result = cast("v16.StartTransactionResponse", answer)
            transaction.number = result.transaction_id
            fact(answer)
            # StopTransactionOnInvalidId (1.6, 7.30).
            if result.id_tag_info.status != "Accepted" and outlet.transaction is transaction:
                transaction.refused = True
                outlet.stop("DeAuthorized")

        self.station.post("StartTransaction", lambda: message, weight=Weight.MILESTONE, answered=read)

    def authorized(self, outlet: Outlet, transaction: Transaction) -> None:
        """In 1.6 a transaction begins with its authorisation, never before."""

    def changed(self, outlet: Outlet, transaction: Transaction) -> None:
        """The status notification says it."""

    def sampled(self, outlet: Outlet, transaction: Transaction, context: str) -> None:
        value = self.meter_value(outlet, cast("v16.ReadingContext", context))
        connector = self.connector_of(outlet)

        def build() -> Payload:
            return v16.MeterValues(
                connector_id=connector, meter_value=[value], transaction_id=_number(transaction)
            )

        fact = self._fact("reading", outlet, transaction, outlet.meter_wh, None)
        self.station.post("MeterValues", build, weight=Weight.SAMPLE, answered=fact)

    def metered(self, outlet: Outlet, context: str) -> None:
        """What a trigger asks for outside of a transaction."""
        message = v16.MeterValues(
            connector_id=self.connector_of(outlet),
            meter_value=[self.meter_value(outlet, cast("v16.ReadingContext", context))],
        )
        self.station.post("MeterValues", lambda: message)

    def stopped(self, outlet: Outlet, transaction: Transaction, reason: str) -> None:
        stamp, meter = self.station.stamp(), outlet.meter_wh
        token = transaction.token if reason in ("Local", "Remote") else None
        data = self.meter_value(outlet, "Transaction.End")

        def build() -> Payload:
            return v16.StopTransaction(
                meter_stop=meter,
                timestamp=stamp,
                transaction_id=_number(transaction),
                id_tag=token,
                reason=REASONS.get(reason, "Other"),
                transaction_data=[data],
            )

        fact = self._fact("stopped", outlet, transaction, meter, reason)
        self.station.post("StopTransaction", build, weight=Weight.MILESTONE, answered=fact)

    def data_transfer(
        self,
        vendor: str,
        *,
        message: str | None = None,
        data: str | None = None,
        answered: Callable[[Any], None] | None = None,
    ) -> None:
        letter = v16.DataTransfer(vendor_id=vendor, message_id=message, data=data)
        self.station.post("DataTransfer", lambda: letter, answered=answered)

    def security_event(self, kind: str, info: str | None = None) -> None:
        """Told for certain, however long there is no network (security whitepaper, A04.FR.02)."""
        message = v16.SecurityEventNotification(type=kind, timestamp=self.station.stamp(), tech_info=info)
        weight = Weight.PASSING if self.station.online else Weight.MILESTONE
        self.station.post("SecurityEventNotification", lambda: message, weight=weight)

    def firmware_status(self, status: str, request_id: int | None) -> None:
        if request_id is None and status not in _PLAIN_FIRMWARE:
            return
        if request_id is None:
            plain = v16.FirmwareStatusNotification(status=cast("v16.FirmwareStatus", status))
            self.station.post("FirmwareStatusNotification", lambda: plain)
        else:
            signed = v16.SignedFirmwareStatusNotification(
                status=cast("v16.FirmwareStatusEnumType", status), request_id=request_id
            )
            self.station.post("SignedFirmwareStatusNotification", lambda: signed)

    def log_status(self, status: str, request_id: int | None) -> None:
        if status == "AcceptedCanceled":
            return
        if request_id is None:
            word = status if status in ("Idle", "Uploaded", "Uploading") else "UploadFailed"
            plain = v16.DiagnosticsStatusNotification(status=cast("v16.DiagnosticsStatus", word))
            self.station.post("DiagnosticsStatusNotification", lambda: plain)
        else:
            log = v16.LogStatusNotification(
                status=cast("v16.UploadLogStatusEnumType", status), request_id=request_id
            )
            self.station.post("LogStatusNotification", lambda: log)

    def answer(self, action: str, request: Payload) -> Answering:
        command = COMMANDS.get(action)
        if command is None:
            return Refused(code="NotSupported", description=f"{action} is not for this station.")
        return command(self, request)

    def meter_value(self, outlet: Outlet, context: v16.ReadingContext) -> v16.MeterValue:
        outlet.meter()
        draw = outlet.draw
        sample = partial(v16.SampledValue, context=context)
        values = [
            sample(value=str(outlet.meter_wh), measurand="Energy.Active.Import.Register", unit="Wh"),
            sample(value=f"{draw.power_w:.0f}", measurand="Power.Active.Import", unit="W"),
        ]
        if outlet.spec.power_type is PowerType.DC:
            values.append(sample(value=f"{draw.currents_a[0]:.1f}", measurand="Current.Import", unit="A"))
            values.append(sample(value=f"{draw.voltage_v:.1f}", measurand="Voltage", unit="V"))
            if outlet.vehicle is not None:
                values.append(
                    sample(
                        value=f"{outlet.vehicle.soc * 100:.0f}",
                        measurand="SoC",
                        unit="Percent",
                        location="EV",
                    )
                )
        else:
            values.extend(
                sample(value=f"{current:.1f}", measurand="Current.Import", unit="A", phase=phase)
                for phase, current in zip(PHASES, draw.currents_a, strict=False)
            )
        return v16.MeterValue(timestamp=self.station.stamp(), sampled_value=values)

    def _fact(
        self, kind: FactKind, outlet: Outlet, transaction: Transaction, energy_wh: int, reason: str | None
    ) -> Callable[[Payload], None]:
        station, sequence, token = self.station, transaction.next_sequence(), transaction.token
        at, connector, offline = micros(station.stamp()), self.connector_of(outlet), not station.online

        def acknowledged(_: Payload) -> None:
            station.tell(
                Fact(
                    kind=kind,
                    identity=station.spec.identity,
                    version="1.6",
                    evse=outlet.number,
                    connector=connector,
                    transaction=str(_number(transaction)),
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


def _number(transaction: Transaction) -> int:
    """The server's id; -1 where the start was never answered, as chargers do (quirk E10)."""
    return -1 if transaction.number is None else transaction.number


def _seconds(at: object) -> float:
    stamp = getattr(at, "timestamp", None)
    return float(stamp()) if callable(stamp) else 0.0
