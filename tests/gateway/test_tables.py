"""Every action has a translator, every command a wording: nothing falls between the tables."""

import pytest

from currant.access.model import Reason
from currant.gateway.inbound import TRANSLATORS
from currant.gateway.outbound import COMMANDS
from currant.gateway.v2 import tokens
from currant.gateway.v16.inbound import AUTHORISATION as AUTHORISATION_16
from currant.ocpp.catalogue import ACTIONS, Party, Version
from currant.stations.commanding import AnyCommand


@pytest.mark.parametrize("version", list(Version))
def test_every_action_that_stations_send_has_a_translator_and_no_other(version: Version) -> None:
    sent = {name for name, spec in ACTIONS[version].items() if spec.sent_by is not Party.CSMS}
    assert set(TRANSLATORS[version]) == sent


@pytest.mark.parametrize("version", list(Version))
def test_every_command_is_worded_in_every_version(version: Version) -> None:
    assert set(COMMANDS[version]) == set(AnyCommand.__args__)


def test_every_reason_is_worded_in_every_version() -> None:
    assert set(AUTHORISATION_16) == set(tokens.AUTHORISATION) == set(Reason)
