"""Messages to drivers' browsers while the app is closed: Web Push (RFC 8030, sealed by 8291, signed by 8292).

A message says that charging has ended, that the vehicle is full and still plugged in, or that a start
came to nothing. It is worth sending for minutes: what cannot be delivered soon is given up, and a
browser that is gone is forgotten.
"""

import asyncio
import base64
import contextlib
import logging
import os
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02  # type: ignore[import-untyped]

from currant.charging.events import SessionActivityChanged, SessionEnded
from currant.charging.model import Activity
from currant.charging.reservations.events import WaitingDriverCalled
from currant.drivers import nearby
from currant.drivers.events import ChargingFailed
from currant.drivers.model import Driver, KeptSubscription
from currant.drivers.places import Places
from currant.drivers.push import Subscriptions
from currant.drivers.receipts import kwh
from currant.drivers.words import PUSH, in_language, why
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError
from currant.kit.event import Event
from currant.kit.http import Outbound, RequestFailed
from currant.kit.ids import AccountId, LocationId, StationId, TenantId

log = logging.getLogger(__name__)

PUSHED: tuple[type[Event], ...] = (
    SessionEnded,
    SessionActivityChanged,
    ChargingFailed,
    WaitingDriverCalled,
)
"""What drivers may be told of."""

WAITING_MAX = 2_000
AT_ONCE = 4
"""Of each lane."""
WELL_KNOWN = ("googleapis.com", "push.services.mozilla.com", "notify.windows.com", "push.apple.com")
"""Whose services nearly all browsers use. Anybody may name a service of their own, and have it answer slowly on
purpose: those wait for each other, and hold up nobody else."""
TRIES = 3
DEADLINE_S = 10.0
PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
ANSWER_MAX = 10_000
WORTH_TELLING = timedelta(minutes=15)
KEPT_BY_SERVICE_S = 3_600
SIGNED_FOR = timedelta(hours=12)
SIGNED_ANEW_AFTER = timedelta(hours=6)
SERVICES_MAX = 100
KEY_FILE = "push.pem"


class PushKey:
    """The key that our messages are signed with: made once, and readable by its user alone."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        # The library's own idea of a contact knows no addresses with a path, and no names of one word.
        self._vapid = Vapid02(private_key=key, conf={"no-strict": True})

    @classmethod
    def open(cls, folder: Path) -> "PushKey":
        """The key in the data directory, made where there is none: browsers are bound to it for good."""
        path = folder / KEY_FILE
        if not path.exists():
            pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            fresh = path.with_name(KEY_FILE + ".new")
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey), f"{path} holds another kind of key."
        return cls(key)

    @property
    def public(self) -> str:
        """The public half, as `PushManager.subscribe` takes it."""
        raw = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def authorization(self, audience: str, *, contact: str, expires_at: datetime) -> str:
        """The header that says who sends, for one push service until then (RFC 8292, 3)."""
        claims = {"aud": audience, "sub": contact, "exp": int(expires_at.timestamp())}
        signed: str = self._vapid.sign(claims)["Authorization"]
        return signed


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a browser shows."""

    kind: str
    """ended, finished, failed or called."""
    title: str
    body: str
    tag: str
    """A newer message with the same tag takes an older one's place."""
    url: str
    language: str


Lane = asyncio.Queue[tuple[KeptSubscription, Message]]


def is_well_known(endpoint: str) -> bool:
    """Whether an address is of a push service that nearly all browsers use."""
    host = urlsplit(endpoint).hostname or ""
    return any(host == name or host.endswith(f".{name}") for name in WELL_KNOWN)


def sealed(message: bytes, *, p256dh: str, auth: str) -> bytes:
    """A message that only one browser can read (RFC 8291)."""
    made: bytes = http_ece.encrypt(
        message,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_raw(p256dh),
        auth_secret=_raw(auth),
        version="aes128gcm",
    )
    return made


class Push:
    """Tells drivers. `start` and `stop` it; `follow` is to be told of PUSHED."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        places: Places,
        outbound: Outbound,
        key: PushKey,
        clock: Clock,
        *,
        contact: str,
        pause_s: float = PAUSE_S,
    ) -> None:
        """`contact` is where push services reach us when something is wrong: `mailto:…` or `https://…`."""
        self._subscriptions = subscriptions
        self._places = places
        self._outbound = outbound
        self._key = key
        self._clock = clock
        self._contact = contact
        self._pause_s = pause_s
        self._lanes = tuple(Lane(WAITING_MAX) for _ in range(2))
        self._workers: list[asyncio.Task[None]] = []
        self._signed: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def start(self) -> None:
        self._workers = [
            asyncio.create_task(self._work(lane), name="push") for lane in self._lanes for _ in range(AT_ONCE)
        ]

    async def stop(self) -> None:
        """Send no more; what waits is not worth telling later."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until everything that waits was sent or given up."""
        for lane in self._lanes:
            await lane.join()

    async def follow(
        self, event: SessionEnded | SessionActivityChanged | ChargingFailed | WaitingDriverCalled
    ) -> None:
        """Tell the driver of it, where they want to be told."""
        if self._clock.now() - event.happened_at > WORTH_TELLING:
            return
        if isinstance(event, ChargingFailed):
            found = await self._subscriptions.of_driver(event.tenant_id, event.driver_id)
            if found is not None and found[1]:
                driver, browsers = found
                message = Message(
                    kind="failed",
                    title=in_language(PUSH["failed.title"], driver.language),
                    body=why(event.code, driver.language).text,
                    tag=event.start_id,
                    url=f"/charge/session/{event.start_id}",
                    language=driver.language,
                )
                self._send(browsers, message)
            return
        if event.account_id is None:
            return
        if isinstance(event, WaitingDriverCalled):
            await self._call(event, event.account_id)
            return
        kind = "ended" if isinstance(event, SessionEnded) else "finished"
        if isinstance(event, SessionActivityChanged) and event.after is not Activity.IDLE:
            return
        found = await self._subscriptions.of_account(event.tenant_id, event.account_id)
        if found is not None and found[1]:
            driver, browsers = found
            place = await self._place(event.tenant_id, event.location_id, event.station_id)
            self._send(browsers, self._about(kind, event, driver, place))

    async def _call(self, event: WaitingDriverCalled, account_id: AccountId) -> None:
        found = await self._subscriptions.of_account(event.tenant_id, account_id)
        if found is None or not found[1]:
            return
        driver, browsers = found
        tenant = await self._places.of(event.tenant_id)
        at = tenant.at(event.station_id, event.evse)
        if at is None:
            return
        place, station, evse = at
        body = in_language(PUSH["called.text"], driver.language).format(
            code=station.code_of(evse),
            place=place.location.name[:200],
            time=nearby.here(event.until, place.location.time_zone).strftime("%H:%M"),
        )
        message = Message(
            kind="called",
            title=in_language(PUSH["called.title"], driver.language),
            body=body,
            tag=event.reservation_id,
            url="/charge/reservations",
            language=driver.language,
        )
        self._send(browsers, message)

    def _about(
        self, kind: str, event: SessionEnded | SessionActivityChanged, driver: Driver, place: str
    ) -> Message:
        body = in_language(PUSH[f"{kind}.text"], driver.language)
        return Message(
            kind=kind,
            title=in_language(PUSH[f"{kind}.title"], driver.language),
            body=body.format(energy=kwh(event.energy_wh).rstrip("0").rstrip("."), place=place),
            tag=event.session_id,
            url=f"/charge/session/{event.session_id}",
            language=driver.language,
        )

    async def _place(self, tenant_id: TenantId, location_id: LocationId | None, station_id: StationId) -> str:
        tenant = await self._places.of(tenant_id)
        place = None if location_id is None else tenant.places.get(location_id)
        if place is not None:
            return place.location.name[:200]
        station = tenant.stations.get(station_id)
        return "" if station is None else station.identity

    def _send(self, browsers: Sequence[KeptSubscription], message: Message) -> None:
        for browser in browsers:
            try:
                self._lanes[is_well_known(browser.endpoint)].put_nowait((browser, message))
            except asyncio.QueueFull:
                log.warning("Too many messages to browsers wait: one is left out.")

    async def _work(self, lane: "Lane") -> None:
        while True:
            browser, message = await lane.get()
            try:
                await self._deliver(browser, message)
            except Exception:
                log.exception("A message to a browser could not be sent.")
            finally:
                lane.task_done()

    async def _deliver(self, browser: KeptSubscription, message: Message) -> None:
        try:
            body = sealed(msgspec.json.encode(message), p256dh=browser.p256dh, auth=browser.auth)
        except ValueError:
            # A point that is not on the curve: no browser made it.
            await self._subscriptions.drop(browser)
            return
        service = urlsplit(browser.endpoint)
        headers = {
            "Authorization": self._authorization(f"{service.scheme}://{service.netloc}"),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_BY_SERVICE_S),
            "Urgency": "high" if message.kind in ("failed", "called") else "normal",
            # At most 32 letters (RFC 8030, 5.4): the id without its hyphens. A newer message takes the place of one not yet delivered.
            "Topic": message.tag.replace("-", "")[:32],
        }
        for attempt in range(1, TRIES + 1):
            pause = self._pause_s * 2 ** (attempt - 1)
            try:
                answer = await self._outbound.request(
                    "POST",
                    browser.endpoint,
                    deadline_s=DEADLINE_S,
                    content=body,
                    headers=headers,
                    most_bytes=ANSWER_MAX,
                )
            except RequestFailed as error:
                log.info("A push service gave no answer: %s", error)
            except CurrantError:
                # An address that is not asked any more: the installation's rules changed.
                await self._subscriptions.drop(browser)
                return
            else:
                if answer.ok:
                    return
                if answer.status in (404, 410):
                    await self._subscriptions.drop(browser)
                    return
                if answer.status != 429 and answer.status < 500:
                    log.warning("A push service refused a message: %d %r", answer.status, answer.body[:200])
                    return
                with contextlib.suppress(ValueError):
                    pause = max(pause, float(answer.headers.get("retry-after", "0")))
            if attempt < TRIES:
                await asyncio.sleep(min(pause, LONGEST_PAUSE_S))

    def _authorization(self, audience: str) -> str:
        now = self._clock.now()
        known = self._signed.get(audience)
        if known is not None and now - known[1] < SIGNED_ANEW_AFTER:
            return known[0]
        made = self._key.authorization(audience, contact=self._contact, expires_at=now + SIGNED_FOR)
        self._signed[audience] = (made, now)
        self._signed.move_to_end(audience)
        if len(self._signed) > SERVICES_MAX:
            self._signed.popitem(last=False)
        return made


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
