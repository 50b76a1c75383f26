"""Passkeys hold for the page, the question and the key they were made for, and for nothing else."""

import pytest

from currant.kit import webauthn
from currant.kit.webauthn import Challenge, NewPasskey, PasskeyWrong
from passkeys import Passkey

HOST, ORIGIN = "charge.example.com", "https://charge.example.com"


def asked_to_make() -> Challenge:
    return webauthn.registration_options(rp_id=HOST, rp_name="Currant", user_id=b"u-1", user_name="Ada")


def made(device: Passkey) -> NewPasskey:
    asked = asked_to_make()
    return webauthn.verify_registration(
        device.create(asked.options), challenge=asked.challenge, rp_id=HOST, origin=ORIGIN
    )


def proved(device: Passkey, known: NewPasskey, *, sign_count: int = 0, needed: bool = False) -> int:
    asked = webauthn.authentication_options(rp_id=HOST, user_verification=needed)
    answer = device.get(asked.options)
    assert webauthn.credential_id_of(answer) == known.credential_id
    return webauthn.verify_authentication(
        answer,
        challenge=asked.challenge,
        rp_id=HOST,
        origin=[ORIGIN],
        public_key=known.public_key,
        sign_count=sign_count,
        user_verification=needed,
    ).sign_count


def test_a_passkey_is_made_and_proves_itself() -> None:
    device = Passkey(ORIGIN)
    known = made(device)
    assert known.verified
    assert proved(device, known, needed=True) == 1
    assert proved(device, known, sign_count=1) == 2


def test_one_for_another_page_is_not_taken() -> None:
    asked = asked_to_make()
    elsewhere = Passkey("https://charge.example.org").create(asked.options)
    with pytest.raises(PasskeyWrong):
        webauthn.verify_registration(elsewhere, challenge=asked.challenge, rp_id=HOST, origin=ORIGIN)


def test_an_answer_to_another_question_is_not_taken() -> None:
    device = Passkey(ORIGIN)
    answer = device.create(asked_to_make().options)
    with pytest.raises(PasskeyWrong):
        webauthn.verify_registration(answer, challenge=asked_to_make().challenge, rp_id=HOST, origin=ORIGIN)


def test_a_copied_passkey_is_noticed_by_its_counter() -> None:
    device = Passkey(ORIGIN)
    known = made(device)
    with pytest.raises(PasskeyWrong):
        proved(device, known, sign_count=7)


def test_presence_alone_does_not_do_where_verification_is_demanded() -> None:
    device = Passkey(ORIGIN, verifies=False)
    known = made(device)
    assert not known.verified
    with pytest.raises(PasskeyWrong):
        proved(device, known, needed=True)


def test_anothers_key_does_not_fit() -> None:
    device, other = Passkey(ORIGIN), Passkey(ORIGIN)
    known, others = made(device), made(other)
    asked = webauthn.authentication_options(rp_id=HOST)
    with pytest.raises(PasskeyWrong):
        webauthn.verify_authentication(
            other.get(asked.options),
            challenge=asked.challenge,
            rp_id=HOST,
            origin=ORIGIN,
            public_key=known.public_key,
            sign_count=0,
        )
    assert others.credential_id != known.credential_id


@pytest.mark.parametrize(
    "rubbish",
    [
        {},
        {"id": 5},
        {"id": "", "response": {}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "?"}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": []},
        {"id": "A" * 20_000},
    ],
)
def test_rubbish_is_refused_in_words(rubbish: dict[str, object]) -> None:
    with pytest.raises(PasskeyWrong):
        webauthn.verify_registration(rubbish, challenge=b"x" * 32, rp_id=HOST, origin=ORIGIN)
    with pytest.raises(PasskeyWrong):
        webauthn.verify_authentication(
            rubbish, challenge=b"x" * 32, rp_id=HOST, origin=ORIGIN, public_key=b"key", sign_count=0
        )
