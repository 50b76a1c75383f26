"""When two spellings are one token."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from currant.access.model import TokenKind
from currant.access.uids import match_key, match_keys, normalise, same, virtual_uid

cards = st.sampled_from((4, 7, 10)).flatmap(lambda size: st.binary(min_size=size, max_size=size)).filter(any)


@pytest.mark.parametrize(
    "spelling",
    [
        "04A1B2C3",
        "04a1b2c3",
        "04:A1:B2:C3",
        "04-a1-b2-c3",
        "04 A1 B2 C3",
        "4A1B2C3",
        "C3B2A104",
        "00000004A1B2C3",
        "C3B2A104000000",
        " 04A1B2C3 ",
    ],
)
def test_a_card_is_the_same_in_every_spelling(spelling: str) -> None:
    assert match_key(spelling, TokenKind.RFID) == match_key("04A1B2C3", TokenKind.RFID)


@given(cards)
def test_case_separators_and_byte_order_make_no_other_card(card: bytes) -> None:
    key = match_key(card.hex(), TokenKind.RFID)
    for spelling in (
        card.hex().upper(),
        card.hex(":"),
        card.hex("-").upper(),
        card[::-1].hex(),
        card.hex(" "),
    ):
        assert match_key(spelling, TokenKind.RFID) == key


@given(cards)
@example(b"\x04\xa1\xb2\xc3\xd4\xe5\x00")
@example(b"\x01\x00\x00\x00\x00\x01\x00")
def test_padding_makes_no_other_card(card: bytes) -> None:
    key = match_key(card.hex(), TokenKind.RFID)
    padded = card.rjust(10, b"\0")
    assert match_key(padded.hex(), TokenKind.RFID) == key
    assert match_key(padded[::-1].hex(), TokenKind.RFID) == key


@given(cards, cards)
def test_two_cards_are_two_cards(left: bytes, right: bytes) -> None:
    def bare(card: bytes) -> set[bytes]:
        stripped = card.strip(b"\0")
        return {stripped, stripped[::-1]}

    if bare(left).isdisjoint(bare(right)):
        assert match_key(left.hex(), TokenKind.RFID) != match_key(right.hex(), TokenKind.RFID)


@given(st.text(max_size=300), st.sampled_from(TokenKind))
@example(uid="0\x1f", kind=TokenKind.RFID)
@example(uid="\0 A", kind=TokenKind.APP)
def test_what_is_kept_is_the_same_token_as_what_was_given(uid: str, kind: TokenKind) -> None:
    kept = normalise(uid, kind)
    assert len(kept) <= max(255, len(uid))
    assert normalise(kept, kind) == kept
    assert match_key(kept, kind) == match_key(uid, kind)
    assert "\0" not in kept


@pytest.mark.parametrize(
    "spelling",
    ["DE-8AA-CA2B3C4D5-N", "DE8AACA2B3C4D5N", "de8aaca2b3c4d5", "DE*8AA*CA2B3C4D5", "DE-8AA-CA2B3C4D5"],
)
def test_a_contract_is_the_same_with_and_without_hyphens_and_check_digit(spelling: str) -> None:
    assert match_key(spelling, TokenKind.EMAID) == match_key("DE8AACA2B3C4D5", TokenKind.EMAID)


def test_another_contract_is_another_token() -> None:
    assert match_key("DE8AACA2B3C4D6", TokenKind.EMAID) != match_key("DE8AACA2B3C4D5", TokenKind.EMAID)


@pytest.mark.parametrize(
    "spelling", ["00:1A:2B:3C:4D:5E", "001a2b3c4d5e", "001a.2b3c.4d5e", "VID:001A2B3C4D5E"]
)
def test_a_mac_address_is_the_same_in_every_notation(spelling: str) -> None:
    assert match_key(spelling, TokenKind.MAC) == "m:001A2B3C4D5E"


def test_a_mac_address_is_not_the_one_with_its_bytes_backwards() -> None:
    assert match_key("5E4D3C2B1A00", TokenKind.MAC) != match_key("001A2B3C4D5E", TokenKind.MAC)


@pytest.mark.parametrize("uid", ["user@example.org", "back\\slash", "ctrl\x01\x02", "ÄÖÜ", "💳", "not-hex!"])
def test_what_is_no_known_form_is_opaque_and_compared_without_regard_to_case(uid: str) -> None:
    for kind in (TokenKind.RFID, TokenKind.APP, TokenKind.EMAID, TokenKind.MAC, TokenKind.CENTRAL):
        assert match_key(uid, kind) == match_key(uid.upper(), kind)
        assert normalise(uid, kind) == uid


def test_an_app_token_of_hexadecimal_digits_is_no_card() -> None:
    assert match_key("04A1B2C3", TokenKind.APP) != match_key("C3B2A104", TokenKind.APP)


def test_ocpp16_does_not_say_the_kind_so_any_that_fits_is_looked_for() -> None:
    keys = match_keys("001A2B3C4D5E", TokenKind.UNKNOWN)
    assert match_key("001A2B3C4D5E", TokenKind.MAC) in keys
    assert match_key("001A2B3C4D5E", TokenKind.RFID) in keys
    assert match_key("001A2B3C4D5E", TokenKind.APP) in keys
    assert match_keys("001A2B3C4D5E", TokenKind.MAC) == ("m:001A2B3C4D5E",)


def test_two_presented_uids_are_compared_without_their_kinds() -> None:
    assert same("04a1b2c3", "C3:B2:A1:04")
    assert not same("04a1b2c3", "04a1b2c4")


def test_a_virtual_uid_is_what_every_charger_takes_and_never_the_same() -> None:
    made = {virtual_uid() for _ in range(200)}
    assert len(made) == 200
    for uid in made:
        assert len(uid) == 20
        assert set(uid) <= set("0123456789ABCDEF")
