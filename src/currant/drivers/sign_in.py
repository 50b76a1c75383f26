"""Drivers sign in: as a guest, by a link in a letter, or with a passkey; then by a cookie we can forget.

An address that we know and one that we do not get the same letter and the same answer: whoever opens
the link has an account from then on, if they had none. Guests keep what they have when they become
somebody, and nobody else keeps a cookie to it.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.model import (
    AccountChange,
    AccountDraft,
    ConcurrentUse,
    TokenChange,
    TokenDraft,
    TokenKind,
)
from currant.access.service import AccessService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.drivers import store, words
from currant.drivers.events import DriverSignedIn
from currant.drivers.model import Driver, NewSignIn, SignedInDriver
from currant.kit import webauthn
from currant.kit.clock import Clock, micros
from currant.kit.crypto import digest, new_secret
from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import TenantId, new_id
from currant.kit.mail import Mail, Mailer
from currant.kit.webauthn import PasskeyWrong

BY = "driver's app"
SECRET_LENGTH = 43
DRIVER_LASTS = timedelta(days=180)
GUEST_LASTS = timedelta(days=30)
SIGN_INS_A_DRIVER = 20
LINKS_AT_ONCE = 3
LINKS_A_DAY = 10
SEEN_NOTED_EVERY = timedelta(hours=1)
SEEN_MAX = 20_000

# One address and nothing else: what stands here goes into the head of a letter.
_ADDRESS = re.compile(r"[^\s@<>\"',;:\\()\[\]\x00-\x20\x7f]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?")


class LinkUsedUp(Invalid):
    """A link that opens nothing: used, too old, or none of ours."""

    code = "link_used_up"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey is asked for: `options` go to the browser, `challenge_id` comes back with its answer."""

    challenge_id: str
    options: dict[str, Any]


class SignIn:
    """Who a browser is."""

    def __init__(
        self,
        database: Database,
        access: AccessService,
        clock: Clock,
        *,
        key: bytes,
        mailer: Mailer | None,
        link_lasts: timedelta,
    ) -> None:
        self._database = database
        self._access = access
        self._clock = clock
        self._key = key
        self.mailer = mailer
        self._link_lasts = link_lasts
        self._seen: dict[str, int] = {}

    # Staying signed in

    async def authenticate(self, tenant_id: TenantId, cookie: str) -> SignedInDriver | None:
        """Whose cookie this is; None when it is nobody's of this tenant, or over."""
        if len(cookie) != SECRET_LENGTH or not cookie.isascii():
            return None
        known, now = self._digest(cookie), micros(self._clock.now())
        driver = await self._database.read(lambda conn: store.sign_in(conn, tenant_id, known, now=now))
        if driver is None:
            return None
        self._note_seen(driver, now)
        return SignedInDriver(driver=driver, csrf_token=self._csrf_token(cookie), digest=known)

    def csrf_token_fits(self, signed_in: SignedInDriver, presented: str) -> bool:
        return hmac.compare_digest(signed_in.csrf_token.encode(), presented.encode())

    async def sign_out(self, signed_in: SignedInDriver) -> None:
        """End this browser's sign-in; it gets no messages any more either."""
        changes = ChangeSet(signed_in.driver.tenant_id)
        changes.write(store.DELETE_SIGN_IN, (signed_in.driver.tenant_id, signed_in.digest))
        changes.write(store.DELETE_SUBSCRIPTIONS_OF_SIGN_IN, (signed_in.driver.tenant_id, signed_in.digest))
        await self._database.commit(changes)

    # As a guest

    async def guest(self, tenant_id: TenantId, *, language: str) -> NewSignIn:
        """Somebody who just wants to charge."""
        return await self._open(await self._make(tenant_id, "", language), way="guest")

    # By a letter

    async def ask_link(
        self, tenant_id: TenantId, *, email: str, language: str, base: str, brand: str
    ) -> None:
        """Send a link to an address, known or not. Whoever asks too often for one address gets no more for now."""
        address = normalised(email)
        if self.mailer is None:
            raise Conflict("This server sends no letters: sign in another way.", field="email")
        secret, now = new_secret(SECRET_LENGTH), self._clock.now()

        def keep(conn: Connection, changes: ChangeSet) -> bool:
            lately = store.links_since(conn, tenant_id, address, since=micros(now - self._link_lasts))
            today = store.links_since(conn, tenant_id, address, since=micros(now - timedelta(days=1)))
            if lately >= LINKS_AT_ONCE or today >= LINKS_A_DAY:
                return False
            ends = micros(now + self._link_lasts)
            row = (self._digest(secret), tenant_id, address, language, micros(now), ends)
            changes.write(store.INSERT_LINK, row)
            return True

        if not await self._database.decide(keep, tenant_id):
            return
        link = f"{base}/charge/sign-in?token={secret}"
        minutes = round(self._link_lasts.total_seconds() / 60)
        text = words.in_language(words.MAIL["text"], language)
        await self.mailer.send(
            Mail(
                to=address,
                subject=words.in_language(words.MAIL["subject"], language).format(name=brand),
                text=text.format(name=brand, link=link, minutes=minutes),
                sender_name=brand,
            )
        )

    async def open_link(
        self, tenant_id: TenantId, secret: str, *, signed_in: SignedInDriver | None
    ) -> NewSignIn:
        """Sign in whom a link was sent to; a guest at this very browser becomes them, if they are new.

        A link opens once. LinkUsedUp for any other word.
        """
        known, now = self._digest(secret), self._clock.now()
        guest = signed_in.driver if signed_in is not None and signed_in.driver.guest else None
        found = await self._database.read(lambda conn: store.link(conn, tenant_id, known, now=micros(now)))
        if found is None:
            raise _used_up()
        email, language = found
        existing = await self._database.read(lambda conn: store.driver_by_email(conn, tenant_id, email))
        # Made before the link is used up: where making fails, it can be opened again.
        driver = existing or guest or await self._make(tenant_id, email, language)

        def use(conn: Connection, changes: ChangeSet) -> Driver:
            if store.link(conn, tenant_id, known, now=micros(now)) is None:
                raise _used_up()
            # This one, and every other that was sent to the same address before.
            changes.write(store.DELETE_LINKS, (tenant_id, email))
            first = store.driver_by_email(conn, tenant_id, email)
            if first is not None:
                return first
            if guest is None:
                return driver
            became = replace(guest, guest=False, email=email, language=language or guest.language)
            changes.write(store.SAVE_DRIVER, saved(became))
            # Whoever else holds a cookie to what was the guest's gets nothing of what is theirs now.
            changes.write(store.DELETE_SIGN_INS, (tenant_id, guest.id))
            return became

        driver = await self._database.decide(use, tenant_id)
        if guest is not None and driver.id == guest.id:
            await self.settle_account(driver)
        return await self._open(driver, way="mail")

    # With a passkey

    async def passkey_options(self, tenant_id: TenantId, *, rp_id: str) -> Asked:
        """Ask for any passkey that the browser has for this host."""
        asked = webauthn.authentication_options(rp_id=rp_id, user_verification=True)
        return await self.keep_challenge(tenant_id, asked, driver_id=None)

    async def passkey(
        self,
        tenant_id: TenantId,
        challenge_id: str,
        credential: Mapping[str, Any],
        *,
        rp_id: str,
        origin: str,
    ) -> NewSignIn:
        """Sign in whoever's passkey answers; PasskeyWrong otherwise, whatever is wrong."""
        challenge = await self.take_challenge(tenant_id, challenge_id, driver_id=None)
        credential_id = webauthn.credential_id_of(credential)
        known = await self._database.read(
            lambda conn: store.passkey_by_credential(conn, tenant_id, credential_id)
        )
        if known is None:
            raise PasskeyWrong("This passkey is not known here: sign in another way.", field="credential")
        used = webauthn.verify_authentication(
            credential,
            challenge=challenge,
            rp_id=rp_id,
            origin=origin,
            public_key=known.public_key,
            sign_count=known.sign_count,
            user_verification=True,
        )
        changes = ChangeSet(tenant_id)
        now = micros(self._clock.now())
        changes.write(store.PASSKEY_USED, (used.sign_count, now, tenant_id, known.id))
        await self._database.commit(changes)
        driver = await self._database.read(lambda conn: store.driver(conn, tenant_id, known.driver_id))
        if driver is None:
            raise PasskeyWrong("This passkey is not known here: sign in another way.", field="credential")
        return await self._open(driver, way="passkey")

    async def keep_challenge(
        self, tenant_id: TenantId, asked: webauthn.Challenge, *, driver_id: str | None
    ) -> Asked:
        ends = self._clock.now() + timedelta(seconds=webauthn.TIMEOUT_S)
        challenge_id = new_secret(32)
        changes = ChangeSet(tenant_id)
        changes.write(
            store.INSERT_CHALLENGE, (challenge_id, tenant_id, driver_id, asked.challenge, micros(ends))
        )
        await self._database.commit(changes)
        return Asked(challenge_id=challenge_id, options=asked.options)

    async def take_challenge(self, tenant_id: TenantId, challenge_id: str, *, driver_id: str | None) -> bytes:
        """A challenge, which is used up by this; PasskeyWrong where it was given to somebody else, or is old."""
        now = micros(self._clock.now())

        def take(conn: Connection, changes: ChangeSet) -> bytes:
            found = store.challenge(conn, tenant_id, challenge_id[:100], driver_id=driver_id, now=now)
            if found is None:
                raise PasskeyWrong("This took too long: try again.", field="challenge_id")
            changes.write(store.DELETE_CHALLENGE, (tenant_id, challenge_id))
            return found

        return await self._database.decide(take, tenant_id)

    # Accounts behind drivers

    async def settle_account(self, driver: Driver) -> None:
        """Have the account and the app's token say what the driver is now."""
        if driver.guest:
            return
        name = driver.name or driver.email or "Driver"
        await self._access.update_account(
            driver.tenant_id, driver.account_id, AccountChange(name=name, email=driver.email), by=BY
        )
        await self._access.update_token(
            driver.tenant_id,
            driver.token_id,
            TokenChange(concurrent_use=ConcurrentUse.ALLOWED, language=driver.language),
            by=BY,
        )

    async def _make(self, tenant_id: TenantId, email: str, language: str) -> Driver:
        """A driver who was not there before, with an account and an app's token of their own."""
        account = await self._access.create_account(
            tenant_id, AccountDraft(name=email or "Guest", email=email), by=BY
        )
        token = await self._access.create_token(
            tenant_id,
            TokenDraft(
                kind=TokenKind.APP,
                account_id=account.id,
                language=language,
                visual_number="Guest" if not email else "App",
                concurrent_use=ConcurrentUse.ALLOWED if email else ConcurrentUse.REFUSED,
            ),
            by=BY,
        )
        now = self._clock.now()
        made = Driver(
            id=new_id(),
            tenant_id=tenant_id,
            guest=not email,
            email=email,
            language=language,
            account_id=account.id,
            token_id=token.id,
            token_uid=token.uid,
            created_at=now,
        )

        def insert(conn: Connection, changes: ChangeSet) -> Driver:
            first = store.driver_by_email(conn, tenant_id, email) if email else None
            if first is None:
                changes.write(store.INSERT_DRIVER, store.driver_row(made, now=micros(now)))
            return first or made

        kept = await self._database.decide(insert, tenant_id)
        if kept.id != made.id:
            # Two links to one address, opened at the same moment.
            await self._access.delete_token(tenant_id, token.id, by=BY)
            await self._access.delete_account(tenant_id, account.id, by=BY)
        return kept

    async def _open(self, driver: Driver, *, way: str) -> NewSignIn:
        cookie, now = new_secret(SECRET_LENGTH), self._clock.now()
        expires_at = now + (GUEST_LASTS if driver.guest else DRIVER_LASTS)
        tenant_id = driver.tenant_id

        def open_it(conn: Connection, changes: ChangeSet) -> None:
            for old in store.oldest_sign_ins(conn, tenant_id, driver.id, beyond=SIGN_INS_A_DRIVER - 1):
                changes.write(store.DELETE_SIGN_IN, (tenant_id, old))
            row = (self._digest(cookie), tenant_id, driver.id, way, micros(now), micros(expires_at))
            changes.write(store.INSERT_SIGN_IN, row)
            changes.emit(DriverSignedIn(tenant_id=tenant_id, happened_at=now, driver_id=driver.id, way=way))

        await self._database.decide(open_it, tenant_id)
        return NewSignIn(
            driver=driver, cookie=cookie, csrf_token=self._csrf_token(cookie), expires_at=expires_at
        )

    def _note_seen(self, driver: Driver, now: int) -> None:
        last = self._seen.get(driver.id, 0)
        if now - last >= SEEN_NOTED_EVERY / timedelta(microseconds=1):
            self._seen.pop(driver.id, None)
            self._seen[driver.id] = now
            if len(self._seen) > SEEN_MAX:
                del self._seen[next(iter(self._seen))]
            self._database.note(store.DRIVER_SEEN, (now, driver.tenant_id, driver.id))

    def _digest(self, secret: str) -> bytes:
        return digest(b"driver:" + secret.encode(), key=self._key)

    def _csrf_token(self, cookie: str) -> str:
        # Follows from the cookie, so it needs no row; the cookie cannot be told from it.
        made = digest(b"driver-csrf:" + cookie.encode(), key=self._key)
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


def normalised(email: str) -> str:
    """An address in the one spelling that is kept; Invalid where it is none."""
    address = email.strip().casefold()
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        raise Invalid("This is not an e-mail address.", field="email")
    return address


def saved(driver: Driver) -> tuple[Any, ...]:
    """The row of `store.SAVE_DRIVER`."""
    return (
        driver.guest,
        driver.email or None,
        driver.name,
        driver.language,
        driver.tenant_id,
        driver.id,
    )


def _used_up() -> LinkUsedUp:
    return LinkUsedUp("This link was used already, or is too old: ask for a new one.", field="token")
