"""What is an act of somebody's; and that acts, brandings and notes are kept alike on both databases."""

from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest

import currant.app.container  # noqa: F401 - so that every class of events is known
from currant.access.events import TokenChanged
from currant.app.records import AUDITED
from currant.db.engine import Database
from currant.events.delivery import family
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict
from currant.kit.event import Event
from currant.kit.ids import PersonId, StationId, TenantId, TokenId
from currant.stations.events import StationChanged
from currant.stations.notes import Notes
from currant.tenancy.audit import Audit
from currant.tenancy.audit_kinds import KINDS, act_of, in_words
from currant.tenancy.audit_model import AuditFilter
from currant.tenancy.branding import Brandings
from currant.tenancy.branding_model import BrandingDraft, LogoKind
from currant.tenancy.callers import local_caller
from currant.tenancy.model import PersonSignedIn
from currant.tenancy.service import Tenancy
from pictures import png

TENANT, OTHER = TenantId("a-tenant"), TenantId("another")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PNG = png()


def test_every_event_that_says_who_did_it_is_an_act() -> None:
    listed = {event.__name__ for event in AUDITED}
    assert listed == set(KINDS)
    for event in family(Event):
        if event.__module__.startswith("currant.") and not event.__subclasses__():
            fields = set(event.__struct_fields__)
            if fields & {"by", "asked_by"}:
                assert event.__name__ in KINDS, f"{event.__name__} is missing in tenancy/audit_kinds.py"


def test_acts_are_told_in_facts_that_their_events_have() -> None:
    for event in AUDITED:
        kind = KINDS[event.__name__]
        named = {field for _, field, _, _ in Formatter().parse(kind.text) if field}
        about = set() if kind.about is None else {field for field in kind.about[1:] if field}
        assert named | about | {kind.by} <= set(event.__struct_fields__) | {"by"}, event.__name__


@pytest.mark.parametrize(
    ("by", "is_act"),
    [("person:ada", True), ("key:billing", True), ("local", True), ("desired state", False), ("", False)],
)
def test_what_the_server_does_by_itself_is_nobodys_act(by: str, is_act: bool) -> None:
    payload = {"station_id": "1", "command": "Reset", "status": "accepted", "asked_by": by}
    assert (act_of("CommandEnded", payload) is not None) is is_act


def test_facts_are_bounded() -> None:
    payload: dict[str, Any] = {"by": "local", "fields": [f"f{n}" for n in range(50)], "uid": "x" * 5_000}
    act = act_of("TokenChanged", payload)
    assert act is not None
    assert act.facts["fields"][-1] == "… 30 more"
    assert len(act.facts["uid"]) == 300


def test_an_act_is_told_in_words() -> None:
    act = act_of(
        "PersonSignedIn", {"person_id": "1", "login": "ada", "remote_address": "192.0.2.1", "way": "totp"}
    )
    assert act is not None
    assert act.by == "person:ada"
    assert in_words(act.kind, act.facts, act.about) == "Signed in from 192.0.2.1 (totp)"


async def test_acts_are_found_by_who_what_about_what_and_when(database: Database) -> None:
    audit = Audit(database)
    for number in range(5):
        at = NOON + timedelta(minutes=number)
        for tenant_id, by in ((TENANT, "person:ada"), (OTHER, "person:eve")):
            await audit.note(
                TokenChanged(
                    tenant_id=tenant_id,
                    happened_at=at,
                    token_id=TokenId(f"t{number}"),
                    uid=f"UID{number}",
                    fields=("created",),
                    by=by,
                )
            )
    changed = StationChanged(
        tenant_id=TENANT,
        happened_at=NOON,
        station_id=StationId("s"),
        identity="CP-1",
        fields=("name",),
        by="key:x",
    )
    await audit.note(changed)
    await audit.note(changed)
    everything = await audit.search(TENANT, AuditFilter())
    assert len(everything) == 6
    assert everything[0].text == "Token UID4: created"
    (about,) = await audit.search(TENANT, AuditFilter(about="token:t3"))
    assert about.about is not None
    assert about.about.label == "UID3"
    assert await audit.search(TENANT, AuditFilter(about="station:t3")) == []
    (by_key,) = await audit.search(TENANT, AuditFilter(by="x"))
    assert by_key.kind == "StationChanged"
    assert await audit.search(TENANT, AuditFilter(by="eve")) == []
    kinds = await audit.search(TENANT, AuditFilter(kinds=("StationChanged", "KeyMade")))
    assert [entry.id for entry in kinds] == [by_key.id]
    window = AuditFilter(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=3))
    assert [entry.text for entry in await audit.search(TENANT, window)] == [
        "Token UID2: created",
        "Token UID1: created",
    ]
    told = [entry async for entry in audit.everything(TENANT, AuditFilter())]
    assert told == everything


async def test_signing_in_is_an_act_of_who_signs_in(database: Database) -> None:
    audit = Audit(database)
    await audit.note(
        PersonSignedIn(
            tenant_id=TENANT,
            happened_at=NOON,
            person_id=PersonId("p"),
            login="ada",
            remote_address="192.0.2.1",
        )
    )
    (entry,) = await audit.search(TENANT, AuditFilter(by="person:ada"))
    assert entry.about is not None
    assert (entry.about.type, entry.about.id) == ("person", "p")


async def test_brandings_are_kept_and_found_at_the_next_start(database: Database) -> None:
    clock = ManualClock()
    tenancy = Tenancy(database, installation_key=b"k" * 32, clock=clock)
    await tenancy.prepare(organisation="Stadtwerke")
    tenant_id = tenancy.host_tenant_id
    first = Brandings(database, tenancy.organisations, clock)
    await first.start()
    draft = BrandingDraft(product_name="Laden", hosts=("laden.example",))
    await first.change(tenant_id, draft, by="a test", may_name_hosts=True)
    url = (await first.set_picture(tenant_id, LogoKind.LOGO, PNG, by="a test")).logo_url
    await first.set_picture(tenant_id, LogoKind.ICON, PNG, by="a test")
    again = Brandings(database, tenancy.organisations, clock)
    await again.start()
    assert again.public(tenant_id) == first.public(tenant_id)
    assert again.public(tenant_id).tenant == "Stadtwerke"
    assert again.tenant_of_host("laden.example") == tenant_id
    assert url is not None
    digest = url.rpartition("/")[2].partition(".")[0]
    assert (await again.picture(digest)).content == PNG
    another, _ = await tenancy.organisations.create(
        name="Another", owner_login="eve@example.com", by=local_caller(tenancy.organisations.host)
    )
    with pytest.raises(Conflict):
        await again.set_hosts(another.id, ["laden.example"], by="a test")
    tenancy.close()


async def test_notes_are_kept_apart_by_organisation(database: Database) -> None:
    clock = ManualClock()
    notes = Notes(database, clock)
    first = await notes.write(TENANT, "station:s", "One\r\ntwo ", pinned=False, by="person:ada")
    clock.advance(timedelta(seconds=1))
    await notes.write(TENANT, "station:s", "Pinned", pinned=True, by="person:ada")
    await notes.write(OTHER, "station:s", "Theirs", pinned=False, by="person:eve")
    assert first.text == "One\ntwo"
    assert [note.text for note in await notes.list(TENANT, "station:s")] == ["Pinned", "One\ntwo"]
    assert await notes.list(TENANT, "station:x") == ()
