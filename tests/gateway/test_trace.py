"""Passwords and keys do not reach the message log."""

import pytest

from currant.gateway.trace import masked, masked_frame

SECRET = "hunter2hunter2hunter2"


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("ChangeConfiguration", f'{{"key":"AuthorizationKey","value":"{SECRET}"}}'),
        ("ChangeConfiguration", f'{{"value":"{SECRET}" ,\n "key" : "authorizationKey"}}'),
        ("ChangeConfiguration", f'{{"key":"Authorization\\u004bey","value":"{SECRET}"}}'),
        (
            "GetConfiguration",
            f'{{"configurationKey":[{{"key":"AuthorizationKey","readonly":false,"value":"{SECRET}"}}]}}',
        ),
        (
            "SetVariables",
            f'{{"setVariableData":[{{"attributeValue":"{SECRET}","component":{{"name":"SecurityCtrlr"}},'
            '"variable":{"name":"BasicAuthPassword"}}]}',
        ),
        (
            "NotifyReport",
            '{"reportData":[{"component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"},'
            f'"variableAttribute":[{{"type":"Actual","value":"{SECRET}"}}]}}]}}',
        ),
        (
            "SetNetworkProfile",
            f'{{"connectionData":{{"apn":{{"apnPassword":"{SECRET}"}},"vpn":{{"password":"{SECRET}"}}}}}}',
        ),
        ("UpdateFirmware", f'{{"location":"ftp://fleet:{SECRET}@files.example/fw.bin"}}'),
        ("GetLog", f'{{"log":{{"remoteLocation":"https://csms.example/files/up/{SECRET}/x.log"}}}}'),
        ("DataTransfer", f'{{"vendorId":"V","data":"{{\\"password\\":\\"{SECRET}\\"}}"}}'),
        ("DataTransfer", f'{{"vendorId":"V","data":"-----BEGIN PRIVATE KEY-----\\n{SECRET}"}}'),
        ("ChangeConfiguration", f'{{"key":"AuthorizationKey","value":"{SECRET}'),
    ],
)
def test_a_secret_is_masked_however_it_is_spelled(action: str, text: str) -> None:
    assert SECRET in text
    assert SECRET not in masked(action, text)


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("ChangeConfiguration", '{"key":"HeartbeatInterval","value":"300"}'),
        ("StartTransaction", '{"idTag": "password"}'),
        ("GetConfiguration", '{"configurationKey":[{"key":"A", "value":"b"}]}'),
    ],
)
def test_other_messages_are_kept_to_the_letter(action: str, text: str) -> None:
    assert masked(action, text) == text


def test_a_broken_frame_that_speaks_of_passwords_is_not_kept() -> None:
    frame = f'[2,"1","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{SECRET}"'
    assert SECRET not in masked_frame(frame)
    assert masked_frame('[2,"1","Heartbeat"') == '[2,"1","Heartbeat"'
