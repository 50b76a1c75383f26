"""Passwords are taken out of what is kept of commands, and nothing else is."""

import pytest

from currant.kit.errors import Invalid
from currant.stations.commanding import AnyCommand, rules
from currant.stations.commanding.certificates import (
    CertificateHash,
    DeleteCertificate,
    InstallCertificate,
    RootUse,
)
from currant.stations.commanding.network import Apn, ConnectionProfile, SetNetworkProfile, Vpn
from currant.stations.commanding.remote import Reset
from currant.stations.commanding.secrets import MASK, masked
from currant.stations.commanding.variables import SetVariables, Variable, VariableValue

URL = "wss://csms.example.org/ocpp"


def setting(name: str, value: str) -> VariableValue:
    return VariableValue(variable=Variable(name=name), value=value)


@pytest.mark.parametrize("name", ["AuthorizationKey", "BasicAuthPassword", "WifiPassphrase", "VpnPSK psk"])
def test_the_value_of_a_secret_variable_is_masked(name: str) -> None:
    command = SetVariables(values=(setting(name, "hidden"), setting("HeartbeatInterval", "60")))
    kept = masked(command)
    assert isinstance(kept, SetVariables)
    assert [each.value for each in kept.values] == [MASK, "60"]


def test_what_holds_no_secret_stays_the_very_same() -> None:
    for command in (
        Reset(),
        SetVariables(values=(setting("HeartbeatInterval", "60"),)),
        SetNetworkProfile(slot=1, profile=ConnectionProfile(url=URL, security_profile=2)),
    ):
        assert masked(command) is command


def test_a_connection_profile_loses_its_passwords_keys_and_pins() -> None:
    profile = ConnectionProfile(
        url=URL,
        security_profile=2,
        password="a-password-of-its-own",
        apn=Apn(apn="internet", password="apn-secret", sim_pin=1234),
        vpn=Vpn(server="vpn", user="u", password="vpn-secret", key="vpn-key", kind="IPSec"),
    )
    kept = str(masked(SetNetworkProfile(slot=1, profile=profile)))
    for secret in ("a-password-of-its-own", "apn-secret", "1234", "vpn-secret", "vpn-key"):
        assert secret not in kept
    assert "internet" in kept


NAMED = CertificateHash(algorithm="SHA256", issuer_name_hash="ab", issuer_key_hash="cd", serial_number="1")
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (InstallCertificate(use=RootUse.CSMS, certificate="x"), "certificate"),
        (InstallCertificate(use=RootUse.CSMS, certificate=PEM + PEM), "certificate"),
        (InstallCertificate(use=RootUse.CSMS, certificate=PEM + "PRIVATE KEY"), "certificate"),
        (DeleteCertificate(hash=CertificateHash(algorithm="MD5", issuer_name_hash="ab", issuer_key_hash="cd", serial_number="1")), "algorithm"),
        (DeleteCertificate(hash=CertificateHash(algorithm="SHA256", issuer_name_hash="xyz", issuer_key_hash="cd", serial_number="1")), "issuer_name_hash"),
        (SetNetworkProfile(slot=1, profile=ConnectionProfile(url="ws://a/b", security_profile=2)), "url"),
        (SetNetworkProfile(slot=1, profile=ConnectionProfile(url=URL, security_profile=1)), "url"),
        (SetNetworkProfile(slot=1, profile=ConnectionProfile(url="wss://u:p@a/b", security_profile=2)), "url"),
        (SetNetworkProfile(slot=1, profile=ConnectionProfile(url=URL, security_profile=4)), "security_profile"),
        (SetNetworkProfile(slot=-1, profile=ConnectionProfile(url=URL, security_profile=2)), "slot"),
        (SetNetworkProfile(slot=1, profile=ConnectionProfile(url=URL, security_profile=2, interface="Serial")), "interface"),
        (SetNetworkProfile(slot=1, profile=ConnectionProfile(url=URL, security_profile=2, password="short")), "password"),
    ],
)  # fmt: skip
def test_what_no_station_could_be_told_is_refused_in_words(command: AnyCommand, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check(command)
    assert refused.value.facts["field"] == field


def test_what_can_be_told_passes() -> None:
    rules.check(InstallCertificate(use=RootUse.CSMS, certificate=PEM))
    rules.check(DeleteCertificate(hash=NAMED))
    rules.check(SetNetworkProfile(slot=0, profile=ConnectionProfile(url=URL, security_profile=3)))
