"""The life of a transfer: every word that stations have for it, in every order that they say them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from currant.gateway.progress import STAGES
from currant.kit.ids import FileId, StationId, TenantId, TransferId
from currant.ocpp import v16, v21, v201
from currant.stations.model import CommandStatus
from currant.stations.transfers import rules
from currant.stations.transfers.model import (
    ENDED,
    UNDER_WAY,
    Family,
    Stage,
    Transfer,
    TransferKind,
    TransferStatus,
)

S = TransferStatus
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def transfer(kind: TransferKind = TransferKind.FIRMWARE, **known: object) -> Transfer:
    made = Transfer(
        id=TransferId("t"),
        tenant_id=TenantId("tenant"),
        station_id=StationId("station"),
        kind=kind,
        request_id=7,
        status=S.PLANNED,
        asked_by="a test",
        asked_at=NOW,
        heard_at=NOW,
        version="2.0",
        version_before="1.0",
    )
    return replace(rules.asked(made, now=NOW), **known)


def accepted(kind: TransferKind = TransferKind.FIRMWARE, **known: object) -> Transfer:
    return rules.answered(transfer(kind, **known), CommandStatus.ACCEPTED, now=NOW)


def told(one: Transfer, *stages: Stage, named: bool = True) -> Transfer:
    at = NOW
    for stage in stages:
        at += MINUTE
        one = rules.reported(one, stage, now=at, said=stage.value, named=named)
    return one


@pytest.mark.parametrize(
    ("family", "words"),
    [
        (Family.LOG, (v16.DiagnosticsStatus, v16.UploadLogStatusEnumType)),
        (Family.LOG, (v201.UploadLogStatusEnumType, v21.UploadLogStatusEnumType)),
        (Family.FIRMWARE, (v16.FirmwareStatus, v16.FirmwareStatusEnumType)),
        (Family.FIRMWARE, (v201.FirmwareStatusEnumType, v21.FirmwareStatusEnumType)),
        (Family.PUBLISHING, (v201.PublishFirmwareStatusEnumType, v21.PublishFirmwareStatusEnumType)),
    ],
)
def test_every_word_of_every_version_means_something(family: Family, words: tuple[object, ...]) -> None:
    for each in words:
        for word in each.__args__:  # type: ignore[attr-defined]
            stage = STAGES[family][word]
            assert stage is Stage.IDLE or stage in rules.AFTER


def test_signed_firmware_from_the_request_to_the_new_version() -> None:
    done = told(
        accepted(),
        Stage.SCHEDULED,
        Stage.TRANSFERRING,
        Stage.PAUSED,
        Stage.TRANSFERRING,
        Stage.TRANSFERRED,
        Stage.VERIFIED,
        Stage.INSTALL_SCHEDULED,
        Stage.REBOOTING,
        Stage.INSTALLING,
        Stage.INSTALLED,
    )
    assert (done.status, done.reason) == (S.DONE, "")
    assert [step.status for step in done.steps] == [
        S.REQUESTED,
        S.ACCEPTED,
        S.SCHEDULED,
        S.TRANSFERRING,
        S.PAUSED,
        S.TRANSFERRING,
        S.TRANSFERRED,
        S.VERIFIED,
        S.INSTALL_SCHEDULED,
        S.REBOOTING,
        S.INSTALLING,
        S.DONE,
    ]
    after = rules.booted(done, "2.0", now=NOW + timedelta(minutes=20))
    assert (after.version_after, after.reason) == ("2.0", "")


@pytest.mark.parametrize(
    "stage",
    [
        Stage.TRANSFER_FAILED,
        Stage.WRONG_SIGNATURE,
        Stage.VERIFICATION_FAILED,
        Stage.INSTALLATION_FAILED,
    ],
)
def test_what_failed_says_why(stage: Stage) -> None:
    failed = told(accepted(), Stage.TRANSFERRING, stage)
    assert failed.status is S.FAILED
    assert failed.reason == rules.REASONS[stage]


def test_a_start_with_other_firmware_ends_an_update_that_nobody_spoke_of() -> None:
    done = rules.booted(accepted(), "2.0", now=NOW + MINUTE)
    assert (done.status, done.version_after, done.reason) == (S.DONE, "2.0", "")
    other = rules.booted(accepted(), "1.5", now=NOW + MINUTE)
    assert other.status is S.DONE
    assert "1.5, not 2.0" in other.reason


def test_a_start_with_the_old_firmware_ends_nothing() -> None:
    rebooting = told(accepted(), Stage.TRANSFERRED, Stage.REBOOTING)
    again = rules.booted(rebooting, "1.0", now=NOW + timedelta(hours=1))
    assert again.status is S.REBOOTING
    assert "still with firmware 1.0" in again.steps[-1].note
    assert told(again, Stage.INSTALLING, Stage.INSTALLED).status is S.DONE


def test_a_station_that_says_installed_and_starts_with_the_old_one_is_found_out() -> None:
    done = rules.booted(told(accepted(), Stage.INSTALLED), "1.0", now=NOW + timedelta(hours=1))
    assert done.status is S.DONE
    assert "now calls its firmware 1.0, not 2.0" in done.reason


def test_a_planned_update_is_not_begun_by_a_start() -> None:
    planned = replace(transfer(), status=S.PLANNED)
    assert rules.booted(planned, "2.0", now=NOW) is planned


def test_the_answer_that_comes_after_the_first_report_changes_nothing() -> None:
    early = told(transfer(), Stage.TRANSFERRING)
    late = rules.answered(early, CommandStatus.ACCEPTED, now=NOW + MINUTE, file_name="a.log")
    assert (late.status, late.file_name) == (S.TRANSFERRING, "a.log")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (CommandStatus.ACCEPTED, S.ACCEPTED),
        (CommandStatus.UNANSWERED, S.REQUESTED),
        (CommandStatus.REFUSED, S.REFUSED),
        (CommandStatus.OFFLINE, S.REFUSED),
        (CommandStatus.UNSUPPORTED, S.REFUSED),
        (CommandStatus.FAILED, S.REFUSED),
    ],
)
def test_what_comes_of_asking(outcome: CommandStatus, status: TransferStatus) -> None:
    assert rules.answered(transfer(), outcome, now=NOW, reason="So.").status is status


def test_a_log_is_done_when_it_is_here_and_the_station_says_so() -> None:
    log = told(accepted(TransferKind.DIAGNOSTICS), Stage.TRANSFERRING)
    here = rules.arrived(log, FileId("f"), now=NOW + MINUTE, name="a.log")
    assert (here.status, here.file_id, here.file_name) == (S.TRANSFERRED, "f", "a.log")
    assert told(here, Stage.UPLOADED).status is S.DONE


def test_a_log_that_is_said_to_be_sent_and_is_not_here_failed() -> None:
    lied = told(accepted(TransferKind.SECURITY), Stage.TRANSFERRING, Stage.UPLOADED)
    assert lied.status is S.FAILED
    assert "nothing came here" in lied.reason
    late = rules.arrived(lied, FileId("f"), now=NOW + timedelta(hours=1))
    assert late.status is S.TRANSFERRED


def test_a_log_that_went_elsewhere_is_done_when_the_station_says_so() -> None:
    log = accepted(TransferKind.DIAGNOSTICS, url="ftp://files.example.org/")
    assert told(log, Stage.UPLOADED).status is S.DONE


def test_a_station_that_did_not_hear_our_thanks_has_sent_it_all_the_same() -> None:
    here = rules.arrived(accepted(TransferKind.DIAGNOSTICS), FileId("f"), now=NOW)
    assert told(here, Stage.TRANSFER_FAILED).status is S.DONE


def test_idle_proves_nothing() -> None:
    for kind in (TransferKind.FIRMWARE, TransferKind.DIAGNOSTICS):
        assert told(accepted(kind), Stage.TRANSFERRING, Stage.IDLE).status is S.TRANSFERRING


def test_a_cancellation_without_a_number_is_that_of_the_one_before() -> None:
    log = told(accepted(TransferKind.DIAGNOSTICS), Stage.TRANSFERRING)
    assert told(log, Stage.CANCELLED, named=False).status is S.TRANSFERRING
    assert told(log, Stage.CANCELLED).status is S.CANCELLED


def test_a_newer_request_takes_the_place_of_one_under_way_and_of_no_other() -> None:
    assert rules.replaced(told(accepted(), Stage.TRANSFERRING), now=NOW).status is S.CANCELLED
    done = told(accepted(), Stage.INSTALLED)
    assert rules.replaced(done, now=NOW) is done
    # The station could not cancel it after all, and goes on.
    cancelled = rules.replaced(told(accepted(), Stage.TRANSFERRING), now=NOW)
    assert told(cancelled, Stage.TRANSFERRED).status is S.TRANSFERRED
    assert told(cancelled, Stage.TRANSFERRED, named=False) is cancelled


def test_whoever_says_nothing_is_given_up_and_taken_back_when_he_speaks() -> None:
    waiting = told(accepted(), Stage.TRANSFERRING)
    ends = rules.patience_ends(waiting)
    assert rules.given_up(waiting, now=ends - MINUTE) is waiting
    over = rules.given_up(waiting, now=ends)
    assert over.status is S.GIVEN_UP
    later = rules.reported(over, Stage.INSTALLED, now=ends + timedelta(hours=5), said="Installed")
    assert (later.status, later.ended_at) == (S.DONE, ends + timedelta(hours=5))


def test_firmware_to_be_fetched_next_week_is_not_given_up_tomorrow() -> None:
    week = NOW + timedelta(days=7)
    scheduled = told(accepted(retrieve_at=week, install_at=week + timedelta(days=1)), Stage.SCHEDULED)
    assert rules.given_up(scheduled, now=week + timedelta(days=1)) is scheduled
    assert rules.given_up(scheduled, now=week + timedelta(days=4)).status is S.GIVEN_UP


def test_a_log_that_is_here_is_done_though_the_station_never_says_so() -> None:
    here = rules.arrived(accepted(TransferKind.DIAGNOSTICS), FileId("f"), now=NOW)
    assert rules.given_up(here, now=NOW + timedelta(minutes=11)).status is S.DONE


def test_the_same_word_again_is_no_news() -> None:
    one = told(accepted(), Stage.TRANSFERRING)
    again = rules.reported(one, Stage.TRANSFERRING, now=NOW + 2 * MINUTE, said=Stage.TRANSFERRING.value)
    assert again is one
    later = rules.reported(one, Stage.TRANSFERRING, now=NOW + timedelta(hours=1), said="transferring")
    assert (later.heard_at, later.steps) == (NOW + timedelta(hours=1), one.steps)


def test_published_firmware_says_where_it_is() -> None:
    published = rules.reported(
        told(accepted(TransferKind.PUBLISHED_FIRMWARE), Stage.TRANSFERRING, Stage.VERIFIED),
        Stage.PUBLISHED,
        now=NOW,
        said="Published",
        locations=("ftp://10.0.0.1/fw", "http://10.0.0.1/fw"),
    )
    assert (published.status, len(published.locations)) == (S.DONE, 2)


@given(
    kind=st.sampled_from(list(TransferKind)),
    said=st.lists(st.tuples(st.sampled_from(list(Stage)), st.booleans(), st.integers(0, 600)), max_size=120),
)
def test_no_order_of_words_breaks_it(kind: TransferKind, said: list[tuple[Stage, bool, int]]) -> None:
    one, now = accepted(kind), NOW
    for stage, named, minutes in said:
        now += timedelta(minutes=minutes)
        one = rules.reported(one, stage, now=now, said=stage.value, named=named)
        one = rules.given_up(one, now=now)
        assert (one.ended_at is not None) == (one.status in ENDED)
        assert one.status in ENDED | UNDER_WAY
        assert len(one.steps) <= rules.STEPS_MAX
        assert all(before.at <= after.at for before, after in zip(one.steps, one.steps[1:], strict=False))


@given(st.lists(st.sampled_from(list(Stage)), max_size=30))
def test_once_done_it_stays_done(said: list[Stage]) -> None:
    done = told(accepted(), Stage.INSTALLED)
    assert told(done, *said).status is S.DONE
