"""One-time codes of payment QRs: values published for OCPP 2.1, C25 (OpenChargingCloud, TOTPGeneratorTests)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.billing.onsite.codes import ALPHABET, code_at, interval_of

SECRET = "secure!Charging!"
AT = datetime.fromtimestamp(1716423785, UTC)


@pytest.mark.parametrize(("shift", "code"), [(-1, "MdPU0jCm5tXz"), (0, "CN63y502maVh"), (1, "dI54vnA25m2h")])
def test_published_codes_are_made(shift: int, code: str) -> None:
    assert code_at(SECRET, AT, validity_s=30, length=12, shift=shift) == code
    then = datetime.fromtimestamp(1718611200, UTC)
    assert code_at(SECRET, then, validity_s=30, length=12, shift=-1) == "QT1cCdKsIb9e"


def test_the_code_before_and_after_are_taken_and_no_other() -> None:
    now = int(AT.timestamp()) // 30
    for shift, code in ((-1, "MdPU0jCm5tXz"), (0, "CN63y502maVh"), (1, "dI54vnA25m2h")):
        assert interval_of(code, SECRET, AT, validity_s=30, length=12) == now + shift
    later = AT + timedelta(seconds=60)
    assert interval_of("MdPU0jCm5tXz", SECRET, later, validity_s=30, length=12) is None
    for wrong in ("", "CN63y502maV", "CN63y502maVhX", "cn63y502mavh", "ä" * 12, "x" * 500):
        assert interval_of(wrong, SECRET, AT, validity_s=30, length=12) is None
    assert interval_of("CN63y502maVh", "another", AT, validity_s=30, length=12) is None


@given(
    secret=st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()),
    length=st.integers(6, 32),
    seconds=st.integers(0, 2**31),
)
def test_every_code_is_known_again(secret: str, length: int, seconds: int) -> None:
    at = datetime.fromtimestamp(seconds + 60, UTC)
    code = code_at(secret, at, validity_s=30, length=length)
    assert len(code) == length
    assert set(code) <= set(ALPHABET)
    assert interval_of(code, secret, at, validity_s=30, length=length) == (seconds + 60) // 30


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="6 seconds"):
        code_at(SECRET, AT, validity_s=5, length=8)
    with pytest.raises(ValueError, match="1 to 32"):
        code_at(SECRET, AT, validity_s=30, length=33)
