"""What a test can make a 2.x station say of its own, beyond what its day brings: `station.says`.

    station.says.der_alarm("FreqDroop", fault="OverFrequency")
    station.says.vat_number("DE123456789", answered=answers.append)

Each posts its message at once; what comes back goes to `answered`, as the version's own type.
Messages that only 2.1 has are wrong for other stations, and fail where the message is built.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from currant.simulator import v2_certificates, v2_energy, v2_profiles, v21_swap
from currant.simulator.monitoring import Monitors
from currant.simulator.outlet import Outlet
from currant.simulator.streams import Streams

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

Answered = Callable[[Any], None]


class Says:
    """Verbs for one station that speaks 2.x; `outlet` is its EVSE."""

    __slots__ = ("_words",)

    def __init__(self, words: "V2") -> None:
        self._words = words

    # Security and certificates

    def security_event(self, kind: str, info: str | None = None) -> None:
        self._words.security_event(kind, info)

    def sign_certificate(self, use: str = "ChargingStationCertificate") -> None:
        """Make a new key and ask for its certificate, as a trigger would have it."""
        v2_certificates.sign(self._words, use)

    def ev_certificate(
        self,
        exi_request: str,
        *,
        action: str = "Install",
        schema: str = "urn:iso:15118:2:2013:MsgDef",
        answered: Answered | None = None,
    ) -> None:
        """A car asks for a contract certificate (M01, M02)."""
        self._words.say(
            "Get15118EVCertificate",
            iso15118_schema_version=schema,
            action=action,
            exi_request=exi_request,
            answered=answered,
        )

    def certificate_status(self, ocsp: Any, *, answered: Answered | None = None) -> None:
        """Ask for the OCSP status of a certificate, given as the version's OCSPRequestDataType (M06)."""
        self._words.say("GetCertificateStatus", ocsp_request_data=ocsp, answered=answered)

    def certificate_chain_status(self, requests: Sequence[Any], *, answered: Answered | None = None) -> None:
        """Ask for the status of whole chains (2.1, M07)."""
        self._words.say(
            "GetCertificateChainStatus", certificate_status_requests=list(requests), answered=answered
        )

    def authorize(
        self,
        token: str,
        *,
        kind: str = "eMAID",
        certificate: str | None = None,
        hashes: Sequence[Any] = (),
        answered: Answered | None = None,
    ) -> None:
        """Ask about a token, with a contract certificate or its OCSPRequestDataTypes (C07)."""
        types = self._words.types
        self._words.say(
            "Authorize",
            id_token=types.IdTokenType(id_token=token, type=kind),
            certificate=certificate,
            iso15118_certificate_hash_data=list(hashes) or None,
            answered=answered,
        )

    # Energy

    def charging_needs(self, outlet: Outlet) -> None:
        """The car says what it wants, at the beginning or again (K15, K17)."""
        v2_energy.tell_needs(self._words, outlet)

    def charging_schedule(self, outlet: Outlet, schedule: Any) -> None:
        """The car says how it will charge, as a ChargingScheduleType (K15.FR.10)."""
        v2_energy.tell_schedule(self._words, outlet.number, schedule)

    def charging_limit(
        self, watts: float, *, outlet: Outlet | None = None, source: str = "EMS", grid_critical: bool = False
    ) -> None:
        """A limit comes from outside, for one EVSE or the station; it is obeyed (K11, K12)."""
        v2_energy.limit_from_outside(self._words, outlet, watts, source, grid_critical=grid_critical)

    def charging_limit_cleared(self, *, outlet: Outlet | None = None, source: str = "EMS") -> None:
        v2_energy.release_from_outside(self._words, outlet, source)

    def priority_charging(self, outlet: Outlet, *, activated: bool) -> None:
        """The driver presses the button to be charged first (2.1, K22)."""
        v2_profiles.prioritise(self._words, outlet, activated=activated)

    def pull_dynamic_schedule(self, profile_id: int, *, answered: Answered | None = None) -> None:
        self._words.say("PullDynamicScheduleUpdate", charging_profile_id=profile_id, answered=answered)

    def der_alarm(
        self, control: str, *, fault: str | None = None, ended: bool = False, info: str | None = None
    ) -> None:
        """The grid is out of bounds, or back within them (2.1, R05)."""
        self._words.say(
            "NotifyDERAlarm",
            control_type=control,
            timestamp=self._words.station.stamp(),
            grid_event_fault=fault,
            alarm_ended=True if ended else None,
            extra_info=info,
        )

    def der_started(self, control_id: str, *, started: bool = True, superseded: Sequence[str] = ()) -> None:
        self._words.say(
            "NotifyDERStartStop",
            control_id=control_id,
            started=started,
            timestamp=self._words.station.stamp(),
            superseded_ids=list(superseded) or None,
        )

    # Monitoring

    def measures(self, component: str, variable: str, value: str, *, evse: int | None = None) -> None:
        """A sensor reads something new; monitors that watch it speak up."""
        station = self._words.station
        station.settings[f"{component}/{evse or ''}//{variable}/".lower()] = value
        station.part(Monitors).look()

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
        """Something hard-wired happened, monitored or not."""
        self._words.event(
            component, variable, value, evse=evse, trigger=trigger, cleared=cleared, tech_code=tech_code
        )

    def open_event_stream(
        self, monitor_id: int, *, interval: int | None = None, values: int | None = None
    ) -> None:
        """Offer a stream for a monitor the station has (2.1, N11.FR.03)."""
        station = self._words.station
        station.part(Streams).open(station.part(Monitors).by_id[monitor_id], interval, values)

    def close_event_stream(self, stream_id: int) -> None:
        self._words.station.part(Streams).close(stream_id)

    # Payment, customers, batteries

    def vat_number(
        self, number: str, *, outlet: Outlet | None = None, answered: Answered | None = None
    ) -> None:
        """A driver typed a VAT number at the terminal (2.1, C20)."""
        evse = None if outlet is None else outlet.number
        self._words.say("VatNumberValidation", vat_number=number, evse_id=evse, answered=answered)

    def settlement(
        self,
        psp_ref: str,
        amount: float,
        *,
        status: str = "Settled",
        transaction: str | None = None,
        at: datetime | None = None,
        answered: Answered | None = None,
        **more: Any,
    ) -> None:
        """The payment terminal has settled; `more` are further fields of NotifySettlement (2.1, C21)."""
        self._words.say(
            "NotifySettlement",
            psp_ref=psp_ref,
            status=status,
            settlement_amount=amount,
            settlement_time=at or self._words.station.stamp(),
            transaction_id=transaction,
            answered=answered,
            **more,
        )

    def battery_swap(
        self, event: str, request_id: int, token: str, *, soc: float = 50.0, outlet: Outlet | None = None
    ) -> None:
        """`BatteryIn`, `BatteryOut` or `BatteryOutTimeout` (2.1, S03)."""
        evse = 1 if outlet is None else outlet.number
        identified = self._words.id_token(token)
        v21_swap.swap(self._words, event, request_id, identified, soc=soc, evse=evse)

    def data_transfer(
        self, vendor: str, *, message: str | None = None, data: Any = None, answered: Answered | None = None
    ) -> None:
        self._words.data_transfer(vendor, message=message, data=data, answered=answered)
