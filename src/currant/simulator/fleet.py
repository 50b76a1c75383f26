"""Thousands of simulated stations on real sockets in one process and one event loop.

A station is a state machine; this is the dull shell around it: one timer and one picows connection
each, no task while nothing happens. Simulated time runs `speed` times as fast as the clock on the
wall; with `catch_up` it begins in the past and never overtakes the present.
"""

import asyncio
import base64
import logging
import ssl
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import msgspec
import picows

from currant.kit.clock import Clock, SystemClock
from currant.ocpp.catalogue import Version
from currant.simulator.dice import Dice
from currant.simulator.faults import BadLine
from currant.simulator.keyring import STATION_CERTIFICATE, Keyring
from currant.simulator.network import Way
from currant.simulator.network import url_template as template_of
from currant.simulator.specs import Faults, StationSpec, Timing
from currant.simulator.station import Station
from currant.simulator.transfers import Outcome, Transfer, carry
from currant.simulator.truth import Truth

log = logging.getLogger(__name__)

CONNECTING_AT_ONCE = 200
FRAME_MAX = 1 << 20
HANDSHAKE_S = 30.0
TRANSFERS_AT_ONCE = 4

ClientContext = Callable[[StationSpec], ssl.SSLContext | None]


class SimulatedTime:
    """Epoch seconds that run faster than real ones."""

    def __init__(self, clock: Clock, *, speed: float, starts_at: float | None, catch_up: bool) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self.speed = speed
        self.starts_at = clock.now().timestamp() if starts_at is None else starts_at
        self._catch_up = catch_up

    def now(self) -> float:
        simulated = self.starts_at + (self._clock.monotonic() - self._began) * self.speed
        return min(simulated, self._clock.now().timestamp()) if self._catch_up else simulated

    def seconds_until(self, when: float) -> float:
        """Real seconds until a simulated moment. Once the present is reached a second is a second."""
        now = self.now()
        lag = self._clock.now().timestamp() - now
        return (when - now) / (1.0 if self._catch_up and lag < 0.001 else self.speed)


class FleetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where the whole fleet stands; counts since the beginning, `connected` and the like at this moment."""

    stations: int
    connected: int
    accepted: int
    charging: int
    sessions_started: int
    sessions_ended: int
    messages_sent: int
    messages_answered: int
    errors_received: int
    connections: int
    connections_refused: int
    mishaps: int
    facts: int
    waiting: int


class Fleet:
    """Runs stations against `url_template` (``wss://host:9443/ocpp/{identity}``) until stopped."""

    def __init__(
        self,
        specs: Sequence[StationSpec],
        url_template: str,
        *,
        seed: object = 0,
        tokens: Sequence[str] = (),
        faults: Faults | None = None,
        timing: Timing | None = None,
        speed: float = 1.0,
        starts_at: float | None = None,
        catch_up: bool = False,
        boot_spread_s: float = 0.0,
        truth: Truth | None = None,
        client_context: ClientContext | None = None,
        clock: Clock | None = None,
        secure_url_template: str | None = None,
    ) -> None:
        """`boot_spread_s` is the real seconds over which the stations wake up; `client_context` makes
        the TLS context of a ``wss`` address, by default one that trusts the system's authorities.
        `secure_url_template` is where a station goes that is told to use TLS from now on.
        """
        self.truth = truth or Truth()
        self.seed = seed
        self.time = SimulatedTime(clock or SystemClock(), speed=speed, starts_at=starts_at, catch_up=catch_up)
        self.url_template = url_template
        self.faults = faults or Faults()
        self.timing = _at_speed(timing or Timing(), speed)
        self._boot_spread_s = boot_spread_s
        self._client_context = client_context
        self._default_context: ssl.SSLContext | None = None
        self.secure_url_template = secure_url_template or url_template.replace("ws://", "wss://", 1)
        self._threads: ThreadPoolExecutor | None = None
        self._safe: tempfile.TemporaryDirectory[str] | None = None
        self.connecting = asyncio.Semaphore(CONNECTING_AT_ONCE)
        self.connections = 0
        self.connections_refused = 0
        # While true nothing reaches the stations, and what they say still arrives: half a network.
        self.deaf = False
        self.links = [
            Link(
                self,
                Station(
                    spec,
                    seed=seed,
                    tokens=tokens,
                    faults=self.faults,
                    timing=self.timing,
                    tell=self.truth.record,
                ),
            )
            for spec in specs
        ]

    @property
    def stations(self) -> list[Station]:
        return [link.station for link in self.links]

    def start(self) -> None:
        """Switch every station on. Must be called inside the running loop."""
        spread = self._boot_spread_s * self.time.speed
        for link in self.links:
            link.station.power_up(
                self.time.now(),
                first_boot_after=spread * Dice(self.seed, link.station.spec.identity, "boot").random(),
            )
            link.arrange()

    async def settle(self, *, within_s: float) -> bool:
        """Send every driver home, mend the lines and wait until all of every session is acknowledged.

        Afterwards the truth is complete. False when real `within_s` seconds were not enough.
        """
        for link in self.links:
            link.bad_line = None
            link.station.advance(self.time.now())
            link.station.close_shop()
            link.arrange()
        ends_at = asyncio.get_running_loop().time() + within_s
        while not all(station.all_told for station in self.stations):
            if asyncio.get_running_loop().time() >= ends_at:
                return False
            await asyncio.sleep(0.05)
        return True

    async def stop(self) -> None:
        """Close every connection and end everything that was started here."""
        for link in self.links:
            link.stop()
        tasks = [link.task for link in self.links if link.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        if self._safe is not None:
            self._safe.cleanup()
        self.truth.close()

    def context(self, url: str, station: Station) -> ssl.SSLContext | None:
        """A station's TLS, with the certificate it has had signed and the roots it was given."""
        if not url.startswith("wss"):
            return None
        spec, keyring = station.spec, station.has(Keyring)
        own = None if keyring is None else keyring.own.get(STATION_CERTIFICATE)
        if keyring is not None and own is not None:
            paths = self._files(f"{spec.identity}-{keyring.changes}", own.chain, own.key)
            spec = msgspec.structs.replace(spec, client_certificate=paths)
        if self._client_context is not None:
            return self._client_context(spec)
        if spec.client_certificate or spec.ca_file or (keyring is not None and keyring.trusts_a_server):
            context = ssl.create_default_context(cafile=spec.ca_file)
            if keyring is not None and keyring.trusts_a_server:
                context.load_verify_locations(cadata=keyring.server_roots())
            if spec.client_certificate is not None:
                context.load_cert_chain(*spec.client_certificate)
            return context
        if self._default_context is None:
            self._default_context = ssl.create_default_context()
        return self._default_context

    def _files(self, name: str, chain: str, key: str) -> tuple[str, str]:
        """OpenSSL reads certificates from files alone; these are gone with the fleet."""
        if self._safe is None:
            self._safe = tempfile.TemporaryDirectory(prefix="currant-simulator-")
        base = Path(self._safe.name) / quote(name, safe="")
        paths = base.with_suffix(".pem"), base.with_suffix(".key")
        for path, content in zip(paths, (chain, key), strict=True):
            path.write_text(content)
        return str(paths[0]), str(paths[1])

    def carry(self, link: "Link", transfer: Transfer, done: Callable[[Outcome], None]) -> None:
        """Move a file in one of a few threads, and tell its station in the loop."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(TRANSFERS_AT_ONCE, thread_name_prefix="simulated-files")
        moving = asyncio.get_running_loop().run_in_executor(self._threads, carry, transfer)
        moving.add_done_callback(lambda moved: link.carried(moved, done))

    def status(self) -> FleetStatus:
        stations = self.stations
        return FleetStatus(
            stations=len(stations),
            connected=sum(station.line.connected for station in stations),
            accepted=sum(station.online for station in stations),
            charging=sum(
                outlet.transaction is not None for station in stations for outlet in station.outlets
            ),
            sessions_started=sum(station.transactions_started for station in stations),
            sessions_ended=sum(station.transactions_ended for station in stations),
            messages_sent=sum(station.messages_sent for station in stations),
            messages_answered=sum(station.messages_answered for station in stations),
            errors_received=sum(station.errors_received for station in stations),
            connections=self.connections,
            connections_refused=self.connections_refused,
            mishaps=sum(sum(link.bad_line.count.values()) for link in self.links if link.bad_line),
            facts=self.truth.count.total(),
            waiting=sum(len(station.outbox.transactional) for station in stations),
        )


class Link(picows.WSListener):
    """One station's socket and timer."""

    def __init__(self, fleet: Fleet, station: Station) -> None:
        self.fleet = fleet
        self.station = station
        if station.spec.transfers:
            station.carrier = self.carry
        self.task: asyncio.Task[None] | None = None
        self.bad_line: BadLine | None = None
        if not fleet.faults.none_on_the_wire:
            self.bad_line = BadLine(fleet.faults, Dice(fleet.seed, station.spec.identity, "line"))
        self._transport: picows.WSTransport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = float("inf")
        self._attempts = 0
        self._not_before = 0.0
        self._reached = False
        self._stopped = False
        self._parts: list[bytes] = []
        self._dice = Dice(fleet.seed, station.spec.identity, "reconnecting")

    def arrange(self) -> None:
        """Look after the connection the station wants, and wake it in time for what it has planned."""
        station = self.station
        if self._stopped:
            return
        if station.wants_disconnect and self._transport is not None:
            station.wants_disconnect = False
            self._transport.disconnect(False)
        if station.wants_connection and self._transport is None and self.task is None:
            self.task = asyncio.get_running_loop().create_task(self._connect())
        wake = station.next_wake
        if wake is None or (self._timer is not None and wake >= self._wakes_at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = wake
        delay = max(0.0, self.fleet.time.seconds_until(wake))
        self._timer = asyncio.get_running_loop().call_later(delay, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._wakes_at = float("inf")
        if self._stopped:
            return
        try:
            self.station.advance(self.fleet.time.now())
        except Exception:
            log.exception("%s stumbled", self.station.spec.identity)
        self.arrange()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(max(0.0, self._not_before - loop.time()))
            self._not_before = loop.time() + self._back_off()
            async with self.fleet.connecting:
                if self.station.wants_connection and not self._stopped:
                    await self._open()
        except (OSError, picows.WSError, TimeoutError, ssl.SSLError) as error:
            self._refused()
            log.debug("%s could not connect: %s", self.station.spec.identity, error)
        except Exception:
            self._refused()
            log.exception("%s could not connect", self.station.spec.identity)
        finally:
            self.task = None
        if self._transport is None and not self._stopped:
            # The station may have gone down meanwhile; it asks again when it is up.
            loop.call_soon(self.arrange)

    def _refused(self) -> None:
        self.fleet.connections_refused += 1
        before = self.station.way
        self.station.connection_failed()
        if self.station.way is not before:
            self._attempts, self._not_before = 0, 0.0

    async def _open(self) -> None:
        station, fleet = self.station, self.fleet
        spec, way = station.spec, station.way or Way(security_profile=station.spec.security_profile)
        identity = way.identity or spec.identity
        headers = {"Sec-WebSocket-Protocol": Version(spec.version).subprotocol}
        password = way.password or station.password
        if password is not None and way.security_profile != 3:
            # 1.6's key is bytes that need not be text (security whitepaper, A00.FR.205).
            secret = password.encode("latin-1" if spec.version == "1.6" else "utf-8", "replace")
            credentials = base64.b64encode(identity.encode() + b":" + secret).decode()
            headers["Authorization"] = f"Basic {credentials}"
        url = fleet.url_template if (way.security_profile or 0) < 2 else fleet.secure_url_template
        url = url if way.url is None else template_of(way.url)
        self._reached = False
        await picows.ws_connect(
            lambda: self,
            url.replace("{identity}", quote(identity, safe="")),
            ssl_context=fleet.context(url, station),
            websocket_handshake_timeout=HANDSHAKE_S,
            max_frame_size=FRAME_MAX,
            extra_headers=headers,
            read_buffer_init_size=2048,
        )
        if not self._reached:
            # A server that does not like our certificate says so only after the TLS handshake (RFC 8446, 4.4.2.4).
            self._refused()

    def _back_off(self) -> float:
        """Real seconds before the next attempt: doubling, with chance (2.x Part 4, 5.3)."""
        timing = self.fleet.timing
        base = timing.reconnect_min_s * 2.0 ** min(self._attempts, 10)
        self._attempts += 1
        return min(base * self._dice.uniform(0.5, 1.5), timing.reconnect_max_s)

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        self._reached = True
        self.fleet.connections += 1
        self._parts = []
        self.station.connected(self.fleet.time.now(), self._send if self.bad_line else self._write)
        self.arrange()

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        if self._transport is transport:
            self._transport = None
            self.station.disconnected(self.fleet.time.now())
            self.arrange()

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        kind = frame.msg_type
        if kind is picows.WSMsgType.TEXT or kind is picows.WSMsgType.CONTINUATION:
            data = frame.get_payload_as_bytes()
            if not frame.fin or self._parts:
                self._parts.append(data)
                if sum(map(len, self._parts)) > FRAME_MAX:
                    transport.disconnect()
                    return
                if not frame.fin:
                    return
                data, self._parts = b"".join(self._parts), []
            self._attempts = 0
            if self.fleet.deaf:
                return
            if self.bad_line is None or self.bad_line.inbound(data).frames:
                self.station.receive(self.fleet.time.now(), data)
            self.arrange()
        elif kind is picows.WSMsgType.CLOSE:
            transport.disconnect()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.send(picows.WSMsgType.TEXT, data)

    def _send(self, data: bytes) -> None:
        """The way out over a bad line, as long as it is one."""
        transport = self._transport
        if transport is None:
            return
        if self.bad_line is None:
            self._write(data)
            return
        delivery = self.bad_line.outbound(data)
        if delivery.disconnects:
            # Not from within the station's own step: it learns of it as of any lost connection.
            asyncio.get_running_loop().call_soon(transport.disconnect, False)
            return

        def deliver() -> None:
            if self._transport is transport:
                for frame in delivery.frames:
                    self._write(frame)

        if delivery.delay_s > 0:
            asyncio.get_running_loop().call_later(delivery.delay_s, deliver)
        else:
            deliver()

    def carry(self, transfer: Transfer, done: Callable[[Outcome], None]) -> None:
        self.fleet.carry(self, transfer, done)

    def carried(self, moved: "asyncio.Future[Outcome]", done: Callable[[Outcome], None]) -> None:
        if self._stopped or moved.cancelled():
            return
        self.station.resume(self.fleet.time.now(), lambda: done(moved.result()))
        self.arrange()

    def stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.send_close(picows.WSCloseCode.GOING_AWAY)
            self._transport.disconnect()


def _at_speed(timing: Timing, speed: float) -> Timing:
    """A network is as slow as it is: what waits for it waits in real seconds, whatever the speed."""
    if speed <= 1:
        return timing
    return msgspec.structs.replace(timing, answer_s=timing.answer_s * speed, retry_s=timing.retry_s * speed)
