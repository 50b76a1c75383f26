"""Tenancy on a real database: first start, one-time passwords, sessions, keys, repeated requests."""

import os
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import CurrantError, Invalid
from currant.tenancy.idempotency import Claim, KeptAnswer, KeyReused, StillRunning
from currant.tenancy.local_key import FILE_NAME, ensure_local_key
from currant.tenancy.model import Caller, CallerKind, Role, SignedIn, SignInRefused
from currant.tenancy.service import Tenancy

KEY = b"an installation key of thirty-two"[:32]
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Network:
    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.tenancy = Tenancy(
            database, installation_key=KEY, clock=clock, local_key="local_secret", hasher=QUICK
        )

    async def sign_in(self, login: str, password: str, address: str = "192.0.2.1") -> SignedIn:
        return await self.tenancy.sign_in.sign_in(login=login, password=password, remote_address=address)

    async def owner(self) -> Caller:
        caller = await self.tenancy.caller_of_secret("local_secret", remote_address="127.0.0.1")
        assert caller is not None
        return caller


@pytest.fixture
async def network(database: Database) -> AsyncIterator[Network]:
    """Runs on SQLite and on PostgreSQL."""
    made = Network(database, ManualClock())
    yield made
    made.tenancy.close()


@pytest.fixture
async def small(sqlite_database: Database) -> AsyncIterator[Network]:
    made = Network(sqlite_database, ManualClock())
    yield made
    made.tenancy.close()


async def test_the_first_start_makes_an_administrator_whose_password_works_once(network: Network) -> None:
    first = await network.tenancy.prepare(organisation="Stadtwerke")
    assert first is not None
    signed_in = await network.sign_in(first.login, first.password)
    caller = await network.tenancy.caller_of_cookie(signed_in.cookie)
    assert caller is not None
    assert (caller.role, caller.must_change_password) == (Role.OWNER, True)
    people, person_id = network.tenancy.people, signed_in.person.id
    await people.change_password(
        caller.tenant_id, person_id, current=first.password, new="a long new password"
    )
    assert await network.tenancy.caller_of_cookie(signed_in.cookie) is None
    again = await network.sign_in(first.login, "a long new password")
    caller = await network.tenancy.caller_of_cookie(again.cookie)
    assert caller is not None
    assert not caller.must_change_password
    assert await network.tenancy.prepare() is None
    assert network.tenancy.organisations.host.name == "Stadtwerke"


async def test_a_restart_before_the_first_sign_in_makes_a_new_password_and_voids_the_old(
    small: Network,
) -> None:
    first = await small.tenancy.prepare()
    second = await Network(small.database, small.clock).tenancy.prepare()
    assert first is not None
    assert second is not None
    with pytest.raises(SignInRefused):
        await small.sign_in("admin", first.password)
    await small.sign_in("admin", second.password)


async def test_a_one_time_password_expires(small: Network) -> None:
    first = await small.tenancy.prepare()
    assert first is not None
    small.clock.advance(timedelta(hours=25))
    with pytest.raises(SignInRefused) as refused:
        await small.sign_in("admin", first.password)
    assert refused.value.reason == "password_expired"
    with pytest.raises(SignInRefused) as refused:
        await small.sign_in("admin", "not even right")
    assert refused.value.reason == "wrong_password"


async def test_a_session_ends_when_unused_and_after_a_week(small: Network) -> None:
    first = await small.tenancy.prepare()
    assert first is not None
    unused = await small.sign_in("admin", first.password)
    small.clock.advance(timedelta(hours=13))
    assert await small.tenancy.caller_of_cookie(unused.cookie) is None
    used = await small.sign_in("admin", first.password)
    for _ in range(16):
        small.clock.advance(timedelta(hours=10))
        assert await small.tenancy.caller_of_cookie(used.cookie) is not None
        # What is noted joins a coming batch; a commit makes that now.
        await small.tenancy.organisations.rename(
            small.tenancy.host_tenant_id, name="x", by=await small.owner()
        )
        await small.database.decide(lambda connection, changes: None, small.tenancy.host_tenant_id)
    small.clock.advance(timedelta(hours=10))
    assert await small.tenancy.caller_of_cookie(used.cookie) is None
    assert await small.tenancy.forget_expired() >= 1


async def test_guesses_from_many_addresses_are_slowed_by_login_and_many_logins_by_address(
    small: Network,
) -> None:
    first = await small.tenancy.prepare()
    assert first is not None
    for number in range(6):
        with pytest.raises(SignInRefused):
            await small.sign_in("admin", "guess", address=f"192.0.2.{number}")
    with pytest.raises(SignInRefused) as refused:
        await small.sign_in("admin", first.password, address="192.0.2.200")
    assert refused.value.reason == "too_many_attempts"
    small.clock.advance(timedelta(seconds=refused.value.retry_after_s))
    await small.sign_in("admin", first.password, address="192.0.2.200")
    reasons = []
    for number in range(25):
        with pytest.raises(SignInRefused) as refused:
            await small.sign_in(f"nobody{number}", "guess", address="198.51.100.1")
        reasons.append(refused.value.reason)
    assert reasons[0] == "unknown_login"
    assert reasons[-1] == "too_many_attempts"


async def test_a_person_has_a_bounded_number_of_sessions(small: Network) -> None:
    first = await small.tenancy.prepare()
    assert first is not None
    cookies = [(await small.sign_in("admin", first.password)).cookie for _ in range(22)]
    known = [await small.tenancy.caller_of_cookie(cookie) is not None for cookie in cookies]
    assert known == [False] * 2 + [True] * 20


async def test_the_local_key_opens_from_this_machine_alone(small: Network) -> None:
    await small.tenancy.prepare()
    for address, opens in (("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("", True)):
        caller = await small.tenancy.caller_of_secret("local_secret", remote_address=address)
        assert (caller is not None) == opens, address
    assert (await small.owner()).kind is CallerKind.LOCAL


async def test_a_key_is_kept_as_a_digest_and_noted_when_used(network: Network) -> None:
    await network.tenancy.prepare()
    owner = await network.owner()
    made = await network.tenancy.keys.make(owner.tenant_id, name="export", role=Role.INTEGRATION, by=owner)
    caller = await network.tenancy.caller_of_secret(made.secret, remote_address="192.0.2.1")
    assert caller is not None
    assert caller.label == "key:export"
    almost = made.secret[:-1] + ("a" if made.secret[-1] != "a" else "b")
    assert await network.tenancy.caller_of_secret(almost, remote_address="192.0.2.1") is None
    await network.tenancy.organisations.rename(owner.tenant_id, name="x", by=owner)
    revoked = await network.tenancy.keys.revoke(owner.tenant_id, made.key.id, by=owner)
    assert revoked.revoked_at is not None
    assert await network.tenancy.caller_of_secret(made.secret, remote_address="192.0.2.1") is None


async def test_a_login_is_unique_in_the_whole_installation(network: Network) -> None:
    await network.tenancy.prepare()
    owner = await network.owner()
    organisation, _ = await network.tenancy.organisations.create(
        name="Other", owner_login="ada@example.com", by=owner
    )
    with pytest.raises(CurrantError, match="signs in as"):
        await network.tenancy.people.add(
            owner.tenant_id, login="ADA@example.com", role=Role.SUPPORT, by=owner
        )
    with pytest.raises(Invalid):
        await network.tenancy.organisations.create(name="Third", owner_login="ada@example.com", by=owner)
    assert [p.login for p in await network.tenancy.people.list(organisation.id)] == ["ada@example.com"]


async def test_a_repeated_request_is_answered_from_the_first(network: Network) -> None:
    await network.tenancy.prepare()
    owner, idempotency = await network.owner(), network.tenancy.idempotency
    request = (b"POST", b"/commands", b"{}")
    claim = await idempotency.claim(owner, "k", request)
    assert isinstance(claim, Claim)
    with pytest.raises(StillRunning):
        await idempotency.claim(owner, "k", request)
    await idempotency.keep(claim, status=200, body=b'{"a":1}')
    assert await idempotency.claim(owner, "k", request) == KeptAnswer(status=200, body=b'{"a":1}')
    with pytest.raises(KeyReused):
        await idempotency.claim(owner, "k", (b"POST", b"/commands", b"other"))
    network.clock.advance(timedelta(hours=25))
    assert await network.tenancy.forget_expired() == 1
    assert isinstance(await idempotency.claim(owner, "k", request), Claim)


async def test_the_claim_of_a_process_that_died_is_free_again(small: Network) -> None:
    await small.tenancy.prepare()
    owner, idempotency = await small.owner(), small.tenancy.idempotency
    first = await idempotency.claim(owner, "k", (b"x",))
    small.clock.advance(timedelta(minutes=4))
    second = await idempotency.claim(owner, "k", (b"x",))
    assert isinstance(first, Claim)
    assert isinstance(second, Claim)
    # The one presumed dead comes back: its answer does not replace the second's claim.
    await idempotency.keep(first, status=200, body=b"late")
    with pytest.raises(StillRunning):
        await idempotency.claim(owner, "k", (b"x",))


def test_the_local_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    secret = ensure_local_key(folder)
    assert len(secret) > 40
    assert ensure_local_key(folder) == secret
    assert stat.S_IMODE(os.stat(folder / FILE_NAME).st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [FILE_NAME]
