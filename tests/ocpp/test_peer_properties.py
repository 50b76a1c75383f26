"""Two peers over a line that delivers, loses and repeats frames, and one that hears anything at all."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from currant.ocpp.catalogue import Version
from currant.ocpp.peer import (
    CALLS_WAITING_MAX,
    Answered,
    Called,
    Failed,
    OutboundCall,
    Peer,
    Repeated,
    Unanswered,
)

HEARTBEAT = b'[2,"1","Heartbeat",{}]'

steps = st.lists(
    st.sampled_from(["left calls", "right calls", "deliver", "deliver", "lose", "repeat", "wait"]),
    max_size=80,
)


def answer_all(peer: Peer, event: Any) -> int:
    handed_out = 0
    while isinstance(event, Called | Repeated):
        if isinstance(event, Called):
            handed_out += 1
            peer.answer(event.message_id, b'{"n":%d}' % handed_out)
        event = peer.next_inbound()
    return handed_out


@given(steps, st.sampled_from(list(Version)))
def test_every_call_ends_once_whatever_the_line_does(actions: list[str], version: Version) -> None:
    lines: list[list[bytes]] = [[], []]
    peers = [Peer(version, lines[0].append), Peer(version, lines[1].append)]
    called: list[list[str]] = [[], []]
    ended: list[list[str]] = [[], []]
    now = 0.0

    def end(side: int, event: Any) -> None:
        if isinstance(event, Answered | Failed | Unanswered):
            ended[side].append(event.call.message_id)

    def deliver(side: int, take: Callable[[list[bytes]], bytes]) -> None:
        if lines[side]:
            event = peers[1 - side].receive(take(lines[side]), now=now)
            end(1 - side, event)
            answer_all(peers[1 - side], event)

    for step in actions:
        now += 1
        match step:
            case "left calls" | "right calls":
                side = int(step == "right calls")
                if peers[side].calls_outstanding <= CALLS_WAITING_MAX:
                    called[side].append(peers[side].call("Heartbeat", b"{}", now=now, deadline_s=5))
            case "deliver":
                deliver(0, lambda line: line.pop(0))
                deliver(1, lambda line: line.pop(0))
            case "lose":
                for line in lines:
                    del line[:1]
            case "repeat":
                deliver(0, lambda line: line[0])
                deliver(1, lambda line: line[0])
            case _:
                now += 6
                for side in (0, 1):
                    for unanswered in peers[side].expire(now):
                        end(side, unanswered)
    for side in (0, 1):
        ended[side].extend(failed.call.message_id for failed in peers[side].lost())
        # Not always in order: what is over while it waits is passed by.
        assert sorted(ended[side]) == sorted(called[side])


@given(st.lists(st.integers(1, 3), max_size=30))
def test_retries_of_a_transaction_are_handed_out_once(attempts: list[int]) -> None:
    sent: list[bytes] = []
    peer = Peer(Version.V201, sent.append)
    seen: list[int] = []
    for number, times in enumerate(attempts):
        for attempt in range(times):
            payload = b'{"seqNo":%d}' % number
            frame = b'[2,"%d-%d","TransactionEvent",%b]' % (number, attempt, payload)
            event = peer.receive(frame, now=0)
            if isinstance(event, Called):
                seen.append(number)
                peer.answer(event.message_id, payload)
    assert seen == list(range(len(attempts)))
    assert len(sent) == sum(attempts)
    assert all(frame[2]["seqNo"] == int(frame[1].split("-")[0]) for frame in map(json.loads, sent))


@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([HEARTBEAT, b'[3,"1",{}]', b"[4]", b"[]", b"[2,[],{},[]]"])
    )
)
def test_no_frames_break_a_peer(frames: list[bytes]) -> None:
    for version in Version:
        sent: list[bytes] = []
        peer = Peer(version, sent.append)
        ours = peer.call("Reset", b'{"type":"Soft"}', now=0, deadline_s=30)
        for frame in frames:
            answer_all(peer, peer.receive(frame, now=0))
        assert peer.lost()[0].call == OutboundCall(ours, "Reset", b'{"type":"Soft"}', deadline=30)
