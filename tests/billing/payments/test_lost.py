"""What gets lost between us and a provider: questions, answers, messages, and the process itself."""

import asyncio
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection
from till import CALLED_BACK, GOOD, OWNER, TENANT, Till, eur

from currant.billing.ledger import AccountKind as A
from currant.billing.payments import machine
from currant.billing.payments.model import OperationState, PaymentMode, PaymentState
from currant.billing.payments.operations import GIVEN_UP_AFTER
from currant.billing.payments.sandbox_account import SIGNATURE, Message
from currant.billing.payments.signing import TOLERANCE_S
from currant.db.commits import ChangeSet
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, NotAllowed, NotFound
from currant.kit.http import signature
from services import fresh_database

S = PaymentState


@pytest.mark.parametrize("lost", ["question", "answer"])
async def test_a_lost_capture_is_asked_for_again_and_done_once(any_till: Till, lost: str) -> None:
    till = any_till
    payment = await till.held()
    till.sandbox.loses.append(lost)
    moved = await till.capture(payment, 3742)
    assert (moved.operation.state, moved.payment.captured) == (OperationState.INTENDED, 0)
    with pytest.raises(Conflict, match="has not answered"):
        await till.capture(payment, 3742, key="another")
    till.clock.advance(timedelta(minutes=2))
    await till.payments.reconcile()
    payment = await till.payments.get(TENANT, payment.id)
    assert (payment.state, payment.captured) == (S.CAPTURED, 3742)
    payment = await till.settle(payment)
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 3742
    page = await till.payments.balance(TENANT, "sandbox", since=till.clock.now() - timedelta(days=1))
    assert [line.gross for line in page.lines] == [3742]


@pytest.mark.parametrize("lost", ["question", "answer"])
async def test_a_lost_beginning_comes_true_later_with_one_payment_at_the_provider(
    till: Till, lost: str
) -> None:
    method = await till.stored()
    till.sandbox.loses.append(lost)
    payment = await till.begin(PaymentMode.POSTPAID, 1234, method_id=method.id)
    assert payment.state is S.CREATED
    till.clock.advance(timedelta(minutes=2))
    await till.payments.reconcile()
    payment = await till.payments.get(TENANT, payment.id)
    assert (payment.state, payment.captured) == (S.CAPTURED, 1234)
    page = await till.payments.balance(TENANT, "sandbox", since=till.clock.now() - timedelta(days=1))
    assert len(page.lines) == 1


@pytest.mark.parametrize("lost", ["question", "answer"])
async def test_what_was_lost_longer_than_the_provider_knows_keys_is_looked_for_first(
    till: Till, lost: str
) -> None:
    payment = await till.captured(3000)
    till.sandbox.loses.append(lost)
    await till.refund(payment, 1000)
    till.clock.advance(timedelta(days=3))
    await till.payments.reconcile()
    payment = await till.payments.get(TENANT, payment.id)
    assert (payment.refunded, len(payment.refunds)) == (1000, 1)


async def test_a_message_that_overtakes_the_answer_changes_nothing_twice(till: Till) -> None:
    payment = await till.held()
    till.sandbox.loses.append("answer")
    await till.capture(payment, 3742)
    payment = await till.settle(payment)
    assert payment.captured == 3742
    till.clock.advance(timedelta(minutes=2))
    await till.payments.reconcile()
    operations = await till.payments.operations_of(TENANT, payment.id)
    assert [each.state for each in operations] == [OperationState.DONE, OperationState.DONE]
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 3742


async def test_a_provider_that_never_answers_is_given_up_after_a_week(till: Till) -> None:
    method = await till.stored()
    till.sandbox.loses.extend(["question"] * 1000)
    payment = await till.begin(PaymentMode.POSTPAID, 1234, method_id=method.id)
    asked = 0
    while (await till.payments.get(TENANT, payment.id)).state is S.CREATED:
        till.clock.advance(timedelta(hours=6))
        asked += (await till.payments.reconcile()).operations
    payment = await till.payments.get(TENANT, payment.id)
    assert (payment.state, payment.failure) == (S.FAILED, "unanswered")
    assert GIVEN_UP_AFTER < till.clock.now() - payment.created_at <= GIVEN_UP_AFTER + timedelta(hours=6)
    # Every few hours at most, and not every moment of a week.
    assert 20 < asked < 40


async def test_money_moves_once_however_messages_come(till: Till) -> None:
    await till.set_up("mixed")
    payment = await till.held()
    payment = await till.later(timedelta(seconds=10), payment)
    await till.capture(payment, 3000)
    await till.refund(payment, 1000)
    payment = await till.later(timedelta(seconds=10), payment)
    assert (payment.captured, payment.refunded) == (3000, 1000)
    assert await till.balance(A.PSP_CLEARING, "sandbox") == 2000
    assert await till.kinds(payment) == [
        "PaymentWaits",
        "PaymentAuthorised",
        "PaymentCaptured",
        "PaymentRefunded",
    ]


async def test_without_any_message_the_provider_is_asked_from_time_to_time(till: Till) -> None:
    await till.set_up("never")
    payment = await till.begin()
    await till.sandbox.present(payment.reference, GOOD)
    till.clock.advance(timedelta(seconds=30))
    await till.payments.reconcile()
    assert (await till.payments.get(TENANT, payment.id)).state is S.AUTHORISED


async def test_a_dispute_of_which_no_message_came_is_found_in_the_providers_statement(till: Till) -> None:
    await till.set_up("never")
    payment = await till.begin(PaymentMode.TOP_UP, 2500)
    await till.sandbox.present(payment.reference, CALLED_BACK)
    await till.payments.refresh(TENANT, payment.id)
    till.clock.advance(timedelta(minutes=1))
    await till.sandbox.tick()
    await till.payments.reconcile()
    assert (await till.payments.get(TENANT, payment.id)).state is S.CAPTURED
    found = await till.payments.statements.compare(TENANT, "sandbox")
    assert (found.asked, found.unknown) == (1, ())
    assert (await till.payments.get(TENANT, payment.id)).state is S.DISPUTED
    assert (await till.payments.statements.compare(TENANT, "sandbox")).asked == 0


async def test_a_message_that_calls_a_payment_by_its_other_name_finds_it(till: Till) -> None:
    payment = await till.held()
    standing = await till.providers.of(TENANT, "sandbox").fetch(payment.reference)
    other = msgspec.structs.replace(standing, second_reference="pi_1")

    def rename(conn: Connection, changes: ChangeSet) -> None:
        after = machine.joined(payment, other, now=till.clock.now())
        till.payments.operations.record(conn, changes, payment, after)

    await till.database.decide(rename, TENANT)
    hook = till.providers.get(TENANT, "sandbox").hook
    headers, body = a_message(till, Message(id="evt_9", kind="charge.refunded", reference="pi_1"))
    await till.payments.webhooks.handle("sandbox", hook, headers, body)
    await till.work_off()
    page = await till.payments.webhooks.list_notices(TENANT)
    assert page.items[0].outcome == "authorised"


def a_message(
    till: Till, message: Message, *, age_s: int = 0, secret: str = ""
) -> tuple[dict[str, str], bytes]:
    body = msgspec.json.encode(message)
    at = int(till.clock.now().timestamp()) - age_s
    return {SIGNATURE: signature(body, secret=secret or "a secret of the sandbox", at=at)}, body


async def test_the_same_message_a_hundred_times_at_once_changes_things_once(any_till: Till) -> None:
    till = any_till
    payment = await till.begin(PaymentMode.TOP_UP, 2500)
    await till.sandbox.present(payment.reference, GOOD)
    hook = till.providers.get(TENANT, "sandbox").hook
    headers, body = a_message(till, Message(id="evt_1", kind="payment.captured", reference=payment.reference))
    taken = await asyncio.gather(
        *(till.payments.webhooks.handle("sandbox", hook, headers, body) for _ in range(100))
    )
    assert sum(each.new for each in taken) == 1
    await till.work_off()
    page = await till.payments.webhooks.list_notices(TENANT)
    assert [(each.event_id, each.outcome) for each in page.items] == [("evt_1", "captured")]
    assert await till.balance(A.WALLET, OWNER.id) == -2500
    assert (await till.kinds(payment)).count("PaymentCaptured") == 1


async def test_a_hundred_different_messages_of_the_same_fact_book_it_once(till: Till) -> None:
    payment = await till.begin(PaymentMode.TOP_UP, 2500)
    await till.sandbox.present(payment.reference, GOOD)
    hook = till.providers.get(TENANT, "sandbox").hook
    for number in range(100):
        message = Message(id=f"evt_{number}", kind="payment.captured", reference=payment.reference)
        await till.payments.webhooks.handle("sandbox", hook, *a_message(till, message))
    await till.work_off()
    assert await till.balance(A.WALLET, OWNER.id) == -2500
    assert (await till.kinds(payment)).count("PaymentCaptured") == 1


async def test_what_a_message_claims_is_never_believed(till: Till) -> None:
    payment = await till.begin()
    hook = till.providers.get(TENANT, "sandbox").hook
    claim = Message(id="evt_1", kind="payment.captured", reference=payment.reference, state="captured")
    await till.payments.webhooks.handle("sandbox", hook, *a_message(till, claim))
    await till.work_off()
    assert (await till.payments.get(TENANT, payment.id)).state is S.NEEDS_ACTION


async def test_messages_that_are_not_genuine_are_turned_away_and_not_kept(till: Till) -> None:
    hook = till.providers.get(TENANT, "sandbox").hook
    message = Message(id="evt_1", kind="payment.captured", reference="sb_1")
    good, body = a_message(till, message)
    for headers, told in (
        ({}, body),
        ({SIGNATURE: "t=1"}, body),
        ({SIGNATURE: "nonsense"}, body),
        (good, body + b" "),
        a_message(till, message, secret="another secret"),
        a_message(till, message, age_s=TOLERANCE_S + 1),
        a_message(till, message, age_s=-TOLERANCE_S - 1),
    ):
        with pytest.raises(NotAllowed, match="not genuine"):
            await till.payments.webhooks.handle("sandbox", hook, headers, told)
    with pytest.raises(NotFound):
        await till.payments.webhooks.handle("sandbox", "another-hook", good, body)
    with pytest.raises(NotFound):
        await till.payments.webhooks.handle("stripe", hook, good, body)
    assert (await till.payments.webhooks.list_notices(TENANT)).items == ()


async def test_a_message_may_come_to_the_plain_address_of_the_only_organisation(till: Till) -> None:
    headers, body = a_message(till, Message(id="evt_1", kind="payment.captured", reference="sb_1"))
    assert (await till.payments.webhooks.handle("sandbox", "", headers, body)).new
    await till.work_off()
    page = await till.payments.webhooks.list_notices(TENANT)
    assert page.items[0].outcome == "unknown"


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path

sys.path[:0] = {path!r}
from services import fresh_database
from till import TENANT, Till, eur
from currant.kit.clock import ManualClock
from currant.kit.ids import PaymentId

async def main():
    till = await Till(fresh_database(Path({file!r}))).open()
    provider = till.providers.of(TENANT, "sandbox")
    {prepare}
    asked = provider.{verb}
    async def and_die(*given, **named):
        if {when!r} == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        await asked(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    provider.{verb} = and_die
    await {act}

asyncio.run(main())
"""


async def killed(tmp_path: Path, *, verb: str, when: str, act: str, prepare: str = "pass") -> None:
    """Run a till in a process of its own, which is killed when it has asked the provider for something."""
    here = Path(__file__).parent
    script = KILLED.format(
        path=[str(here), str(here.parent.parent), str(here.parent.parent.parent / "src")],
        file=str(tmp_path / "currant.sqlite"),
        verb=verb,
        when=when,
        act=act,
        prepare=prepare,
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_server_killed_between_capture_and_booking_books_it_once_when_it_is_back(
    tmp_path: Path, when: str
) -> None:
    clock = ManualClock()
    till = await Till(fresh_database(tmp_path / "currant.sqlite"), clock).open()
    payment = await till.held()
    await till.database.close()

    act = f'till.payments.capture(TENANT, PaymentId("{payment.id}"), eur(3742), key="end")'
    await killed(tmp_path, verb="capture", when=when, act=act)

    back = await Till(fresh_database(tmp_path / "currant.sqlite"), clock).open()
    try:
        assert (await back.payments.get(TENANT, payment.id)).captured == 0
        assert await back.entries(payment) == []
        clock.advance(timedelta(minutes=2))
        await back.payments.reconcile()
        await back.settle(payment)
        assert (await back.payments.get(TENANT, payment.id)).captured == 3742
        assert await back.entries(payment) == ["captured:0-3742"]
        assert await back.balance(A.PSP_CLEARING, "sandbox") == 3742
        page = await back.payments.balance(TENANT, "sandbox", since=clock.now() - timedelta(days=1))
        assert [line.gross for line in page.lines] == [3742]
        again = await back.payments.capture(TENANT, payment.id, eur(3742), key="end")
        assert again.operation.state is OperationState.DONE
    finally:
        await back.database.close()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_server_killed_while_it_charged_a_stored_card_charges_it_once(
    tmp_path: Path, when: str
) -> None:
    clock = ManualClock()
    till = await Till(fresh_database(tmp_path / "currant.sqlite"), clock).open()
    method = await till.stored()
    await till.database.close()

    act = (
        'till.begin(__import__("currant.billing.payments.model", fromlist=["x"]).PaymentMode.POSTPAID, '
        f'1234, method_id="{method.id}", key="charge-1")'
    )
    await killed(tmp_path, verb="authorise", when=when, act=act)

    back = await Till(fresh_database(tmp_path / "currant.sqlite"), clock).open()
    try:
        # Whoever charges asks again with the same key, and gets the payment that was begun.
        payment = await back.begin(PaymentMode.POSTPAID, 1234, method_id=method.id, key="charge-1")
        clock.advance(timedelta(minutes=2))
        await back.payments.reconcile()
        payment = await back.settle(payment)
        assert (payment.state, payment.captured) == (S.CAPTURED, 1234)
        page = await back.payments.balance(TENANT, "sandbox", since=clock.now() - timedelta(days=1))
        assert [line.gross for line in page.lines] == [1234]
    finally:
        await back.database.close()
