"""What is in a station's reports: whether an identity can be one, when something happened, what is wrong."""

from datetime import datetime, timedelta

from currant.stations.errors import OTHER, error_of
from currant.stations.model import ConnectorStatus, StatusReport

IDENTITY_MAX = 48
TEXT_MAX = 255
"""Over-long words are kept to this length (charger_quirks C1 to C3)."""
CLOCK_AHEAD = timedelta(minutes=5)
CLOCK_BEHIND = timedelta(days=30)


def acceptable_identity(identity: str) -> bool:
    """1 to 48 printable characters, none of them a slash or a colon (Part 4, 3.1.1; Basic authentication)."""
    return (
        0 < len(identity) <= IDENTITY_MAX
        and identity.isprintable()
        and identity == identity.strip()
        and not any(character in identity for character in ":/")
    )


def plausible(at: datetime, received_at: datetime) -> datetime:
    """The station's own time, unless its clock is obviously wrong (charger_quirks D4, D5)."""
    return at if received_at - CLOCK_BEHIND <= at <= received_at + CLOCK_AHEAD else received_at


def raw_error_in(report: StatusReport) -> str:
    """The charger's own error code; empty when it says that there is none."""
    return "" if report.raw_error == "NoError" else report.raw_error[:TEXT_MAX]


def error_in(report: StatusReport) -> str:
    """What is wrong with a connector by its status report, in the one vocabulary; empty when nothing is."""
    error = error_of(
        raw_error_in(report), vendor_error=report.vendor_error, vendor_id=report.vendor_id, info=report.info
    )
    if error == "" and report.status is ConnectorStatus.FAULTED:
        # 2.x reports no code with a status, and some 1.6 chargers report `NoError` with Faulted.
        return OTHER
    return error
