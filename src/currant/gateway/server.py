"""The gateway as a whole: its listeners, its doorkeeping, and the watch over all connections."""

import asyncio
import ssl
import time
from contextlib import suppress
from logging import getLogger
from typing import Any

import msgspec
from picows import WSCloseCode

from currant.gateway import handshake, knocking, tls
from currant.gateway.attempts import Attempts
from currant.gateway.authentication import Credentials as Offered
from currant.gateway.authentication import Denied, Expected, judge
from currant.gateway.compression import agree
from currant.gateway.config import GatewayConfig
from currant.gateway.connection import Connection
from currant.gateway.doorway import Doorway, Farewell, Refused, Welcome
from currant.gateway.handshake import Opening
from currant.gateway.knocking import Visit
from currant.gateway.poison import Poison
from currant.gateway.registry import Registry
from currant.gateway.services import Services
from currant.gateway.stepping import run_steps
from currant.gateway.strangers import Notice, Strangers, why_failed
from currant.gateway.tls_listener import TlsListener
from currant.gateway.turnstile import Turnstile
from currant.kit.errors import CurrantError
from currant.kit.ids import StationId
from currant.ocpp.catalogue import Version
from currant.ocpp.peer import Answers
from currant.stations.commanding.remote import Trigger
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.model import Admission, Severity
from currant.stations.onboarding_model import Knock, Trouble
from currant.stations.security import Credentials

log = getLogger("currant.gateway")

WATCH_EVERY_S = 1.0
SILENCE_WATCHED_EVERY = 5
"""How many rounds of the watch pass between two looks for silent connections."""
BACKLOG = 4096
"""Connections the system holds until they are accepted: thousands come at once after a network fails."""


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens; None where it does not."""

    plain: int | None = None
    tls: int | None = None


class Gateway:
    """Takes stations in. `registry` is the link over which the services reach them."""

    def __init__(self, config: GatewayConfig, services: Services, registry: Registry) -> None:
        self.config = config
        self.services = services
        self.registry = registry
        self.turnstile = Turnstile()
        self.poison = Poison()
        self.counters: dict[str, int] = {}
        """What never became a connection, by kind: tls_on_plain_port, garbage, refused_401, …"""
        self.ports = Ports()
        self.handshake_timeout_s = config.handshake_timeout_s
        self.max_message_bytes = config.max_message_bytes
        self.read_buffer_bytes = config.read_buffer_bytes
        self._servers: list[asyncio.Server | TlsListener] = []
        self._strangers = Strangers()
        self._context: ssl.SSLContext | None = None
        self._attempts = Attempts(
            per_identity=config.failures_per_identity,
            per_address=config.failures_per_address,
            window_s=config.failure_window_s,
        )
        self._openings = 0
        self._unknown_left = config.unknown_per_minute
        self._unknown_since = time.monotonic()
        self._awaiting: set[Connection] = set()
        self._booted: set[StationId] = set()
        self._watching: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._departing = 0
        self._all_departed = asyncio.Event()
        self._all_departed.set()

    async def start(self) -> None:
        """Listen. Raises OSError when a port is taken, ssl.SSLError or OSError when a certificate cannot be read."""
        loop = asyncio.get_running_loop()
        plain = secured = None
        config = self.config
        if config.tls is not None and config.tls_port is not None:
            self._context = tls.server_context(config.tls)
        if config.port is not None:
            server = await loop.create_server(
                lambda: Doorway(self, encrypted=False), config.host, config.port, backlog=BACKLOG
            )
            self._servers.append(server)
            plain = server.sockets[0].getsockname()[1]
        if self._context is not None:
            assert config.tls_port is not None
            listener = TlsListener(
                self._context,
                door=lambda: Doorway(self, encrypted=True),
                failed=self._not_secured,
                handshake_timeout_s=config.handshake_timeout_s,
                backlog=BACKLOG,
            )
            secured = await listener.start(config.tls_host, config.tls_port)
            self._servers.append(listener)
        self.ports = Ports(plain=plain, tls=secured)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self, *, grace_s: float = 5.0) -> None:
        """Let what is in hand end, tell every station to come again, and record that it left."""
        self._stopping = True
        for server in self._servers:
            server.close()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        connections = self.registry.connections()
        busy = [connection.settled() for connection in connections]
        if busy:
            await asyncio.wait(busy, timeout=grace_s)
        for connection in connections:
            connection.close(WSCloseCode.SERVICE_RESTART, reason="The server restarts.")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_departed.wait(), grace_s)
        self._servers.clear()

    def reload_certificates(self) -> None:
        """Use renewed certificate files, for connections from now on."""
        if self._context is not None and self.config.tls is not None:
            tls.load(self._context, self.config.tls)

    # At the door (doorway.Host)

    def has_room(self) -> bool:
        if self._stopping or self._openings + len(self.registry) >= self.config.max_connections:
            return False
        self._openings += 1
        return True

    def closed(self) -> None:
        self._openings -= 1

    def count(self, what: str) -> None:
        self.counters[what] = self.counters.get(what, 0) + 1

    def stranger(self, address: str, kind: str, words: str) -> None:
        notice = self._strangers.note(address, kind, words, now=time.monotonic())
        if notice is not None:
            self._tell(notice)

    @property
    def directory(self) -> StationDirectory:
        return self.services.directory

    def knocked(self, knock: Knock) -> None:
        if self.services.onboarding is not None:
            self.services.onboarding.turned_away(knock)

    def _not_secured(self, address: str, error: Exception, begun: bool) -> None:
        """A TLS handshake failed. Chargers that cannot connect would be missed by nobody else (quirks A11, A12)."""
        failure = why_failed(error, begun=begun)
        self.count(failure.counter)
        if failure.kind is not None:
            self.stranger(address, failure.kind, failure.words)
        knock = knocking.of_tls(failure, address)
        if knock is not None:
            self.knocked(knock)

    def _tell(self, notice: Notice) -> None:
        log.info("A connection from %s was turned away: %r", notice.address, notice.detail)
        services = self.services
        event = services.stations.security_event(
            None,
            identity="",
            kind=notice.kind,
            at=services.clock.now(),
            detail=notice.detail,
            severity=Severity.MEDIUM,
            remote_address=notice.address,
        )
        run_steps(event, lambda _: None, lambda error: log.warning("A security event was lost: %s", error))

    async def admit(
        self, opening: Opening, *, address: str, certificate: dict[str, Any] | None, encrypted: bool
    ) -> Welcome:
        """Who it is, whether it may, and in which version. Raises `Refused`."""
        headers, visit = opening.headers, Visit(opening, address=address, encrypted=encrypted)
        given = handshake.basic_credentials(headers.get("authorization"))
        names, organisations = tls.subject_of(certificate)
        offered = Offered(
            encrypted=encrypted,
            user=None if given is None else given[0],
            password=None if given is None else given[1],
            names=names,
            organisations=organisations,
            revoked=self._why_revoked(certificate),
        )
        identity = self._identity_of(opening, offered)
        if identity is None:
            self.knocked(visit.knock(Trouble.WRONG_PATH))
            raise Refused(404, "No charging station is named by this path: connect to /ocpp/{identity}.")
        now = time.monotonic()
        if not self._attempts.allowed(identity, address, now=now):
            words = f"It came as {identity} after too many failed log-ins."
            self.stranger(address, "TooManyFailedLogins", words)
            known = self.services.directory.find(identity)
            self.knocked(visit.knock(Trouble.TOO_MANY_ATTEMPTS, entry=known, identity=identity))
            raise Refused(429, "Too many failed log-ins: wait a minute.", Retry_After="60")
        entry = self.services.directory.find(identity)
        subprotocols = headers.get("sec-websocket-protocol", "")
        assumed = None if entry is None else entry.settings.assume_version
        version, subprotocol = handshake.choose_version(subprotocols, assumed=assumed)
        visit.version = version
        if entry is None:
            entry = await self._unknown(identity, visit, offered)
        profile = await self._authenticated(entry, offered, visit, now=now)
        self._let_in(entry, profile, certificate)
        compression = agree(headers.get("sec-websocket-extensions", ""))
        if version is None:
            self.count("no_subprotocol")
            self.knocked(visit.knock(visit.without_version, entry=entry))
            reason = "Offer ocpp1.6, ocpp2.0.1 or ocpp2.1 in Sec-WebSocket-Protocol."
            return Welcome(Farewell(reason), None, None)
        connection = Connection(
            self,
            entry,
            version=Version(version),
            profile=profile,
            address=address,
            compression=compression,
        )
        return Welcome(connection, subprotocol, compression)

    def _why_revoked(self, certificate: dict[str, Any] | None) -> str | None:
        revocations = self.services.securing.revocations
        der = None if certificate is None else certificate.get("der")
        return None if revocations is None or der is None else revocations.why_revoked(der)

    def _let_in(self, entry: DirectoryEntry, profile: int, certificate: dict[str, Any] | None) -> None:
        """Tell those who wait for a station to come in a certain way."""
        securing = self.services.securing
        if securing.upgrades is not None:
            securing.upgrades.came(entry.station_id, profile)
        if securing.signing is not None and profile == 3 and certificate is not None:
            securing.signing.shown(entry, certificate["der"])

    def _identity_of(self, opening: Opening, offered: Offered) -> str | None:
        identity = handshake.identity_of(opening.target)
        if identity is not None or offered.user is None:
            return identity
        # Some chargers cannot be given a path (quirk A3); their user name says who they are, if we know them.
        user = offered.user.decode("utf-8", "replace")
        return user if self.services.directory.find(user) is not None else None

    async def _unknown(self, identity: str, visit: Visit, offered: Offered) -> DirectoryEntry:
        """A station that nobody registered: what becomes of it is the policy's business."""
        refused = Refused(404, f"No charging station is known as {identity}.")
        version = visit.version
        if not handshake.is_endpoint(visit.opening.target) or version is None:
            problem = Trouble.UNKNOWN_IDENTITY if version is not None else visit.without_version
            self.knocked(visit.knock(problem, identity=identity))
            raise refused
        now = time.monotonic()
        if now - self._unknown_since >= 60.0:
            self._unknown_since, self._unknown_left = now, self.config.unknown_per_minute
        if self._unknown_left <= 0:
            self.knocked(visit.knock(Trouble.NO_ROOM, identity=identity))
            raise Refused(503, "Too many unknown stations are connecting.", Retry_After="60")
        self._unknown_left -= 1
        # A password that belongs to another name is nobody's first password.
        own = offered.user == identity.encode()
        entry = await self.services.stations.unknown_station(
            identity,
            remote_address=visit.address,
            version=version,
            secret=offered.password if own else None,
        )
        if entry is None:
            self.knocked(visit.knock(Trouble.UNKNOWN_IDENTITY, identity=identity))
            raise refused
        return entry

    async def _authenticated(
        self, entry: DirectoryEntry, offered: Offered, visit: Visit, *, now: float
    ) -> int:
        directory, organisation, address = self.services.directory, None, visit.address
        if self.config.tls is not None:
            organisation = self.config.tls.client_organisation
        securing = self.services.securing
        matches = bool(offered.password) and directory.check_password(entry, offered.password or b"")
        fresh: str | None = None
        if securing.credentials is not None and offered.password and not matches:
            fresh = securing.credentials.offered(entry, offered.password)
        verdict = judge(
            offered,
            Expected(
                identity=entry.identity,
                admission=entry.admission,
                profile=entry.security_profile,
                has_password=entry.has_password or fresh is not None,
                serial_number=entry.serial_number,
                organisation=organisation,
                allow_unauthenticated=self.config.allow_unauthenticated,
                also=() if securing.upgrades is None else securing.upgrades.accepted(entry.station_id),
            ),
            password_matches=matches or fresh is not None,
        )
        if not isinstance(verdict, Denied):
            self._attempts.succeeded(entry.identity, address)
            if securing.credentials is not None and verdict.profile in (1, 2):
                await self._came_with(securing.credentials, entry, fresh)
            return verdict.profile
        self.knocked(knocking.of_denied(visit, verdict, entry, offered, directory))
        if self._attempts.failed(entry.identity, address, now=now):
            log.info("Station %s was turned away from %s: %s", entry.identity, address, verdict.reason)
            try:
                await self.services.stations.security_event(
                    entry.tenant_id,
                    identity=entry.identity,
                    station_id=entry.station_id,
                    kind=verdict.kind,
                    at=self.services.clock.now(),
                    detail=verdict.reason,
                    severity=Severity.MEDIUM,
                    remote_address=address,
                )
            except CurrantError as error:
                log.warning("A security event was lost: %s", error)
        if entry.admission in (Admission.REFUSED, Admission.RETIRED):
            raise Refused(403, verdict.reason)
        raise Refused(401, verdict.reason, WWW_Authenticate='Basic realm="ocpp", charset="UTF-8"')

    async def _came_with(self, credentials: Credentials, entry: DirectoryEntry, fresh: str | None) -> None:
        """Take note of which of its passwords a station came with; a new one that is used is the only one."""
        if fresh is None:
            credentials.came_with_old(entry)
            return
        try:
            await credentials.used(entry, fresh)
        except CurrantError as error:
            # It is let in all the same, and settled the next time.
            log.warning("That station %s uses its new password could not be kept: %s", entry.identity, error)

    # For connections (connection.Keeper)

    def entered(self, connection: Connection) -> Connection | None:
        replaced = self.registry.enter(connection)
        if replaced is not None:
            replaced.supersede()
        return replaced

    def left(self, connection: Connection) -> None:
        self.registry.leave(connection)
        self._awaiting.discard(connection)

    def answers_of(self, station_id: StationId) -> Answers | None:
        return self.registry.answers_of(station_id)

    def waits(self, connection: Connection) -> None:
        self._awaiting.add(connection)

    def departs(self) -> None:
        self._departing += 1
        self._all_departed.clear()

    def departed(self) -> None:
        self._departing -= 1
        if not self._departing:
            self._all_departed.set()

    # The watch

    async def _watch(self) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            rounds += 1
            try:
                now = time.monotonic()
                for connection in tuple(self._awaiting):
                    if not connection.expire(now):
                        self._awaiting.discard(connection)
                if rounds % SILENCE_WATCHED_EVERY == 0:
                    self.watch_silence(now)
                    for notice in self._strangers.due(now):
                        self._tell(notice)
            except Exception:
                log.exception("The watch over the connections stumbled, and goes on")

    def watch_silence(self, now: float) -> None:
        """Ping who is silent, close who stays so, ask who never booted to boot."""
        config = self.config
        for connection in self.registry.connections():
            silent_s = now - connection.heard_at
            settings = connection.entry.settings
            ping_s = config.ping_interval_s if settings.ping_interval_s is None else settings.ping_interval_s
            if silent_s >= self.idle_limit(connection, ping_s):
                connection.close(
                    WSCloseCode.GOING_AWAY, reason=f"Nothing was heard for {silent_s:.0f} seconds."
                )
            elif ping_s and silent_s >= ping_s and now - connection.pinged_at >= ping_s:
                connection.ping(now)
            self._want_boot(connection, now)

    def idle_limit(self, connection: Connection, ping_s: int) -> float:
        """Never below three heartbeats (quirk A17), unless the station is known to answer pings."""
        settings, config = connection.entry.settings, self.config
        if connection.ponged and ping_s:
            return 3.0 * ping_s
        told_s = 0 if connection.caller is None else connection.caller.station.heartbeat_s
        heartbeat_s = told_s or settings.heartbeat_interval_s or config.heartbeat_interval_s
        return max(settings.idle_limit_s or config.idle_limit_s, 3.0 * heartbeat_s, 3.0 * ping_s)

    def _want_boot(self, connection: Connection, now: float) -> None:
        """A station that Currant has not seen boot since it started is asked to, once a connection (quirk B15)."""
        caller, station_id = connection.caller, connection.station_id
        if caller is None or station_id in self._booted:
            return
        if caller.booted:
            self._booted.add(station_id)
            return
        if now - connection.opened_at < self.config.boot_wanted_after_s or connection.boot_wanted:
            return
        connection.boot_wanted = True
        asking = asyncio.create_task(
            connection.carry_out(Trigger(message="boot"), deadline_s=self.config.call_timeout_s)
        )
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
