"""What somebody signs in with beside the password: an authenticator app, passkeys, codes for a lost phone."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.crypto import digest, seal, unseal
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import PersonId, TenantId
from currant.tenancy import factor_store, store, totp
from currant.tenancy.callers import CallerCache
from currant.tenancy.model import Caller, Person, SecondFactorChanged, Way
from currant.tenancy.people import check_may_touch, known_person
from currant.tenancy.tickets import Tickets


class TotpState(msgspec.Struct, frozen=True, kw_only=True):
    confirmed_at: datetime


class PasskeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey as its owner sees it."""

    id: str
    name: str
    host: str
    """The host name it was made at; it works there alone."""
    created_at: datetime
    last_used_at: datetime | None = None


class SecondFactorsView(msgspec.Struct, frozen=True, kw_only=True):
    """What one signs in with beside the password. `totp` is null without an authenticator app."""

    totp: TotpState | None
    passkeys: tuple[PasskeyView, ...]
    recovery_codes_left: int


class TotpDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app is given: by scanning `qr_svg`, by opening `uri`, or by typing `secret`."""

    secret: str
    uri: str
    qr_svg: str


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Codes for the day the phone is lost, shown this once; each works once. Empty when there were some already."""

    recovery_codes: tuple[str, ...] = ()


class SecondFactors:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        installation_key: bytes,
        callers: CallerCache,
        tickets: Tickets,
    ) -> None:
        self._database = database
        self._clock = clock
        self._key = installation_key
        self._callers = callers
        self._tickets = tickets

    async def overview(self, caller: Caller) -> SecondFactorsView:
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)

        def look(connection: Connection) -> SecondFactorsView:
            row = factor_store.totp(connection, tenant_id, person_id)
            confirmed = None if row is None else row.confirmed_at
            return SecondFactorsView(
                totp=None if confirmed is None else TotpState(confirmed_at=instant(confirmed)),
                passkeys=tuple(
                    passkey_view(each) for each in factor_store.passkeys_of(connection, tenant_id, person_id)
                ),
                recovery_codes_left=factor_store.count_recovery_codes(connection, tenant_id, person_id),
            )

        return await self._database.read(look)

    async def begin_totp(self, caller: Caller) -> TotpDraft:
        """A new secret for an authenticator app; nothing changes until `confirm_totp` has seen a code of it."""
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)
        secret = totp.new_secret()
        now = micros(self._clock.now())

        def begin(connection: Connection, changes: ChangeSet) -> tuple[str, str]:
            person = known_person(connection, tenant_id, person_id)
            row = factor_store.totp(connection, tenant_id, person_id)
            if row is not None and row.confirmed_at is not None:
                raise Conflict("There is an authenticator app already: remove it first.")
            sealed = seal(secret.encode(), key=self._key, about=_about(person_id))
            changes.write(factor_store.SET_TOTP, (tenant_id, person_id, sealed, now, None, 0))
            organisation = store.organisation(connection, tenant_id)
            return person.login, organisation.name if organisation else ""

        login, issuer = await self._database.decide(begin, tenant_id)
        uri = totp.address(secret, login=login, issuer=issuer)
        return TotpDraft(secret=secret, uri=uri, qr_svg=totp.as_qr(uri))

    async def confirm_totp(self, caller: Caller, code: str) -> RecoveryCodes:
        """The app shows the right code: from now on signing in asks for it. Codes come with the first factor."""
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)
        now = self._clock.now()

        def confirm(connection: Connection, changes: ChangeSet) -> RecoveryCodes:
            person = known_person(connection, tenant_id, person_id)
            row = factor_store.totp(connection, tenant_id, person_id)
            if row is None:
                raise NotFound("There is no authenticator app to confirm: begin with POST /api/v1/me/totp.")
            if row.confirmed_at is not None:
                raise Conflict("The authenticator app is confirmed already.")
            step = self._step(row.secret, person_id, code, now, after=row.last_step)
            if step is None:
                raise Invalid(
                    "This code is not right: check the clock of the phone and take the next one.",
                    field="code",
                )
            changes.write(factor_store.CONFIRM_TOTP, (micros(now), step, tenant_id, person_id))
            return self.added(connection, changes, person, "totp_added", by=caller)

        codes = await self._database.decide(confirm, tenant_id)
        self._callers.clear()
        return codes

    async def remove_totp(self, caller: Caller) -> None:
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)

        def remove(connection: Connection, changes: ChangeSet) -> None:
            person = known_person(connection, tenant_id, person_id)
            row = factor_store.totp(connection, tenant_id, person_id)
            if row is None:
                raise NotFound("There is no authenticator app.")
            changes.write(factor_store.DELETE_TOTP, (tenant_id, person_id))
            if row.confirmed_at is not None:
                left = len(factor_store.passkeys_of(connection, tenant_id, person_id))
                self.removed(connection, changes, person, "totp_removed", left=left, by=caller)

        await self._database.decide(remove, tenant_id)
        self._callers.clear()

    async def new_recovery_codes(self, caller: Caller) -> RecoveryCodes:
        """Ten new codes; the old ones end to work."""
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)

        def renew(connection: Connection, changes: ChangeSet) -> RecoveryCodes:
            person = known_person(connection, tenant_id, person_id)
            if not person.second_factor:
                raise Conflict("Codes recover a second factor: set one up first.")
            changes.emit(self._changed(person, "recovery_codes", by=caller.label))
            return self._write_codes(changes, person)

        return await self._database.decide(renew, tenant_id)

    async def remove_all(self, tenant_id: TenantId, person_id: PersonId, *, by: Caller) -> None:
        """Somebody lost phone and codes: the password alone opens again. Their sessions end."""

        def remove(connection: Connection, changes: ChangeSet) -> None:
            person = known_person(connection, tenant_id, person_id)
            check_may_touch(by, person)
            self.forget(changes, person.id)
            self._tickets.drop(changes, person.id)
            changes.write(store.SET_SECOND_FACTOR, (False, tenant_id, person_id))
            changes.write(store.DELETE_LOGINS_OF_PERSON, (tenant_id, person_id))
            changes.emit(self._changed(person, "all_removed", by=by.label))

        await self._database.decide(remove, tenant_id)
        self._callers.clear()

    # What other services do within their decisions.

    def ways_of(self, connection: Connection, tenant_id: TenantId, person_id: PersonId) -> tuple[Way, ...]:
        """What somebody may come with beside the password."""
        row = factor_store.totp(connection, tenant_id, person_id)
        ways = [Way.TOTP] if row is not None and row.confirmed_at is not None else []
        if factor_store.passkeys_of(connection, tenant_id, person_id):
            ways.append(Way.PASSKEY)
        if factor_store.count_recovery_codes(connection, tenant_id, person_id):
            ways.append(Way.RECOVERY_CODE)
        return tuple(ways)

    def take_totp(self, connection: Connection, changes: ChangeSet, person: Person, code: str) -> bool:
        """Whether it is a code of now that was not taken yet; then it is taken."""
        row = factor_store.totp(connection, person.tenant_id, person.id)
        if row is None or row.confirmed_at is None:
            return False
        step = self._step(row.secret, person.id, code, self._clock.now(), after=row.last_step)
        if step is None:
            return False
        changes.write(factor_store.TOTP_USED, (step, person.tenant_id, person.id))
        return True

    def take_recovery_code(
        self, connection: Connection, changes: ChangeSet, person: Person, code: str
    ) -> bool:
        """Whether it is one of the person's codes; then it is used up."""
        plain = totp.plain_recovery_code(code)
        told = self._code_digest(person.id, plain)
        if not plain or not factor_store.has_recovery_code(connection, person.tenant_id, person.id, told):
            return False
        changes.write(factor_store.DELETE_RECOVERY_CODE, (person.tenant_id, person.id, told))
        return True

    def added(
        self, connection: Connection, changes: ChangeSet, person: Person, what: str, *, by: Caller
    ) -> RecoveryCodes:
        """A factor was added: the first one comes with codes for the day it is lost."""
        changes.emit(self._changed(person, what, by=by.label))
        if person.second_factor:
            return RecoveryCodes()
        changes.write(store.SET_SECOND_FACTOR, (True, person.tenant_id, person.id))
        return self._write_codes(changes, person)

    def removed(
        self,
        connection: Connection,
        changes: ChangeSet,
        person: Person,
        what: str,
        *,
        left: int,
        by: Caller,
    ) -> None:
        """A factor was removed, and so many are `left`."""
        changes.emit(self._changed(person, what, by=by.label))
        if left:
            return
        organisation = store.organisation(connection, person.tenant_id)
        if organisation is not None and organisation.require_second_factor:
            raise Conflict("Your organisation requires a second factor: set up another one first.")
        changes.write(factor_store.DELETE_RECOVERY_CODES, (person.tenant_id, person.id))
        changes.write(store.SET_SECOND_FACTOR, (False, person.tenant_id, person.id))

    def forget(self, changes: ChangeSet, person_id: PersonId) -> None:
        """Take away all that somebody signs in with beside the password."""
        for write in (
            factor_store.DELETE_TOTP,
            factor_store.DELETE_PASSKEYS,
            factor_store.DELETE_RECOVERY_CODES,
        ):
            changes.write(write, (changes.tenant_id, person_id))

    def _step(
        self, sealed: bytes, person_id: PersonId, code: str, now: datetime, *, after: int
    ) -> int | None:
        secret = unseal(sealed, key=self._key, about=_about(person_id)).decode()
        return totp.step_of(secret, code, at_s=now.timestamp(), after_step=after)

    def _write_codes(self, changes: ChangeSet, person: Person) -> RecoveryCodes:
        codes = totp.new_recovery_codes()
        changes.write(factor_store.DELETE_RECOVERY_CODES, (person.tenant_id, person.id))
        for code in codes:
            told = self._code_digest(person.id, totp.plain_recovery_code(code))
            changes.write(factor_store.INSERT_RECOVERY_CODE, (person.tenant_id, person.id, told))
        return RecoveryCodes(recovery_codes=tuple(codes))

    def _code_digest(self, person_id: PersonId, plain: str) -> bytes:
        return digest(f"recovery:{person_id}:{plain}".encode(), key=self._key)

    def _changed(self, person: Person, what: str, *, by: str) -> SecondFactorChanged:
        return SecondFactorChanged(
            tenant_id=person.tenant_id,
            happened_at=self._clock.now(),
            person_id=person.id,
            login=person.login,
            what=what,
            by=by,
        )


def passkey_view(row: Row[Any]) -> PasskeyView:
    return PasskeyView(
        id=row.id,
        name=row.name,
        host=row.host,
        created_at=instant(row.created_at),
        last_used_at=None if row.last_used_at is None else instant(row.last_used_at),
    )


def _about(person_id: PersonId) -> str:
    return f"totp of {person_id}"
