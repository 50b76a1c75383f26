"""Every code of the server's that pages put into words has its words, so that a new one cannot be forgotten.

The languages are held against each other where the pages are built (`web/scripts/words.mjs`); here it
is the server's own tables that English is held against.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import pytest

from currant.access.authoriser_model import Asked, Fallback
from currant.access.model import Reason, TokenKind, TokenStatus
from currant.access.policy_model import Day, Measure, Per, Period
from currant.api.searching import HitType
from currant.charging import repairs, timeline
from currant.charging.model import Activity
from currant.charging.reservations.model import ReservationState, WaitingState
from currant.drivers import model as drivers
from currant.drivers.model import EvseState, SessionState
from currant.gateway import reports
from currant.kit import letters
from currant.ocpp import findings
from currant.ocpp.v16.enums import Reason as Reason16
from currant.ocpp.v21.enums import ReasonEnumType, TriggerReasonEnumType
from currant.pki.model import CertificateStatus
from currant.pki.security_upgrade import UpgradePhase
from currant.stations import fleet, insight_words, onboarding_words
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.certificates import LeafUse
from currant.stations.commanding.profiles import ProfilePurpose
from currant.stations.commanding.variables import MonitorKind
from currant.stations.desired.model import Cause, RolloutState, Scope, Standing
from currant.stations.model import (
    Admission,
    CommandStatus,
    ConnectorFormat,
    ConnectorStandard,
    ConnectorStatus,
    Severity,
)
from currant.stations.onboarding_model import StepCode, StepState, Trouble
from currant.stations.security_model import PasswordStatus
from currant.stations.transfers.model import SigningState, TransferKind, TransferStatus
from currant.tenancy import audit_kinds
from currant.tenancy.branding_model import LogoKind
from currant.tenancy.model import Role, Way

WORDS = Path(__file__).parents[2] / "web/src/words"
CHARGING = Path(repairs.__file__).parent


def flat(words: dict[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in words.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            yield from flat(value, name)
        else:
            yield name


def keys(part: str) -> frozenset[str]:
    """What a page of one of the two applications finds: its own words, and those of both."""
    words = json.loads((WORDS / "en.json").read_text(encoding="utf-8"))
    found = set(flat({**words["kit"], **words[part]}))
    # What is counted has a form for one and another for many.
    counted = {name.removesuffix("_other") for name in found if name.endswith("_other")}
    return frozenset(found | {name for name in counted if f"{name}_one" in found})


CONSOLE = keys("console")
DRIVER = keys("driver")


def repair_codes() -> set[str]:
    # They stand where the repair is made, and in no list.
    sources = "".join(path.read_text(encoding="utf-8") for path in CHARGING.glob("*.py"))
    return {
        *repairs.UNCERTAIN,
        *(code for code, _ in repairs._NOTES.values()),
        *re.findall(r'\bnoted\(\s*[\w.]+,\s*"(\w+)"', sources),
        *re.findall(r'\bRepair\(\s*code="(\w+)"', sources),
    }


def security_kinds() -> set[str]:
    own = {
        kind
        for path in Path(reports.__file__).parent.glob("*.py")
        for kind in re.findall(r'\bkind="([A-Z]\w+)"', path.read_text(encoding="utf-8"))
    }
    listed = reports.CRITICAL_16 | reports.ORDINARY_16 | reports.CRITICAL_2 | reports.ORDINARY_2
    return own | listed


CONNECTORS = set(ConnectorStandard) | {"other"}
REASONS = {*get_args(Reason16), *get_args(ReasonEnumType)}
COMMANDS = {command.__struct_config__.tag for command in get_args(AnyCommand)}

IN_THE_CONSOLE: dict[str, Iterable[str]] = {
    # Onboarding
    "onboarding.trouble.": Trouble,
    "onboarding.problem.": {
        *Trouble,
        *(f"{trouble}_{variant}" for trouble, variant in onboarding_words.VARIANTS),
    },
    "onboarding.step.": StepCode,
    "onboarding.hint.": StepCode,
    "onboarding.state_": StepState,
    "onboarding.note.": onboarding_words.NOTES,
    "onboarding.form.": onboarding_words.NOTES,
    # The network
    "state.": fleet.State,
    "network.problem.": fleet.SEVERITIES,
    "overview.todo.": fleet.SEVERITIES,
    "overview.severity.": insight_words.SEVERITIES,
    "network.admission.": Admission,
    "station.admission_": Admission,
    "connector_status.": ConnectorStatus,
    "plug.": CONNECTORS,
    "station.format_": ConnectorFormat,
    "palette.": HitType,
    # A station
    "insight.": {
        *insight_words.SAYINGS,
        *(f"{code}_one" for code, saying in insight_words.SAYINGS.items() if saying.one),
    },
    "finding.says.": {code.replace("-", "_") for code in findings.EXPLANATIONS},
    "insight.doing.": insight_words.DOING,
    "insight.severity.": insight_words.SEVERITIES,
    "insight.todo.": {todo for saying in insight_words.SAYINGS.values() for todo in saying.todo},
    "standing.": Standing,
    "standing.cause.": set(Cause) - {Cause.NONE},
    "station.scope_": Scope,
    "commands.name.": COMMANDS,
    "commands.help.": COMMANDS,
    "commands.status.": CommandStatus,
    "commands.status_help.": CommandStatus,
    "commands.option.": ProfilePurpose,
    "transfer.kind.": TransferKind,
    "transfer.status.": TransferStatus,
    "password_status.": PasswordStatus,
    "certificate_status.": CertificateStatus,
    "severity.": Severity,
    "security_kind.": security_kinds(),
    "monitor_kind.": MonitorKind,
    # Sessions
    "sessions.activity.": Activity,
    "sessions.authorisation.": Reason,
    "stop_reason.": REASONS,
    "start_cause.": get_args(TriggerReasonEnumType),
    "story.": timeline.KINDS,
    "story.activity_": {code for code, _ in timeline.ACTIVITIES.values()},
    "repair.": repair_codes(),
    # Drivers and access
    "access.kind_": TokenKind,
    "access.status_": TokenStatus,
    "access.reason.": Reason,
    "access.asked_": Asked,
    "access.fallback_": Fallback,
    "access.day_": Day,
    "access.measure_": Measure,
    "access.per_": Per,
    "access.period_": Period,
    "reservations.state_": ReservationState,
    "reservations.waiting_": WaitingState,
    # Care
    "care.standing_": Standing,
    "care.rollout_": RolloutState,
    "care.scope_": Scope,
    "care.severity_": Severity,
    "care.certificate_": CertificateStatus,
    "care.use_": LeafUse,
    "care.status.": CommandStatus,
    "care.signing_": SigningState,
    # People and what they did
    "roles.": {*Role, *(f"{role}_text" for role in Role)},
    "me.way_": Way,
    "branding.": {*LogoKind, *(f"{kind}_text" for kind in LogoKind)},
    "audit.kind_": audit_kinds.KINDS,
    "audit.text_": audit_kinds.KINDS,
    "audit.group_": {kind.group for kind in audit_kinds.KINDS.values()},
    "audit.word_": {*Way, *Role, *Admission, *ReservationState, *RolloutState, *UpgradePhase}
    | {*PasswordStatus, *CertificateStatus, *LeafUse},
}

IN_THE_DRIVERS_APP: dict[str, Iterable[str]] = {
    "evse_state.": EvseState,
    "session_state.": SessionState,
    "reservation_state.": ReservationState,
    "plug.": ConnectorFormat,
}


@pytest.mark.parametrize("prefix", IN_THE_CONSOLE)
def test_the_console_has_words_for_every_code(prefix: str) -> None:
    codes = [str(code) for code in IN_THE_CONSOLE[prefix]]
    assert codes
    assert [code for code in codes if prefix + code not in CONSOLE] == []


@pytest.mark.parametrize("prefix", IN_THE_DRIVERS_APP)
def test_the_drivers_app_has_words_for_every_code(prefix: str) -> None:
    codes = [str(code) for code in IN_THE_DRIVERS_APP[prefix]]
    assert codes
    assert [code for code in codes if prefix + code not in DRIVER] == []


def test_every_code_that_is_translated_is_one_of_the_servers() -> None:
    """Words of codes that are no more are nothing but work for translators."""
    for prefix in ("onboarding.trouble.", "onboarding.problem.", "audit.text_", "repair."):
        known = {prefix + str(code) for code in IN_THE_CONSOLE[prefix]}
        assert {key for key in CONSOLE if key.startswith(prefix)} - known == set()


def test_acts_are_told_with_the_facts_that_the_server_gives() -> None:
    words = json.loads((WORDS / "en.json").read_text(encoding="utf-8"))["console"]["audit"]
    for name, kind in audit_kinds.KINDS.items():
        known = set(re.findall(r"\{(\w+)\}", kind.text)) | {"name"}
        assert set(re.findall(r"\{\{(\w+)\}\}", words[f"text_{name}"])) <= known, name


def test_pages_speak_every_language_that_the_servers_letters_are_written_in() -> None:
    assert {*letters.LANGUAGES, *drivers.LANGUAGES} <= {path.stem for path in WORDS.glob("*.json")}
