"""Every action has a translator, every command a wording: nothing falls between the tables."""

import pytest

from currant.access.model import Reason
from currant.gateway.inbound import TRANSLATORS
from currant.gateway.outbound import COMMANDS
from currant.gateway.v2 import tokens
from currant.gateway.v16.inbound import AUTHORISATION as AUTHORISATION_16
from currant.ocpp.catalogue import ACTIONS, Party, Version
from currant.stations.commanding import (
    AnyCommand,
    der,
    displays,
    network,
    profiles,
    remote,
    tariffs,
    transfers,
    variables,
)
from currant.stations.commanding.rules import CHECKS


@pytest.mark.parametrize("version", list(Version))
def test_every_action_that_stations_send_has_a_translator_and_no_other(version: Version) -> None:
    sent = {name for name, spec in ACTIONS[version].items() if spec.sent_by is not Party.CSMS}
    assert set(TRANSLATORS[version]) == sent


# What only later versions have words for. Whoever asks for it is told so (`unsupported`).
ONLY_IN_2_1 = {
    der.ClearDerControls,
    der.GetDerControls,
    der.SetDerControl,
    profiles.AllowEnergyTransfer,
    profiles.SendAfrrSignal,
    profiles.UpdateDynamicSchedule,
    profiles.UsePriorityCharging,
    remote.NotifyWebPaymentStarted,
    remote.RequestBatterySwap,
    tariffs.ChangeTransactionTariff,
    tariffs.ClearTariffs,
    tariffs.GetTariffs,
    tariffs.SetDefaultTariff,
    variables.AdjustEventStream,
    variables.GetEventStreams,
}
NOT_IN_1_6 = (ONLY_IN_2_1 - {variables.AdjustEventStream, variables.GetEventStreams}) | {
    displays.ClearDisplayMessage,
    displays.GetCustomerInformation,
    displays.GetDisplayMessages,
    displays.SetDisplayMessage,
    network.SetNetworkProfile,
    remote.GetTransactionStatus,
    transfers.PublishFirmware,
    transfers.UnpublishFirmware,
}
UNWORDED = {Version.V16: NOT_IN_1_6, Version.V201: ONLY_IN_2_1, Version.V21: set()}


@pytest.mark.parametrize("version", list(Version))
def test_every_command_is_worded_in_every_version_that_has_it(version: Version) -> None:
    assert set(COMMANDS[version]) == set(AnyCommand.__args__) - UNWORDED[version]


def test_every_command_has_its_rules() -> None:
    assert set(CHECKS) == set(AnyCommand.__args__)


def test_every_reason_is_worded_in_every_version() -> None:
    assert set(AUTHORISATION_16) == set(tokens.AUTHORISATION) == set(Reason)
