"""The tables of actions: complete, and true to who sends what."""

from collections import Counter

from currant.ocpp.catalogue import ACTIONS, SUBPROTOCOLS, Party, Version


def test_each_version_knows_all_of_its_actions() -> None:
    assert {version.value: len(actions) for version, actions in ACTIONS.items()} == {
        "1.6": 39,
        "2.0.1": 64,
        "2.1": 91,
    }


def test_each_action_is_sent_by_whom_the_specification_says() -> None:
    senders = {
        version: Counter(spec.sent_by for spec in actions.values()) for version, actions in ACTIONS.items()
    }
    assert senders[Version.V16] == {Party.STATION: 13, Party.CSMS: 25, Party.BOTH: 1}
    assert senders[Version.V201] == {Party.STATION: 24, Party.CSMS: 39, Party.BOTH: 1}
    assert senders[Version.V21] == {Party.STATION: 36, Party.CSMS: 54, Party.BOTH: 1}


def test_types_are_named_after_their_action() -> None:
    for actions in ACTIONS.values():
        for name, spec in actions.items():
            assert spec.request.__name__ == name
            assert spec.response is None or spec.response.__name__ == f"{name}Response"


def test_only_what_is_sent_without_asking_has_no_answer() -> None:
    unanswered = [
        (v, name) for v, actions in ACTIONS.items() for name, spec in actions.items() if not spec.response
    ]
    assert unanswered == [(Version.V21, "NotifyPeriodicEventStream")]


def test_2_1_keeps_every_action_of_2_0_1() -> None:
    assert ACTIONS[Version.V201].keys() < ACTIONS[Version.V21].keys()


def test_a_version_is_found_by_its_subprotocol() -> None:
    assert SUBPROTOCOLS == {"ocpp1.6": Version.V16, "ocpp2.0.1": Version.V201, "ocpp2.1": Version.V21}
