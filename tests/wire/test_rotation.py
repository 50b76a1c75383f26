"""Passwords changed over the link: a charger is never lost, whatever becomes of the answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from network import BY, PASSWORD, TENANT, client_context, until
from secure_chargers import Holder, holding
from securing import VERSIONS, Secure, fresh_authority, let_in, password, secure_network

from currant.kit.clock import ManualClock, SystemClock
from currant.kit.errors import Conflict, Invalid
from currant.pki.authority import Authority
from currant.stations.commanding.network import ConnectionProfile, SetNetworkProfile
from currant.stations.commanding.variables import SetVariables, Variable, VariableValue
from currant.stations.model import CommandStatus
from currant.stations.security import Credentials, sets_password
from currant.stations.security_model import PasswordStatus


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return fresh_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture
async def secure(tmp_path: Path, authority: Authority) -> AsyncIterator[Secure]:
    async with secure_network(tmp_path, authority) as built:
        yield built


async def comes_in(secure: Secure, holder: Holder, secret: str | bytes) -> bool:
    return await let_in(
        secure.net.tls_url,
        "CS-1",
        holder.version,
        ssl=client_context(secure.authority),
        **password("CS-1", secret),
    )


@pytest.mark.parametrize("version", VERSIONS)
async def test_old_and_new_are_taken_until_the_new_one_is_used(secure: Secure, version: str) -> None:
    holder = await holding(secure, version)
    offer = await secure.credentials.rotate(TENANT, "CS-1", by=BY)
    assert offer.status is PasswordStatus.ACCEPTED
    assert holder.password != PASSWORD
    await holder.close()
    assert await comes_in(secure, holder, PASSWORD)
    assert await comes_in(secure, holder, holder.password)
    assert not await comes_in(secure, holder, PASSWORD)
    # It is its password now, also for a server that starts anew.
    await secure.net.directory.load()
    assert await comes_in(secure, holder, holder.password)
    credential = await secure.credentials.of(TENANT, "CS-1")
    assert [each.status for each in credential.rotations] == [PasswordStatus.USED]
    assert credential.password_set_at is not None


async def test_a_1_6_charger_may_send_the_bytes_that_its_key_spells(secure: Secure) -> None:
    holder = await holding(secure, "1.6")
    await secure.credentials.rotate(TENANT, "CS-1", by=BY)
    await holder.close()
    assert len(holder.password) == 40
    assert await comes_in(secure, holder, bytes.fromhex(holder.password))
    assert not await comes_in(secure, holder, PASSWORD)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refused_password_is_forgotten(secure: Secure, version: str) -> None:
    holder = await holding(secure, version, "Rejected")
    offer = await secure.credentials.rotate(TENANT, "CS-1", by=BY)
    assert offer.status is PasswordStatus.REFUSED
    await holder.close()
    assert holder.given is not None
    assert not await comes_in(secure, holder, holder.given)
    assert await comes_in(secure, holder, PASSWORD)


@pytest.mark.parametrize("took_it", [True, False], ids=["taken", "not taken"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_lost_answer_loses_no_charger(secure: Secure, version: str, *, took_it: bool) -> None:
    holder = await holding(secure, version, None)
    offering = secure.credentials.rotate(TENANT, "CS-1", by=BY)
    # The line breaks before the answer.
    rotating = asyncio.create_task(offering)
    await until(lambda: holder.given is not None)
    await holder.close()
    offer = await rotating
    assert offer.status is PasswordStatus.UNANSWERED
    # Our memory does not matter: we may have been restarted meanwhile.
    await secure.credentials.load()
    assert holder.given is not None
    if took_it:
        assert await comes_in(secure, holder, holder.given)
        assert not await comes_in(secure, holder, PASSWORD)
    else:
        assert await comes_in(secure, holder, PASSWORD)
        assert await comes_in(secure, holder, PASSWORD)


async def test_the_password_stands_nowhere_in_clear(secure: Secure, tmp_path: Path) -> None:
    holder = await holding(secure, "2.0.1")
    await secure.credentials.rotate(TENANT, "CS-1", by=BY)
    await holder.close()
    log = await secure.net.log("CS-1", action="SetVariables")
    assert len(log) == 1
    [command] = [
        each
        for each in (await secure.net.commands.list(TENANT)).items
        if isinstance(each.command, SetVariables)
    ]
    kept = msgspec.json.encode([log, command]).decode()
    assert "***" in kept
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("currant.sqlite*"))
    assert b"BasicAuthPassword" in everything
    assert holder.password.encode() not in everything


async def test_a_password_that_an_operator_sends_is_masked_too(secure: Secure, tmp_path: Path) -> None:
    holder = await holding(secure, "1.6")
    secret = "00112233445566778899aabbccddeeff"
    wanted = SetVariables(values=(VariableValue(variable=Variable(name="AuthorizationKey"), value=secret),))
    record = await secure.net.commands.give(TENANT, "CS-1", wanted, by=BY)
    assert record.status is CommandStatus.ACCEPTED
    assert holder.password == secret
    assert secret not in msgspec.json.encode(record).decode()
    await secure.net.log("CS-1")
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("currant.sqlite*"))
    assert secret.encode() not in everything
    await holder.close()


@pytest.mark.parametrize(
    ("version", "chosen"),
    [
        ("1.6", "sixteen-chars-ok"),
        ("1.6", "00112233445566778899AABBCCDDEEFF"),
        ("2.0.1", "another-password-1"),
        ("2.1", "another-password-1"),
    ],
)
async def test_a_password_that_an_operator_chose_is_taken_like_a_random_one(
    secure: Secure, version: str, chosen: str
) -> None:
    holder = await holding(secure, version)
    variable = Variable(component="SecurityCtrlr", name="BasicAuthPassword")
    wanted = SetVariables(values=(VariableValue(variable=variable, value=chosen),))
    assert sets_password(wanted)
    record = await secure.credentials.give(TENANT, "CS-1", wanted, by=BY)
    assert record.status is CommandStatus.ACCEPTED
    assert chosen not in msgspec.json.encode(record).decode()
    await holder.close()
    # What the station was sent: 1.6 writes a password in hexadecimal digits, and may come with what they spell.
    given = bytes.fromhex(holder.password) if version == "1.6" else holder.password
    assert await comes_in(secure, holder, PASSWORD)
    assert await comes_in(secure, holder, given)
    assert not await comes_in(secure, holder, PASSWORD)
    assert await comes_in(secure, holder, holder.password)


async def test_a_password_in_a_connection_profile_opens_the_door_whenever_the_profile_is_used(
    secure: Secure,
) -> None:
    holder = await holding(secure, "2.1")
    holder.handlers["SetNetworkProfile"] = lambda _: {"status": "Accepted"}
    chosen = "a-password-of-a-profile"
    profile = ConnectionProfile(url=secure.net.tls_url, security_profile=2, version="2.1", password=chosen)
    wanted = SetNetworkProfile(slot=2, profile=profile)
    assert sets_password(wanted)
    record = await secure.credentials.give(TENANT, "CS-1", wanted, by=BY)
    assert record.status is CommandStatus.ACCEPTED
    assert chosen not in msgspec.json.encode(record).decode()
    credential = await secure.credentials.of(TENANT, "CS-1")
    assert [each.status for each in credential.rotations] == [PasswordStatus.STORED]
    await holder.close()
    # It goes on with the profile that it had, and may change to the new one at any time.
    assert await comes_in(secure, holder, PASSWORD)
    assert await comes_in(secure, holder, chosen)
    credential = await secure.credentials.of(TENANT, "CS-1")
    assert [each.status for each in credential.rotations] == [PasswordStatus.USED]


async def test_a_profile_that_is_never_used_changes_no_password(secure: Secure) -> None:
    holder = await holding(secure, "2.1")
    holder.handlers["SetNetworkProfile"] = lambda _: {"status": "Accepted"}
    profile = ConnectionProfile(
        url=secure.net.tls_url, security_profile=2, version="2.1", password="a-password-of-a-profile"
    )
    plain = ConnectionProfile(url=secure.net.tls_url, security_profile=2, version="2.1")
    assert not sets_password(SetNetworkProfile(slot=2, profile=plain))
    clock = ManualClock(SystemClock().now())
    credentials = Credentials(
        secure.net.database, secure.net.directory, secure.net.registry, secure.net.commands, clock
    )
    await credentials.give(TENANT, "CS-1", SetNetworkProfile(slot=2, profile=profile), by=BY)
    clock.advance(timedelta(days=31))
    assert await credentials.settle_old() == 1
    credential = await credentials.of(TENANT, "CS-1")
    assert [each.status for each in credential.rotations] == [PasswordStatus.LAPSED]
    await holder.close()
    assert await comes_in(secure, holder, PASSWORD)


async def test_a_chosen_password_goes_alone_and_to_a_connected_station(secure: Secure) -> None:
    holder = await holding(secure, "2.0.1")
    password_of = VariableValue(
        variable=Variable(component="securityctrlr", name="basicAuthPassword"), value="another-password-1"
    )
    other = VariableValue(variable=Variable(component="OCPPCommCtrlr", name="HeartbeatInterval"), value="60")
    with pytest.raises(Invalid, match="by itself"):
        await secure.credentials.give(TENANT, "CS-1", SetVariables(values=(password_of, other)), by=BY)
    assert not sets_password(SetVariables(values=(other,)))
    await holder.close()
    await until(lambda: len(secure.net.registry) == 0)
    record = await secure.credentials.give(TENANT, "CS-1", SetVariables(values=(password_of,)), by=BY)
    assert record.status is CommandStatus.OFFLINE
    assert holder.given is None
    assert not await comes_in(secure, holder, "another-password-1")


async def test_new_passwords_of_unknown_fate_do_not_pile_up(secure: Secure) -> None:
    holder = await holding(secure, "2.0.1")
    for _ in range(3):
        await secure.credentials.rotate(TENANT, "CS-1", by=BY)
    with pytest.raises(Conflict, match="connect anew"):
        await secure.credentials.rotate(TENANT, "CS-1", by=BY)
    await holder.close()
    assert await comes_in(secure, holder, holder.password)
    assert not secure.credentials.has_offers(
        (await secure.net.inventory.get_station(TENANT, "CS-1")).station.id
    )
    with pytest.raises(Conflict, match="not connected"):
        await secure.credentials.rotate(TENANT, "CS-1", by=BY)


async def test_a_password_set_by_hand_ends_what_was_offered(secure: Secure) -> None:
    holder = await holding(secure, "2.0.1")
    await secure.credentials.rotate(TENANT, "CS-1", by=BY)
    await secure.net.admissions.set_password(TENANT, "CS-1", "another-password-1", by=BY)
    await secure.credentials.load()
    assert not await comes_in(secure, holder, holder.password)
    assert await comes_in(secure, holder, "another-password-1")
    await holder.close()


@pytest.mark.parametrize("seen_with_old", [True, False])
async def test_after_its_time_the_password_that_was_seen_is_the_one(
    secure: Secure, *, seen_with_old: bool
) -> None:
    holder = await holding(secure, "2.0.1")
    await secure.credentials.rotate(TENANT, "CS-1", by=BY)
    await holder.close()
    if seen_with_old:
        assert await comes_in(secure, holder, PASSWORD)
    later = ManualClock(SystemClock().now() + timedelta(days=31))
    net = secure.net
    afterwards = Credentials(net.database, net.directory, net.registry, net.commands, later)
    await net.flush()
    await afterwards.load()
    assert await afterwards.settle_old() == 1
    await secure.credentials.load()
    assert await comes_in(secure, holder, PASSWORD) == seen_with_old
    assert await comes_in(secure, holder, holder.password) != seen_with_old
