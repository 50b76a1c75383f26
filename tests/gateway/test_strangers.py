"""Failures at the door are told once a minute and address, and what is kept of them is bounded."""

from currant.gateway.strangers import ADDRESSES_MAX, OTHERS, Strangers


def test_the_first_failure_is_told_at_once_and_more_after_a_minute() -> None:
    strangers = Strangers()
    first = strangers.note("192.0.2.1", "InvalidTLSVersion", "Old.", now=0)
    assert first is not None
    assert (first.address, first.kind, first.detail) == ("192.0.2.1", "InvalidTLSVersion", "Old.")
    assert [strangers.note("192.0.2.1", "InvalidTLSVersion", "Old.", now=n) for n in (1, 2, 3)] == [None] * 3
    assert strangers.due(59) == []
    [later] = strangers.due(60)
    assert later.detail == "3 more in the last minute; the last: Old."
    assert strangers.due(61) == []
    # A quiet minute, and it is forgotten.
    assert strangers.due(120) == []
    assert strangers.note("192.0.2.1", "InvalidTLSVersion", "Old.", now=121) is not None


def test_many_addresses_are_told_together() -> None:
    strangers = Strangers()
    told = [strangers.note(f"2001:db8::{n:x}", "TlsHandshakeFailed", "", now=0) for n in range(1_000)]
    assert len([notice for notice in told if notice is not None]) == ADDRESSES_MAX + 1
    [together] = strangers.due(60)
    assert together.address == OTHERS
