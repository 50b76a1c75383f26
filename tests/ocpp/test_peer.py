"""The conversation: one call at a time each way, repeats, lateness, and what is malformed."""

import gc
import json
import sys
import weakref
from typing import Any

import pytest

from currant.ocpp import v16, v201
from currant.ocpp.catalogue import Version
from currant.ocpp.errors import Disconnected, ErrorCode, TooManyCallsWaiting, Unsendable
from currant.ocpp.peer import (
    ANSWERS_KEPT_MAX,
    CALLS_WAITING_MAX,
    INBOUND_WAITING_MAX,
    Answered,
    Answers,
    Called,
    Failed,
    Ignored,
    Peer,
    Queued,
    Repeated,
    ResultRejected,
    SendReceived,
)

V16, V201, V21 = Version.V16, Version.V201, Version.V21
ALL = pytest.mark.parametrize("version", list(Version))

RESET = v16.Reset(type="Soft")
START = b'{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-01-31T12:00:00Z"}'
STOP = b'{"transactionId":1,"meterStop":9,"timestamp":"2026-01-31T13:00:00Z"}'


class Line:
    """A peer and what it sent."""

    def __init__(self, version: Version = V16, answered: Answers | None = None) -> None:
        self.sent: list[bytes] = []
        self.peer = Peer(version, self.sent.append, answered=answered)

    def receives(self, data: bytes, now: float = 0) -> Any:
        return self.peer.receive(data, now=now)

    def calls(self, now: float = 0, deadline_s: float = 30, context: Any = None) -> str:
        return self.peer.call("Reset", b'{"type":"Soft"}', now=now, deadline_s=deadline_s, context=context)

    def frames(self) -> list[Any]:
        return [json.loads(data) for data in self.sent]


def call(message_id: str, action: str = "Heartbeat", payload: bytes = b"{}") -> bytes:
    return b'[2,"%b","%b",%b]' % (message_id.encode(), action.encode(), payload)


def test_a_call_of_the_station_is_handed_out_and_answered_under_its_own_id() -> None:
    line = Line()
    for token in (b'"a"', b"17", b"12345678901234567890", b"null", rb'"\u0041"'):
        event = line.receives(b'[2,%b,"Heartbeat",{}]' % token)
        assert isinstance(event, Called)
        assert event.action == "Heartbeat"
        assert line.peer.answer(event.message_id, b"{}")
        assert line.sent.pop() == b"[3,%b,{}]" % token


def test_an_answer_is_written_from_a_message_too() -> None:
    line = Line()
    event = line.receives(call("1", "Authorize", b'{"idTag":"A"}'))
    line.peer.answer(event.message_id, v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status="Accepted")))
    assert line.frames() == [[3, "1", {"idTagInfo": {"status": "Accepted"}}]]


def test_an_answer_that_breaks_the_schema_leaves_the_call_in_hand() -> None:
    line = Line()
    event = line.receives(call("1", "Authorize", b'{"idTag":"A"}'))
    wrong = v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status="Accepted", parent_id_tag="x" * 21))
    with pytest.raises(Unsendable):
        line.peer.answer(event.message_id, wrong)
    assert line.sent == []
    assert line.peer.refuse(event.message_id, ErrorCode.INTERNAL_ERROR)


def test_a_refusal_is_spelled_as_the_version_does() -> None:
    for version, code in [(V16, "OccurenceConstraintViolation"), (V201, "OccurrenceConstraintViolation")]:
        line = Line(version)
        event = line.receives(call("1"))
        line.peer.refuse(
            event.message_id, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "d" * 300, {"field": "x"}
        )
        assert line.frames() == [[4, "1", code, "d" * 255, {"field": "x"}]]


def test_a_call_is_answered_once() -> None:
    line = Line()
    event = line.receives(call("1"))
    assert line.peer.answer(event.message_id, b"{}")
    assert not line.peer.answer(event.message_id, b"{}")
    assert not line.peer.refuse(event.message_id, ErrorCode.GENERIC_ERROR)
    assert len(line.sent) == 1


def test_b9_pipelined_calls_are_handed_out_one_by_one_and_in_order() -> None:
    line = Line()
    first = line.receives(call("1"))
    assert [type(line.receives(call(str(number)))) for number in (2, 3)] == [Queued, Queued]
    assert line.peer.next_inbound() is None
    line.peer.answer(first.message_id, b"{}")
    assert line.peer.has_inbound
    for number in (2, 3):
        event = line.peer.next_inbound()
        assert isinstance(event, Called)
        assert event.message_id == b'"%d"' % number
        line.peer.answer(event.message_id, b"{}")
    assert line.peer.next_inbound() is None
    assert [frame[1] for frame in line.frames()] == ["1", "2", "3"]


def test_a_call_that_overtakes_waiting_ones_waits_too() -> None:
    line = Line()
    first = line.receives(call("1"))
    line.receives(call("2"))
    line.peer.answer(first.message_id, b"{}")
    assert isinstance(line.receives(call("3")), Queued)
    second = line.peer.next_inbound()
    assert isinstance(second, Called)
    assert second.message_id == b'"2"'


def test_too_many_pipelined_calls_are_refused() -> None:
    line = Line()
    line.receives(call("0"))
    for number in range(INBOUND_WAITING_MAX):
        assert isinstance(line.receives(call(str(number + 1))), Queued)
    assert line.receives(call("late")) == Ignored("too-many-calls", "Heartbeat", answered=True)
    assert line.frames()[0][:3] == [4, "late", "FormationViolation"]


def test_a_second_call_of_ours_waits_for_the_answer_to_the_first() -> None:
    line = Line()
    first, second = line.calls(), line.calls()
    assert [frame[1] for frame in line.frames()] == [first]
    event = line.receives(json.dumps([3, first, {"status": "Accepted"}]).encode())
    assert isinstance(event, Answered)
    assert (event.call.message_id, event.call.action) == (first, "Reset")
    assert bytes(event.payload) == b'{"status": "Accepted"}'
    assert [frame[1] for frame in line.frames()] == [first, second]


def test_b10_calls_may_cross() -> None:
    line = Line()
    ours = line.calls()
    theirs = line.receives(call(ours))
    assert isinstance(theirs, Called)
    line.peer.answer(theirs.message_id, b"{}")
    assert isinstance(line.receives(json.dumps([3, ours, {}]).encode()), Answered)


def test_a_context_comes_back_with_the_answer() -> None:
    line = Line()
    context = object()
    ours = line.calls(context=context)
    event = line.receives(json.dumps([3, ours, {}]).encode())
    assert event.call.context is context


def test_a_context_that_holds_its_own_answer_is_collected() -> None:
    class Waiting:
        outcome: Any = None

    line = Line()
    waiting = Waiting()
    gone = weakref.ref(waiting)
    ours = line.calls(context=waiting)
    waiting.outcome = line.receives(json.dumps([3, ours, {}]).encode())
    assert waiting.outcome.call.context is waiting
    del waiting
    gc.collect()
    assert gone() is None


def test_message_ids_are_short_and_never_used_twice() -> None:
    line, other = Line(), Line()
    ids = [line.calls() for _ in range(CALLS_WAITING_MAX)] + [other.calls() for _ in range(CALLS_WAITING_MAX)]
    assert len(set(ids)) == len(ids)
    assert max(map(len, ids)) <= 36


def test_calls_wait_up_to_a_limit() -> None:
    line = Line()
    for _ in range(CALLS_WAITING_MAX + 1):
        line.calls()
    with pytest.raises(TooManyCallsWaiting):
        line.calls()
    assert line.peer.calls_outstanding == CALLS_WAITING_MAX + 1


def test_a_call_that_breaks_the_schema_is_not_sent() -> None:
    line = Line()
    with pytest.raises(Unsendable):
        line.peer.call("ClearCache", RESET, now=0, deadline_s=30)
    with pytest.raises(Unsendable):
        line.peer.call(
            "UnlockConnector", v201.UnlockConnector(evse_id=1, connector_id=1), now=0, deadline_s=30
        )
    assert line.sent == []
    line.peer.call("Reset", RESET, now=0, deadline_s=30)
    assert line.frames()[0][2:] == ["Reset", {"type": "Soft"}]


def test_an_error_answers_a_call() -> None:
    line = Line()
    ours = line.calls()
    event = line.receives(json.dumps([4, ours, "OccurenceConstraintViolation", "why", {"a": 1}]).encode())
    assert isinstance(event, Failed)
    assert event.code is ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
    assert (event.written, event.description) == ("OccurenceConstraintViolation", "why")
    assert line.peer.calls_outstanding == 0


def test_b1_an_unreadable_answer_fails_its_call() -> None:
    line = Line()
    ours = line.calls()
    event = line.receives(b'[3,"%b",{"configurationKey":[}' % ours.encode())
    assert isinstance(event, Failed)
    assert event.code is ErrorCode.FORMAT_VIOLATION
    assert len(line.sent) == 1


def test_a_call_fails_when_its_deadline_passes_and_the_next_is_sent() -> None:
    line = Line()
    first, second = line.calls(deadline_s=30), line.calls(deadline_s=40)
    assert line.peer.next_deadline == 30
    assert line.peer.expire(29.9) == ()
    [event] = line.peer.expire(31)
    assert (event.call.message_id, event.queued) == (first, False)
    assert line.peer.next_deadline == 40
    assert [frame[1] for frame in line.frames()] == [first, second]


def test_a_call_whose_time_is_over_while_it_waits_is_never_sent() -> None:
    line = Line()
    first, second, third = line.calls(deadline_s=30), line.calls(deadline_s=10), line.calls(deadline_s=60)
    assert line.peer.next_deadline == 10
    [event] = line.peer.expire(10)
    assert (event.call.message_id, event.queued) == (second, True)
    assert isinstance(line.receives(json.dumps([3, first, {}]).encode()), Answered)
    assert [frame[1] for frame in line.frames()] == [first, third]


def test_an_answer_just_before_the_watch_does_not_send_what_is_over() -> None:
    line = Line()
    first, second = line.calls(deadline_s=30), line.calls(deadline_s=10)
    line.receives(json.dumps([3, first, {}]).encode(), now=11)
    assert [frame[1] for frame in line.frames()] == [first]
    [event] = line.peer.expire(12)
    assert (event.call.message_id, event.queued) == (second, True)
    assert line.peer.calls_outstanding == 0


@ALL
def test_b11_late_and_unknown_answers_harm_nothing(version: Version) -> None:
    line = Line(version)
    late = line.calls(deadline_s=30)
    line.peer.expire(30)
    ours = line.calls(now=30)
    sent = len(line.sent)
    for message_id in (late, "unheard-of", "", 17, None, [1]):
        for frame in ([3, message_id, {}], [4, message_id, "GenericError", "", {}]):
            assert line.receives(json.dumps(frame).encode()) == Ignored("answer-unasked")
    assert len(line.sent) == sent
    assert isinstance(line.receives(json.dumps([3, ours, {}]).encode()), Answered)


def test_a_second_answer_harms_nothing() -> None:
    line = Line()
    ours = line.calls()
    answer = json.dumps([3, ours, {}]).encode()
    assert isinstance(line.receives(answer), Answered)
    assert line.receives(answer) == Ignored("answer-unasked")


def test_a_lost_connection_fails_every_call() -> None:
    line = Line()
    ours = [line.calls() for _ in range(3)]
    assert [failed.call.message_id for failed in line.peer.lost()] == ours
    assert line.peer.lost() == ()
    assert line.peer.next_deadline is None


def test_nothing_is_sent_and_nothing_asked_over_a_lost_connection() -> None:
    line = Line(V201)
    event = line.receives(call("1"))
    line.peer.lost()
    with pytest.raises(Disconnected):
        line.calls()
    line.receives(b"hello")
    assert line.peer.refuse(event.message_id, ErrorCode.GENERIC_ERROR)
    assert line.sent == []


@pytest.mark.parametrize(("action", "content"), [("StartTransaction", START), ("StopTransaction", STOP)])
def test_a_repeated_transaction_message_gets_the_answer_it_got(action: str, content: bytes) -> None:
    line = Line()
    event = line.receives(call("1", action, content))
    line.peer.answer(event.message_id, b'{"transactionId":7}')
    for message_id in ("1", "2"):
        again = line.receives(call(message_id, action, content))
        assert again == Repeated(b'"%b"' % message_id.encode(), action, b'{"transactionId":7}')
        assert line.frames()[-1] == [3, message_id, {"transactionId": 7}]
    other = content.replace(b":9,", b":8,").replace(b":0,", b":3,")
    assert isinstance(line.receives(call("3", action, other)), Called)


@pytest.mark.parametrize("version", [V201, V21])
def test_a_repeated_transaction_event_gets_the_answer_it_got(version: Version) -> None:
    line = Line(version)
    contents = [b'{"seqNo":%d}' % number for number in range(ANSWERS_KEPT_MAX + 1)]
    for content in contents:
        event = line.receives(call("x", "TransactionEvent", content))
        line.peer.answer(event.message_id, content)
    for content in contents[1:]:
        assert isinstance(line.receives(call("y", "TransactionEvent", content)), Repeated)
        assert line.frames()[-1][2] == json.loads(content)
    # The oldest is forgotten: memory is bounded, and the session's own rules know a repeat too.
    assert isinstance(line.receives(call("z", "TransactionEvent", contents[0])), Called)


def test_a_repeat_is_known_again_after_a_reconnection() -> None:
    before = Line()
    event = before.receives(call("1", "StartTransaction", START))
    before.peer.lost()
    # The facts are durable only now; the answer reaches nobody, and is kept for the retry.
    assert before.peer.answer(event.message_id, b'{"transactionId":7}')
    assert before.sent == []
    after = Line(answered=before.peer.answered)
    assert isinstance(after.receives(call("1", "StartTransaction", START)), Repeated)
    assert after.frames() == [[3, "1", {"transactionId": 7}]]


def test_a_repeat_that_comes_before_its_answer_waits_for_it() -> None:
    line = Line()
    event = line.receives(call("1", "StartTransaction", START))
    assert isinstance(line.receives(call("2", "StartTransaction", START)), Queued)
    line.peer.answer(event.message_id, b'{"transactionId":7}')
    assert isinstance(line.peer.next_inbound(), Repeated)
    assert line.frames() == [[3, "1", {"transactionId": 7}], [3, "2", {"transactionId": 7}]]


def test_a_station_without_clock_and_meter_starts_twice_in_the_same_words() -> None:
    line = Line()
    start = b'{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"1970-01-01T00:00:00Z"}'
    stop = b'{"transactionId":0,"meterStop":0,"timestamp":"1970-01-01T00:00:00Z"}'
    for _ in range(3):
        for action, content in (("StartTransaction", start), ("StopTransaction", stop)):
            event = line.receives(call("1", action, content))
            assert isinstance(event, Called)
            line.peer.answer(event.message_id, b"{}")


def test_a_refused_message_is_looked_at_again() -> None:
    line = Line()
    event = line.receives(call("1", "StartTransaction", START))
    line.peer.refuse(event.message_id, ErrorCode.INTERNAL_ERROR)
    assert isinstance(line.receives(call("1", "StartTransaction", START)), Called)


def test_repeated_heartbeats_are_answered_with_the_time_it_is() -> None:
    line = Line()
    for _ in range(2):
        event = line.receives(call("same"))
        assert isinstance(event, Called)
        line.peer.answer(event.message_id, b"{}")


def test_b7_a_long_message_id_is_echoed_and_found() -> None:
    line = Line()
    event = line.receives(call("x" * 80))
    assert [finding.code for finding in event.findings] == ["message-id-too-long"]
    line.peer.answer(event.message_id, b"{}")
    assert line.frames() == [[3, "x" * 80, {}]]


def test_findings_of_a_repaired_frame_come_with_the_call() -> None:
    event = Line().receives(b'["2","1","Heartbeat"]')
    assert isinstance(event, Called)
    assert [finding.code for finding in event.findings] == ["message-type-not-a-number", "payload-missing"]


@pytest.mark.parametrize(
    ("version", "data", "answer"),
    [
        (V16, b"hello", None),
        (V201, b"hello", [4, "-1", "RpcFrameworkError"]),
        (V21, b"hello", [4, "-1", "RpcFrameworkError"]),
        (V16, b'[2,"5","Stop",{"a":,}]', [4, "5", "FormationViolation"]),
        (V201, b'[2,"5","Stop",{"a":,}]', [4, "5", "FormatViolation"]),
        (V16, b'[99,"5","Stop",{}]', None),
        (V201, b'[99,"5","Stop",{}]', [4, "5", "MessageTypeNotSupported"]),
        (V21, b'[99,"5","Stop",{}]', None),
        (V16, b'[6,"5","NotifyPeriodicEventStream",{}]', None),
    ],
)
def test_a_malformed_frame_is_answered_as_the_version_says(
    version: Version, data: bytes, answer: Any
) -> None:
    line = Line(version)
    event = line.receives(data)
    assert isinstance(event, Ignored)
    assert event.answered is (answer is not None)
    assert [frame[:3] for frame in line.frames()] == ([answer] if answer else [])
    assert isinstance(line.receives(call("1")), Called)


def test_a_send_is_taken_without_an_answer_even_while_a_call_is_in_hand() -> None:
    line = Line(V21)
    line.receives(call("1"))
    event = line.receives(b'[6,"2","NotifyPeriodicEventStream",{"id":1}]')
    assert event == SendReceived(b'"2"', "NotifyPeriodicEventStream", event.payload)
    assert line.sent == []


def test_a_send_of_ours_does_not_wait() -> None:
    line = Line(V21)
    line.calls()
    line.peer.send("NotifyPeriodicEventStream", b"{}")
    assert [frame[0] for frame in line.frames()] == [2, 6]


def test_only_2_1_is_told_that_its_answer_was_unusable() -> None:
    for version, frames in [(V16, 0), (V201, 0), (V21, 1)]:
        line = Line(version)
        ours = line.calls()
        event = line.receives(json.dumps([3, ours, {"status": 1}]).encode())
        assert line.peer.reject_result(event.call, ErrorCode.TYPE_CONSTRAINT_VIOLATION, "no") is (frames == 1)
        assert [frame for frame in line.frames() if frame[0] == 5] == [
            [5, ours, "TypeConstraintViolation", "no", {}]
        ] * frames


def test_a_station_can_say_that_our_answer_was_unusable() -> None:
    event = Line(V21).receives(b'[5,"9","FormatViolation","no",{}]')
    assert event == ResultRejected(b'"9"', ErrorCode.FORMAT_VIOLATION, "no")


def test_an_idle_peer_is_small() -> None:
    peer = Line().peer
    parts = [getattr(peer, name) for name in peer.__slots__ if name in ("_answered", "_inbound", "_waiting")]
    assert sys.getsizeof(peer) + sum(map(sys.getsizeof, parts)) < 500
