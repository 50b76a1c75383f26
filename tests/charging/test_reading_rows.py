"""Rows of readings: only the columns that hold something are written, and all of them are read back."""

from datetime import UTC, datetime

from currant.charging import reading_store
from currant.charging.model import Reading

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _row(**measured: float) -> tuple[object, ...]:
    return reading_store.row(1, Reading(at=AT, received_at=AT, evse=1, **measured), 5, 6, 7)


def test_a_charger_that_fills_the_same_columns_uses_one_statement() -> None:
    first, row = reading_store.insertion(_row(energy_wh=1000.0, power_w=11_000.0))
    again, _ = reading_store.insertion(_row(energy_wh=2000.0, power_w=0.0))
    other, _ = reading_store.insertion(_row(energy_wh=2000.0, soc_percent=80.0))
    assert first is again
    assert first is not other
    assert row == (1, 5, 0, 7, 6, 1000.0, 11_000.0, 0)


def test_too_many_shapes_are_written_whole() -> None:
    names = (
        "energy_wh",
        "power_w",
        "soc_percent",
        "temperature_c",
        "frequency_hz",
        "current_l1_a",
        "voltage_l1_v",
    )
    for bits in range(2 ** len(names)):
        measured = {name: 1.0 for place, name in enumerate(names) if bits >> place & 1}
        write, row = reading_store.insertion(_row(**measured))
        assert write.width == len(row)
    assert write is reading_store.INSERT
    assert len(reading_store._shapes) <= reading_store.SHAPES_MAX
