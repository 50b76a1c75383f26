"""What drivers say of themselves and have with them: name, language, passkeys, cards. And being forgotten."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access import uids
from currant.access.model import Token, TokenDraft, TokenKind, TokenStatus
from currant.access.service import AccessService
from currant.charging.anonymising import anonymise
from currant.charging.model import Phase, SessionFilter
from currant.charging.reservations.model import ReservationFilter
from currant.charging.reservations.service import Reservations
from currant.charging.service import ChargingService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.drivers import store
from currant.drivers.events import DriverErased
from currant.drivers.model import CardView, Driver, DriverMe, DriverPasskey
from currant.drivers.reserving import Reserving
from currant.drivers.sign_in import BY, Asked, SignIn, saved
from currant.kit import webauthn
from currant.kit.clock import Clock, instant, micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TokenId, new_id

NAME_MAX = 100
CARDS_MAX = 10
PASSKEYS_MAX = 10
UID_DIGITS = range(8, 21)


class Accounts:
    """The drivers themselves."""

    def __init__(
        self,
        database: Database,
        access: AccessService,
        charging: ChargingService,
        reservations: Reservations,
        reserving: Reserving,
        sign_in: SignIn,
        clock: Clock,
    ) -> None:
        self._database = database
        self._access = access
        self._charging = charging
        self._reservations = reservations
        self._reserving = reserving
        self._sign_in = sign_in
        self._clock = clock

    async def me(self, driver: Driver, *, csrf_token: str) -> DriverMe:
        """A driver as their own browser shows them."""
        return DriverMe(
            id=driver.id,
            guest=driver.guest,
            email=driver.email,
            name=driver.name,
            language=driver.language,
            csrf_token=csrf_token,
            passkeys=await self.passkeys(driver),
            cards=await self.cards(driver),
        )

    async def change(self, driver: Driver, *, name: str | None, language: str | None) -> Driver:
        """Give a driver another name or language; None leaves it."""
        after = driver
        if name is not None:
            after = replace(after, name=_fit_name(name, empty=True))
        if language is not None:
            after = replace(after, language=language)
        if after != driver:
            changes = ChangeSet(driver.tenant_id)
            changes.write(store.SAVE_DRIVER, saved(after))
            await self._database.commit(changes)
            await self._sign_in.settle_account(after)
        return after

    # Passkeys

    async def passkeys(self, driver: Driver) -> tuple[DriverPasskey, ...]:
        found = await self._database.read(lambda conn: store.passkeys(conn, driver.tenant_id, driver.id))
        return tuple(
            DriverPasskey(
                id=each.id,
                name=each.name,
                created_at=instant(each.created_at),
                last_used_at=None if each.last_used_at is None else instant(each.last_used_at),
            )
            for each in found
        )

    async def passkey_options(self, driver: Driver, *, rp_id: str, rp_name: str) -> Asked:
        """Ask this browser to make a passkey."""
        known = await self._database.read(lambda conn: store.passkeys(conn, driver.tenant_id, driver.id))
        if len(known) >= PASSKEYS_MAX:
            raise Conflict(f"A driver has at most {PASSKEYS_MAX} passkeys: remove one first.")
        asked = webauthn.registration_options(
            rp_id=rp_id,
            rp_name=rp_name,
            user_id=driver.id.encode(),
            user_name=driver.email or driver.name or rp_name,
            exclude=[each.credential_id for each in known],
            user_verification=True,
        )
        return await self._sign_in.keep_challenge(driver.tenant_id, asked, driver_id=driver.id)

    async def add_passkey(
        self,
        driver: Driver,
        challenge_id: str,
        credential: Mapping[str, Any],
        *,
        name: str,
        rp_id: str,
        origin: str,
    ) -> DriverPasskey:
        """Keep the passkey that the browser made. A guest who has one is a guest no more."""
        name = _fit_name(name or "Passkey")
        challenge = await self._sign_in.take_challenge(driver.tenant_id, challenge_id, driver_id=driver.id)
        made = webauthn.verify_registration(
            credential, challenge=challenge, rp_id=rp_id, origin=origin, user_verification=True
        )
        now, passkey_id, tenant_id = self._clock.now(), new_id(), driver.tenant_id

        def keep(conn: Connection, changes: ChangeSet) -> None:
            if store.passkey_by_credential(conn, tenant_id, made.credential_id) is not None:
                raise Conflict("This passkey is known already.")
            if len(store.passkeys(conn, tenant_id, driver.id)) >= PASSKEYS_MAX:
                raise Conflict(f"A driver has at most {PASSKEYS_MAX} passkeys: remove one first.")
            row = (
                *(passkey_id, tenant_id, driver.id, made.credential_id, made.public_key),
                *(made.sign_count, name, micros(now), None),
            )
            changes.write(store.INSERT_PASSKEY, row)
            if driver.guest:
                changes.write(store.SAVE_DRIVER, saved(replace(driver, guest=False)))

        await self._database.decide(keep, tenant_id)
        if driver.guest:
            await self._sign_in.settle_account(replace(driver, guest=False))
        return DriverPasskey(id=passkey_id, name=name, created_at=now)

    async def remove_passkey(self, driver: Driver, passkey_id: str) -> None:
        """Forget a passkey; Conflict where nothing else would be left to sign in with."""

        def remove(conn: Connection, changes: ChangeSet) -> None:
            known = store.passkeys(conn, driver.tenant_id, driver.id)
            if all(each.id != passkey_id for each in known):
                raise NotFound("There is no such passkey.", field="passkey")
            if len(known) == 1 and not driver.email:
                raise Conflict("This passkey is all you sign in with: add another one or an address first.")
            changes.write(store.DELETE_PASSKEY, (driver.tenant_id, passkey_id))

        await self._database.decide(remove, driver.tenant_id)

    # Cards

    async def cards(self, driver: Driver) -> tuple[CardView, ...]:
        """The cards that charge for this driver."""
        page = await self._access.list_tokens(
            driver.tenant_id, kind=TokenKind.RFID, account_id=driver.account_id, limit=100
        )
        return tuple(_card(token) for token in page.items)

    async def add_card(self, driver: Driver, *, uid: str, name: str) -> CardView:
        """Link a card by its uid. Conflict where it is registered already: for whom is not told."""
        if driver.guest:
            raise Conflict("Sign in first: a guest's cards would be lost with this browser.")
        uid = uids.normalise(uid, TokenKind.RFID)
        if len(uid) not in UID_DIGITS or not all(letter in "0123456789ABCDEF" for letter in uid):
            raise Invalid(
                "The number of a card is 8 to 20 hexadecimal digits, as readers show it.", field="uid"
            )
        name = _fit_name(name or "Card")
        if len(await self.cards(driver)) >= CARDS_MAX:
            raise Conflict(f"A driver has at most {CARDS_MAX} cards: remove one first.", field="uid")
        taken = Conflict("This card cannot be linked: ask the operator about it.", field="uid")
        # In whatever spelling and of whatever kind: a card is no way to another's token.
        known = await self._access.list_tokens(driver.tenant_id, uid=uid, limit=10)
        for token in known.items:
            if token.kind is TokenKind.RFID and token.account_id == driver.account_id:
                return _card(token)
            raise taken
        try:
            made = await self._access.create_token(
                driver.tenant_id,
                TokenDraft(
                    kind=TokenKind.RFID,
                    uid=uid,
                    visual_number=name,
                    account_id=driver.account_id,
                    language=driver.language,
                ),
                by=BY,
            )
        except Conflict:
            raise taken from None
        return _card(made)

    async def remove_card(self, driver: Driver, card_id: str) -> None:
        """Unlink a card: it charges no more."""
        try:
            token = await self._access.get_token(driver.tenant_id, TokenId(card_id))
        except NotFound:
            token = None
        if token is None or token.kind is not TokenKind.RFID or token.account_id != driver.account_id:
            raise NotFound("There is no such card.", field="card")
        await self._access.delete_token(driver.tenant_id, token.id, by=BY)

    # Being forgotten

    async def erase(self, driver: Driver) -> None:
        """Remove all that is personal: address, name, cards, passkeys. What was charged stays, as nobody's.

        Conflict while a session of theirs runs: somebody has to be able to stop it.
        """
        tenant_id = driver.tenant_id
        running = await self._charging.list(
            tenant_id, SessionFilter(account_id=driver.account_id, phase=Phase.ACTIVE), limit=1
        )
        if running.items:
            raise Conflict("A session of yours is still under way: end it first.")
        for line in await self._reserving.lines(driver):
            await self._reserving.leave(driver, line.id)
        kept = await self._reservations.list(
            tenant_id, ReservationFilter(account_id=driver.account_id, open=True), limit=100
        )
        for reservation in kept.items:
            await self._reservations.cancel(tenant_id, reservation.id, by=BY)
        await self._drop_tokens(driver)
        sessions = await anonymise(self._database, self._charging, tenant_id, driver.account_id)
        await self._access.delete_account(tenant_id, driver.account_id, by=BY)
        changes = ChangeSet(tenant_id)
        for write in (
            store.DELETE_SIGN_INS,
            store.DELETE_PASSKEYS,
            store.DELETE_STARTS,
            store.DELETE_SUBSCRIPTIONS,
        ):
            changes.write(write, (tenant_id, driver.id))
        if driver.email:
            changes.write(store.DELETE_LINKS, (tenant_id, driver.email))
        changes.write(store.DELETE_DRIVER, (tenant_id, driver.id))
        changes.emit(
            DriverErased(
                tenant_id=tenant_id, happened_at=self._clock.now(), driver_id=driver.id, sessions=sessions
            )
        )
        await self._database.commit(changes)

    async def _drop_tokens(self, driver: Driver) -> None:
        while True:
            page = await self._access.list_tokens(driver.tenant_id, account_id=driver.account_id, limit=100)
            if not page.items:
                return
            for token in page.items:
                await self._access.delete_token(driver.tenant_id, token.id, by=BY)


def _card(token: Token) -> CardView:
    return CardView(
        id=token.id,
        uid=token.uid,
        name=token.visual_number or "Card",
        active=token.status is TokenStatus.ACTIVE,
    )


def _fit_name(name: str, *, empty: bool = False) -> str:
    name = " ".join(name.split())
    if not (0 if empty else 1) <= len(name) <= NAME_MAX or not name.isprintable():
        raise Invalid(f"A name has 1 to {NAME_MAX} characters.", field="name")
    return name
