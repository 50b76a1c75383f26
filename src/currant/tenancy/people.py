"""People of an organisation: added with a one-time password, changed, removed; never without an owner."""

import asyncio
import re
import zoneinfo
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.crypto import new_secret
from currant.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from currant.kit.ids import PersonId, TenantId, new_id
from currant.tenancy import factor_store, store, ticket_store
from currant.tenancy.callers import CallerCache
from currant.tenancy.model import (
    Caller,
    NewPerson,
    PasswordChanged,
    Permission,
    Person,
    PersonAdded,
    PersonChanged,
    PersonRemoved,
    Role,
)
from currant.tenancy.passwords import Passwords, check_acceptable
from currant.tenancy.permissions import PERMISSIONS, may_grant

ONE_TIME_PASSWORD_DAYS = 7
PREFERENCES_MAX_BYTES = 32 * 1024
OF_PERSON = (
    factor_store.DELETE_TOTP,
    factor_store.DELETE_PASSKEYS,
    factor_store.DELETE_RECOVERY_CODES,
    factor_store.DELETE_IDENTITIES,
    factor_store.DELETE_PREFERENCES,
    ticket_store.DELETE_OF_PERSON,
)
"""What goes with a person, beside their sign-ins."""
_LOGIN = re.compile(r"[^\s\x00-\x1f\x7f]{2,120}")
_EMAIL = re.compile(r"[^\s@<>,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"\x00-\x1f\x7f]{1,189}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")


class People:
    def __init__(self, database: Database, clock: Clock, passwords: Passwords, callers: CallerCache) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._callers = callers

    async def add(
        self,
        tenant_id: TenantId,
        *,
        login: str,
        role: Role,
        by: Caller,
        name: str = "",
        email: str = "",
        language: str = "",
        without_password: bool = False,
    ) -> NewPerson:
        """Somebody new, with a one-time password that is shown this once and works for a week.

        `without_password` for who will choose one by an invitation.
        """
        login = checked_login(login)
        check_may_grant(by, role)
        email = checked_email(email) or (login if _EMAIL.fullmatch(login) else "")
        if without_password and not email:
            raise Invalid("An invitation is mailed: say to which address.", field="email")
        password = "" if without_password else new_secret(20)
        password_hash = await self._passwords.hash(password) if password else ""
        now = self._clock.now()
        expires_at = now + timedelta(days=ONE_TIME_PASSWORD_DAYS)
        person = Person(
            id=PersonId(new_id()),
            tenant_id=tenant_id,
            login=login,
            name=name.strip(),
            email=email,
            role=role,
            must_change_password=not without_password,
            password_expires_at=None if without_password else expires_at,
            created_at=now,
            language=checked_language(language),
            email_confirmed=bool(email),
        )

        def add(connection: Connection, changes: ChangeSet) -> None:
            if store.person_by_login(connection, login) is not None:
                raise Conflict(f"Somebody signs in as {login} already: choose another name.", field="login")
            changes.write(store.INSERT_PERSON, person_row(person, password_hash))
            changes.emit(
                PersonAdded(
                    tenant_id=tenant_id,
                    happened_at=now,
                    person_id=person.id,
                    login=login,
                    role=role,
                    by=by.label,
                )
            )

        await self._database.decide(add, tenant_id)
        return NewPerson(person=person, one_time_password=password, expires_at=expires_at)

    async def get(self, tenant_id: TenantId, person_id: PersonId) -> Person:
        found = await self._database.read(lambda connection: store.person(connection, tenant_id, person_id))
        return _known(found)

    async def list(self, tenant_id: TenantId, *, after: str = "", limit: int = 100) -> list[Person]:
        """By login, those after `after`."""
        return await self._database.read(
            lambda connection: store.people_of(connection, tenant_id, after=after, limit=limit)
        )

    async def change(
        self,
        tenant_id: TenantId,
        person_id: PersonId,
        *,
        by: Caller,
        name: str | None = None,
        email: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
    ) -> Person:
        """What is given changes. Who loses a right or access is signed out at once."""
        if role is not None:
            check_may_grant(by, role)
        now = self._clock.now()

        def change(before: Person, connection: Connection, changes: ChangeSet) -> Person:
            check_may_touch(by, before)
            after = msgspec.structs.replace(
                before,
                name=before.name if name is None else name.strip(),
                email=before.email if email is None else checked_email(email),
                role=before.role if role is None else role,
                active=before.active if active is None else active,
                # What an administrator writes is believed.
                email_confirmed=before.email_confirmed if email is None else bool(email.strip()),
            )
            what = tuple(
                field
                for field in ("name", "email", "role", "active")
                if getattr(before, field) != getattr(after, field)
            )
            if not what:
                return before
            if (
                before.role is Role.OWNER
                and before.active
                and (after.role is not Role.OWNER or not after.active)
            ):
                check_an_owner_remains(connection, tenant_id)
            changes.write(store.CHANGE_PERSON, changed_row(after))
            if not after.active or after.email != before.email:
                # What was mailed to the old address opens nothing any more.
                changes.write(ticket_store.DELETE_OF_PERSON, (tenant_id, person_id))
                changes.write(store.SET_INVITED, (None, tenant_id, person_id))
            if not after.active:
                changes.write(store.DELETE_LOGINS_OF_PERSON, (tenant_id, person_id))
            changes.emit(_changed(after, what, by=by, now=now))
            return after

        return await self._decide(tenant_id, person_id, change)

    async def change_self(
        self,
        tenant_id: TenantId,
        person_id: PersonId,
        *,
        name: str | None = None,
        email: str | None = None,
        language: str | None = None,
        time_zone: str | None = None,
    ) -> Person:
        """What people change of themselves. An address of their own choosing is not yet known to be theirs."""
        now = self._clock.now()
        email = None if email is None else checked_email(email)
        language = None if language is None else checked_language(language)
        time_zone = None if time_zone is None else await asyncio.to_thread(checked_time_zone, time_zone)

        def change(before: Person, connection: Connection, changes: ChangeSet) -> Person:
            after = msgspec.structs.replace(
                before,
                name=before.name if name is None else name.strip(),
                email=before.email if email is None else email,
                language=before.language if language is None else language,
                time_zone=before.time_zone if time_zone is None else time_zone,
            )
            what = tuple(
                field
                for field in ("name", "email", "language", "time_zone")
                if getattr(before, field) != getattr(after, field)
            )
            if "email" in what:
                after = msgspec.structs.replace(after, email_confirmed=False)
                changes.write(ticket_store.DELETE_OF_PERSON, (tenant_id, person_id))
            if what:
                changes.write(store.CHANGE_PERSON, changed_row(after))
            if told := tuple(field for field in what if field in ("name", "email")):
                changes.emit(
                    PersonChanged(
                        tenant_id=tenant_id,
                        happened_at=now,
                        person_id=person_id,
                        login=before.login,
                        what=told,
                        by=f"person:{before.login}",
                    )
                )
            return after

        return await self._decide(tenant_id, person_id, change)

    async def preferences(self, tenant_id: TenantId, person_id: PersonId) -> bytes:
        """What pages keep for a person: one JSON object."""
        found = await self._database.read(
            lambda connection: factor_store.preferences_of(connection, tenant_id, person_id)
        )
        return (found or "{}").encode()

    async def keep_preferences(self, tenant_id: TenantId, person_id: PersonId, value: dict[str, Any]) -> None:
        told = msgspec.json.encode(value)
        if len(told) > PREFERENCES_MAX_BYTES:
            raise Invalid(f"Preferences take at most {PREFERENCES_MAX_BYTES // 1024} KB as JSON.")
        now = micros(self._clock.now())
        changes = ChangeSet(tenant_id)
        changes.write(factor_store.SET_PREFERENCES, (tenant_id, person_id, told.decode(), now))
        await self._database.commit(changes)

    async def new_one_time_password(
        self, tenant_id: TenantId, person_id: PersonId, *, by: Caller
    ) -> NewPerson:
        """Replace a forgotten password; every session of the person ends."""
        password = new_secret(20)
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        expires_at = now + timedelta(days=ONE_TIME_PASSWORD_DAYS)

        def replace(before: Person, connection: Connection, changes: ChangeSet) -> Person:
            check_may_touch(by, before)
            changes.write(store.SET_PASSWORD, (password_hash, True, micros(expires_at), tenant_id, person_id))
            changes.write(store.SET_INVITED, (None, tenant_id, person_id))
            changes.write(ticket_store.DELETE_OF_PERSON, (tenant_id, person_id))
            changes.write(store.DELETE_LOGINS_OF_PERSON, (tenant_id, person_id))
            changes.emit(_changed(before, ("one_time_password",), by=by, now=now))
            return before

        await self._decide(tenant_id, person_id, replace)
        person = await self.get(tenant_id, person_id)
        return NewPerson(person=person, one_time_password=password, expires_at=expires_at)

    async def change_password(
        self, tenant_id: TenantId, person_id: PersonId, *, current: str, new: str
    ) -> None:
        """A person's own password; all their sessions end, so whoever calls this signs them in again."""
        found = await self._database.read(
            lambda connection: store.person_with_password(connection, tenant_id, person_id)
        )
        if found is None:
            raise NotFound("There is no such person in this organisation.")
        person, expected = found
        if not await self._passwords.check(current, expected):
            raise Invalid("The current password is not right.", field="current_password")
        if current == new:
            raise Invalid("Choose a password that differs from the current one.", field="new_password")
        check_acceptable(new, login=person.login)
        password_hash = await self._passwords.hash(new)
        changes = ChangeSet(tenant_id)
        changes.write(store.SET_PASSWORD, (password_hash, False, None, tenant_id, person_id))
        changes.write(store.DELETE_LOGINS_OF_PERSON, (tenant_id, person_id))
        # A link to set it that is still on its way must not undo this.
        changes.write(ticket_store.DELETE_OF_PERSON, (tenant_id, person_id))
        changes.emit(
            PasswordChanged(
                tenant_id=tenant_id, happened_at=self._clock.now(), person_id=person_id, login=person.login
            )
        )
        await self._database.commit(changes)
        self._callers.clear()

    async def remove(self, tenant_id: TenantId, person_id: PersonId, *, by: Caller) -> None:
        now = self._clock.now()

        def remove(before: Person, connection: Connection, changes: ChangeSet) -> Person:
            check_may_touch(by, before)
            if before.role is Role.OWNER and before.active:
                check_an_owner_remains(connection, tenant_id)
            changes.write(store.DELETE_LOGINS_OF_PERSON, (tenant_id, person_id))
            for write in OF_PERSON:
                changes.write(write, (tenant_id, person_id))
            changes.write(store.DELETE_PERSON, (tenant_id, person_id))
            changes.emit(
                PersonRemoved(
                    tenant_id=tenant_id, happened_at=now, person_id=person_id, login=before.login, by=by.label
                )
            )
            return before

        await self._decide(tenant_id, person_id, remove)

    async def _decide(
        self,
        tenant_id: TenantId,
        person_id: PersonId,
        verb: Callable[[Person, Connection, ChangeSet], Person],
    ) -> Person:
        def with_person(connection: Connection, changes: ChangeSet) -> Person:
            return verb(_known(store.person(connection, tenant_id, person_id)), connection, changes)

        person = await self._database.decide(with_person, tenant_id)
        self._callers.clear()
        return person


def checked_login(login: str) -> str:
    """The login as kept: without surrounding space, in lower case, so that nobody is there twice."""
    login = login.strip().casefold()
    if not _LOGIN.fullmatch(login):
        raise Invalid(
            "A login is an e-mail address or a name of 2 to 120 characters without spaces.", field="login"
        )
    return login


def person_row(person: Person, password_hash: str) -> tuple[Any, ...]:
    return (
        person.id,
        person.tenant_id,
        person.login,
        person.name,
        person.email,
        person.role.value,
        person.active,
        password_hash,
        person.must_change_password,
        None if person.password_expires_at is None else micros(person.password_expires_at),
        micros(person.created_at),
        None if person.last_login_at is None else micros(person.last_login_at),
        person.language,
        person.time_zone,
        person.second_factor,
        None if person.invited_until is None else micros(person.invited_until),
        person.email_confirmed,
    )


def changed_row(person: Person) -> tuple[Any, ...]:
    return (
        person.name,
        person.email,
        person.role.value,
        person.active,
        person.language,
        person.time_zone,
        person.email_confirmed,
        person.tenant_id,
        person.id,
    )


def _known(person: Person | None) -> Person:
    if person is None:
        raise NotFound("There is no such person in this organisation.")
    return person


def known_person(connection: Connection, tenant_id: TenantId, person_id: PersonId) -> Person:
    return _known(store.person(connection, tenant_id, person_id))


def checked_email(email: str, *, field: str = "email") -> str:
    """An address as mail can be sent to, or empty; Invalid otherwise."""
    email = email.strip()
    if email and not _EMAIL.fullmatch(email):
        raise Invalid("This is no e-mail address, as in ada@example.com.", field=field)
    return email


def checked_language(language: str) -> str:
    """A language tag as browsers know them (`de`, `pt-BR`), or empty."""
    if language and not _LANGUAGE.fullmatch(language):
        raise Invalid("This is no language, as in en or pt-BR.", field="language")
    return language


def checked_time_zone(name: str) -> str:
    """A zone of the IANA database, or empty."""
    # The database is files: what could be a path elsewhere is not looked up.
    if name and not (_ZONE.fullmatch(name) and name in _zones()):
        raise Invalid("This is no time zone, as in Europe/Berlin.", field="time_zone")
    return name


@cache
def _zones() -> frozenset[str]:
    # Reading what zones there are goes through hundreds of files.
    return frozenset(zoneinfo.available_timezones())


def check_may_grant(by: Caller, role: Role) -> None:
    if Permission.PEOPLE_MANAGE in by.permissions and may_grant(by.permissions, role):
        return
    raise NotAllowed(f"The role {by.role.value} may not give the role {role.value}.", field="role")


def check_may_touch(by: Caller, person: Person) -> None:
    if not PERMISSIONS[person.role] <= by.permissions:
        raise NotAllowed(
            f"The role {by.role.value} may not change a person with the role {person.role.value}."
        )


def check_an_owner_remains(connection: Connection, tenant_id: TenantId) -> None:
    if store.active_owners(connection, tenant_id) <= 1:
        raise Conflict("This is the organisation's last owner: make somebody else owner first.")


def _changed(person: Person, what: tuple[str, ...], *, by: Caller, now: Any) -> PersonChanged:
    return PersonChanged(
        tenant_id=person.tenant_id,
        happened_at=now,
        person_id=person.id,
        login=person.login,
        what=what,
        by=by.label,
    )
