"""People of an organisation: added with a one-time password, changed, removed; never without an owner."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.crypto import new_secret
from currant.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from currant.kit.ids import PersonId, TenantId, new_id
from currant.tenancy import store
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
_LOGIN = re.compile(r"[^\s\x00-\x1f\x7f]{2,120}")


class People:
    def __init__(self, database: Database, clock: Clock, passwords: Passwords, callers: CallerCache) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._callers = callers

    async def add(
        self, tenant_id: TenantId, *, login: str, role: Role, by: Caller, name: str = "", email: str = ""
    ) -> NewPerson:
        """Somebody new, with a one-time password that is shown this once and works for a week."""
        login = checked_login(login)
        _check_may_grant(by, role)
        password = new_secret(20)
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        expires_at = now + timedelta(days=ONE_TIME_PASSWORD_DAYS)
        person = Person(
            id=PersonId(new_id()),
            tenant_id=tenant_id,
            login=login,
            name=name.strip(),
            email=email.strip() or (login if "@" in login else ""),
            role=role,
            must_change_password=True,
            password_expires_at=expires_at,
            created_at=now,
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
            _check_may_grant(by, role)
        now = self._clock.now()

        def change(before: Person, connection: Connection, changes: ChangeSet) -> Person:
            _check_may_touch(by, before)
            after = Person(
                id=before.id,
                tenant_id=tenant_id,
                login=before.login,
                name=before.name if name is None else name.strip(),
                email=before.email if email is None else email.strip(),
                role=before.role if role is None else role,
                active=before.active if active is None else active,
                must_change_password=before.must_change_password,
                password_expires_at=before.password_expires_at,
                created_at=before.created_at,
                last_login_at=before.last_login_at,
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
                _check_an_owner_remains(connection, tenant_id)
            changes.write(
                store.CHANGE_PERSON,
                (after.name, after.email, after.role.value, after.active, tenant_id, person_id),
            )
            if not after.active:
                changes.write(store.DELETE_LOGINS_OF_PERSON, (tenant_id, person_id))
            changes.emit(_changed(after, what, by=by, now=now))
            return after

        return await self._decide(tenant_id, person_id, change)

    async def new_one_time_password(
        self, tenant_id: TenantId, person_id: PersonId, *, by: Caller
    ) -> NewPerson:
        """Replace a forgotten password; every session of the person ends."""
        password = new_secret(20)
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        expires_at = now + timedelta(days=ONE_TIME_PASSWORD_DAYS)

        def replace(before: Person, connection: Connection, changes: ChangeSet) -> Person:
            _check_may_touch(by, before)
            changes.write(store.SET_PASSWORD, (password_hash, True, micros(expires_at), tenant_id, person_id))
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
            _check_may_touch(by, before)
            if before.role is Role.OWNER and before.active:
                _check_an_owner_remains(connection, tenant_id)
            changes.write(store.DELETE_LOGINS_OF_PERSON, (tenant_id, person_id))
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
    )


def _known(person: Person | None) -> Person:
    if person is None:
        raise NotFound("There is no such person in this organisation.")
    return person


def _check_may_grant(by: Caller, role: Role) -> None:
    if Permission.PEOPLE_MANAGE in by.permissions and may_grant(by.permissions, role):
        return
    raise NotAllowed(f"The role {by.role.value} may not give the role {role.value}.", field="role")


def _check_may_touch(by: Caller, person: Person) -> None:
    if not PERMISSIONS[person.role] <= by.permissions:
        raise NotAllowed(
            f"The role {by.role.value} may not change a person with the role {person.role.value}."
        )


def _check_an_owner_remains(connection: Connection, tenant_id: TenantId) -> None:
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
