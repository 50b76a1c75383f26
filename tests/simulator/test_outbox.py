"""What a station still has to say leaves in an order in which nothing waits for ever."""

from currant.ocpp import v16
from currant.simulator.outbox import URGENT_MAX, Letter, Outbox


def letter(action: str) -> Letter:
    return Letter(action, v16.Heartbeat)


def test_a_boot_overtakes_what_may_not_leave_before_it_is_answered() -> None:
    outbox = Outbox()
    outbox.post(letter("StatusNotification"))
    outbox.post(letter("BootNotification"))
    boot = outbox.take(0.0, boot_only=True)
    assert boot is not None
    assert boot.action == "BootNotification"
    assert outbox.take(0.0, boot_only=True) is None
    status = outbox.take(0.0, boot_only=False)
    assert status is not None
    assert status.action == "StatusNotification"


def test_a_boot_does_not_give_way_when_there_is_no_room() -> None:
    outbox = Outbox()
    outbox.post(letter("BootNotification"))
    for _ in range(2 * URGENT_MAX):
        outbox.post(letter("Heartbeat"))
    assert len(outbox.urgent) == URGENT_MAX
    assert outbox.urgent[0].action == "BootNotification"
