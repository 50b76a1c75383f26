"""Organisations: the one an installation starts with, and those its owner makes for others."""

from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.crypto import new_secret
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import PersonId, TenantId, new_id
from currant.tenancy import store
from currant.tenancy.callers import CallerCache
from currant.tenancy.model import (
    Caller,
    CallerKind,
    FirstLogin,
    NewPerson,
    Organisation,
    OrganisationCreated,
    OrganisationRenamed,
    Person,
    PersonAdded,
    Role,
    SecondFactorRequired,
)
from currant.tenancy.passwords import Passwords
from currant.tenancy.people import ONE_TIME_PASSWORD_DAYS, checked_login, person_row

FIRST_PASSWORD_HOURS = 24


class Organisations:
    def __init__(self, database: Database, clock: Clock, passwords: Passwords, callers: CallerCache) -> None:
        self._callers = callers
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._host: Organisation | None = None
        self._signed_in_once = False

    @property
    def host(self) -> Organisation:
        """The installation's own organisation; known after `prepare`."""
        assert self._host is not None, "Tenancy.prepare() comes first."
        return self._host

    async def prepare(self, *, name: str, administrator: str) -> FirstLogin | None:
        """Make the host organisation and its administrator, or find them.

        Returns a one-time password as long as the administrator never signed in with one: each start
        makes a new one, because the last was printed on a screen that may be gone.
        """
        password = new_secret(20)
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        expires_at = now + timedelta(hours=FIRST_PASSWORD_HOURS)

        def first_start(connection: Connection, changes: ChangeSet) -> tuple[Organisation, bool]:
            host = store.host_organisation(connection)
            if host is not None:
                found = store.person_by_login(connection, administrator)
                if found is None or found[0].last_login_at is not None or not found[0].must_change_password:
                    return host, False
                row = (password_hash, True, micros(expires_at), found[0].tenant_id, found[0].id)
                changes.write(store.SET_PASSWORD, row)
                return host, True
            host = Organisation(id=tenant_id, name=name, host=True, created_at=now)
            changes.write(store.INSERT_ORGANISATION, (host.id, host.name, True, micros(now), False))
            changes.emit(OrganisationCreated(tenant_id=host.id, happened_at=now, name=name))
            person = Person(
                id=PersonId(new_id()),
                tenant_id=host.id,
                login=administrator,
                role=Role.OWNER,
                must_change_password=True,
                password_expires_at=expires_at,
                created_at=now,
            )
            _add_first_person(changes, person, password_hash, by="first start")
            return host, True

        # A change set belongs to one tenant, so the id is made before it is known whether it is needed.
        existing = await self._database.read(store.host_organisation)
        tenant_id = existing.id if existing else TenantId(new_id())
        self._host, made = await self._database.decide(first_start, tenant_id)
        return FirstLogin(login=administrator, password=password, expires_at=expires_at) if made else None

    async def is_first_run(self) -> bool:
        """Whether nobody of the installation's own organisation has ever signed in."""
        if self._signed_in_once:
            return False
        tenant_id = self.host.id
        self._signed_in_once = await self._database.read(
            lambda connection: store.has_anybody_signed_in(connection, tenant_id)
        )
        return not self._signed_in_once

    async def get(self, tenant_id: TenantId) -> Organisation:
        found = await self._database.read(lambda connection: store.organisation(connection, tenant_id))
        if found is None:
            raise NotFound("There is no such organisation.")
        return found

    async def list_all(self, *, after: str = "", limit: int = 100) -> list[Organisation]:
        return await self._database.read(
            lambda connection: store.all_organisations(connection, after=after, limit=limit)
        )

    async def create(self, *, name: str, owner_login: str, by: Caller) -> tuple[Organisation, NewPerson]:
        """A further organisation with its first owner, whose one-time password is returned this once."""
        name = _checked_name(name)
        login = checked_login(owner_login)
        password = new_secret(20)
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        expires_at = now + timedelta(days=ONE_TIME_PASSWORD_DAYS)
        organisation = Organisation(id=TenantId(new_id()), name=name, created_at=now)
        person = Person(
            id=PersonId(new_id()),
            tenant_id=organisation.id,
            login=login,
            email=login if "@" in login else "",
            role=Role.OWNER,
            must_change_password=True,
            password_expires_at=expires_at,
            created_at=now,
        )

        def create(connection: Connection, changes: ChangeSet) -> None:
            if store.person_by_login(connection, login) is not None:
                raise Invalid(
                    f"Somebody signs in as {login} already: choose another name.", field="owner_login"
                )
            changes.write(store.INSERT_ORGANISATION, (organisation.id, name, False, micros(now), False))
            changes.emit(
                OrganisationCreated(tenant_id=organisation.id, happened_at=now, name=name, by=by.label)
            )
            _add_first_person(changes, person, password_hash, by=by.label)

        await self._database.decide(create, organisation.id)
        return organisation, NewPerson(person=person, one_time_password=password, expires_at=expires_at)

    async def change(
        self,
        tenant_id: TenantId,
        *,
        by: Caller,
        name: str | None = None,
        require_second_factor: bool | None = None,
    ) -> Organisation:
        """What is given changes. Who requires a second factor of others has one."""
        name = None if name is None else _checked_name(name)
        now = self._clock.now()

        def change(connection: Connection, changes: ChangeSet) -> Organisation:
            before = store.organisation(connection, tenant_id)
            if before is None:
                raise NotFound("There is no such organisation.")
            after = msgspec.structs.replace(
                before,
                name=before.name if name is None else name,
                require_second_factor=before.require_second_factor
                if require_second_factor is None
                else require_second_factor,
            )
            if after.require_second_factor and not before.require_second_factor:
                person = (
                    store.person(connection, tenant_id, PersonId(by.id))
                    if by.kind is CallerKind.PERSON
                    else None
                )
                if person is not None and not person.second_factor:
                    raise Conflict(
                        "Set up a second factor for yourself first, or you would lock yourself out."
                    )
            if after.name != before.name:
                changes.emit(
                    OrganisationRenamed(tenant_id=tenant_id, happened_at=now, name=after.name, by=by.label)
                )
            if after.require_second_factor != before.require_second_factor:
                changes.emit(
                    SecondFactorRequired(
                        tenant_id=tenant_id,
                        happened_at=now,
                        required=after.require_second_factor,
                        by=by.label,
                    )
                )
            row = (after.name, after.require_second_factor, tenant_id)
            changes.write(store.CHANGE_ORGANISATION, row)
            return after

        changed = await self._database.decide(change, tenant_id)
        self._callers.clear()
        if changed.host:
            self._host = changed
        return changed

    async def rename(self, tenant_id: TenantId, *, name: str, by: Caller) -> Organisation:
        return await self.change(tenant_id, name=name, by=by)


def _add_first_person(changes: ChangeSet, person: Person, password_hash: str, *, by: str) -> None:
    changes.write(store.INSERT_PERSON, person_row(person, password_hash))
    changes.emit(
        PersonAdded(
            tenant_id=person.tenant_id,
            happened_at=person.created_at,
            person_id=person.id,
            login=person.login,
            role=person.role,
            by=by,
        )
    )


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 200:
        raise Invalid("A name has 1 to 200 characters.", field="name")
    return name
