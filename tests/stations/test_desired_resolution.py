"""Which declaration holds for a station, by example and for every set of declarations."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from currant.kit.ids import StationGroupId, StationId, TenantId
from currant.stations.desired.model import Change, Declaration, Facts, Scope
from currant.stations.desired.resolution import Book, applies, differences, keys_of, rank, target_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
STATION = Facts(
    station_id=StationId("s1"), groups=("g1", "g2"), vendor="ABB", model="Terra", firmware="1", version="1.6"
)


def declared(scope: Scope, value: object, *, number: int = 0, **more: object) -> Declaration:
    target: dict[str, object] = {
        Scope.STATION: {"station_id": StationId("s1")},
        Scope.GROUP: {"group_id": StationGroupId("g1")},
        Scope.MODEL: {"vendor": "abb", "model": "TERRA"},
        Scope.ALL: {},
    }[scope]
    fields = {"aspect": "a", "key": "k", "declared_at": NOW + timedelta(seconds=number), **target, **more}
    return Declaration(
        id=f"{scope}-{number}-{value}", tenant_id=TenantId("t"), scope=scope, value=value, **fields
    )


def winner(*declarations: Declaration, facts: Facts = STATION) -> object:
    found = Book(declarations).resolve(facts).get(("a", "k"))
    return None if found is None else found.value


def test_the_narrower_scope_wins_whatever_the_priority_and_the_age() -> None:
    wide = declared(Scope.ALL, "all", number=9, priority=9)
    model = declared(Scope.MODEL, "model", number=8, priority=8)
    group = declared(Scope.GROUP, "group", number=1)
    station = declared(Scope.STATION, "station")
    assert winner(wide, model) == "model"
    assert winner(wide, model, group) == "group"
    assert winner(wide, model, group, station) == "station"


def test_among_groups_priority_decides_and_then_the_newer_one() -> None:
    first = declared(Scope.GROUP, "first", number=1, priority=1)
    second = declared(Scope.GROUP, "second", number=2, group_id=StationGroupId("g2"))
    third = declared(Scope.GROUP, "third", number=3, group_id=StationGroupId("g2"))
    assert winner(first, second) == "first"
    assert winner(second, third) == "third"


def test_what_names_a_firmware_or_a_version_is_for_those_alone_and_fits_more_closely() -> None:
    plain = declared(Scope.MODEL, "plain", number=5)
    firmware = declared(Scope.MODEL, "firmware", firmware="1")
    other = declared(Scope.MODEL, "other", number=7, firmware="2")
    later = declared(Scope.ALL, "2.1", version="2.1")
    assert winner(plain, firmware, other) == "firmware"
    assert winner(later) is None
    assert winner(declared(Scope.ALL, "1.6", version="1.6")) == "1.6"


def test_absence_is_a_wish_like_any_other() -> None:
    absent = declared(Scope.STATION, None)
    found = Book([absent, declared(Scope.ALL, "x")]).resolve(STATION)
    assert found["a", "k"] is absent


def test_the_explanation_says_why_each_other_one_lost() -> None:
    book = Book(
        [
            declared(Scope.GROUP, "winner", priority=5),
            declared(Scope.GROUP, "less", number=1, priority=4),
            declared(Scope.ALL, "wide"),
        ]
    )
    explained = book.explain(STATION)["a", "k"]
    assert explained.winner.value == "winner"
    assert [(lost.value, why) for lost, why in explained.lost] == [
        ("less", "Its priority is 4, the other's 5."),
        ("wide", "A declaration for its group prevails over one for all."),
    ]


def test_a_change_is_a_difference_only_where_it_matters() -> None:
    before = declared(Scope.ALL, "1")
    after = declared(Scope.MODEL, "2", number=1)
    changes = [Change(declaration_id=after.id, after=after)]
    book = Book([before, after])
    other = Facts(station_id=StationId("s2"), vendor="Other", model="Other")
    found = list(differences(book.before(changes), book, [STATION, other]))
    assert [(each.station_id, each.before.value, each.after.value) for each in found] == [("s1", "1", "2")]


scopes = st.sampled_from(list(Scope))
declarations = st.lists(
    st.builds(
        lambda scope, value, number, priority, firmware, version, key: declared(
            scope,
            value,
            number=number,
            priority=priority,
            firmware=firmware if scope is Scope.MODEL else "",
            version=version,
            key=key,
        ),
        scopes,
        st.integers(0, 3),
        st.integers(0, 50),
        st.integers(-2, 2),
        st.sampled_from(["", "1", "2"]),
        st.sampled_from(["", "1.6", "2.1"]),
        st.sampled_from(["k", "l"]),
    ),
    max_size=12,
    unique_by=lambda each: (each.id, each.key, each.priority, each.firmware, each.version),
).map(lambda some: [_numbered(each, place) for place, each in enumerate(some)])
facts = st.builds(
    Facts,
    station_id=st.sampled_from([StationId("s1"), StationId("s2")]),
    groups=st.sampled_from([(), ("g1",), ("g1", "g2")]),
    vendor=st.sampled_from(["ABB", "abb", "x"]),
    model=st.just("Terra"),
    firmware=st.sampled_from(["1", "2"]),
    version=st.sampled_from(["1.6", "2.1"]),
)


def _numbered(declaration: Declaration, place: int) -> Declaration:
    import msgspec

    return msgspec.structs.replace(declaration, id=f"{place:03d}")


def plainly(some: list[Declaration], station: Facts, key: str) -> Declaration | None:
    """The rule without an index: of all that are for the station the one of the highest rank."""
    targets = {("all",), ("model", station.vendor.casefold(), station.model.casefold())}
    targets |= {("group", group) for group in station.groups} | {("station", station.station_id)}
    fitting = [
        each for each in some if each.key == key and target_of(each) in targets and applies(each, station)
    ]
    return max(fitting, key=rank, default=None)


@given(declarations, facts, st.randoms())
def test_the_book_finds_what_the_plain_rule_finds_in_whatever_order(some, station, random) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)
    found = Book(shuffled).resolve(station)
    for key in ("k", "l"):
        assert found.get(("a", key)) == plainly(some, station, key)
    explained = Book(some).explain(station)
    assert {at: each.winner for at, each in explained.items()} == found


@given(declarations, declarations, st.lists(facts, max_size=5))
def test_a_change_taken_back_leaves_the_book_as_it_was(some, others, stations) -> None:
    book = Book(some)
    known = {each.id: each for each in some}
    changes = [Change(declaration_id=each.id, before=known.get(each.id), after=each) for each in others]
    after = Book(book)
    for change in changes:
        assert change.after is not None
        after.put(change.after)
    undone = after.before(changes)
    assert {each.id: each for each in undone} == known
    keys = keys_of(changes)
    for station in stations:
        assert undone.resolve(station) == book.resolve(station)
        changed = {(each.aspect, each.key) for each in differences(book, after, [station])}
        assert changed <= keys
        assert {at for at in changed if at in keys} == {
            (each.aspect, each.key) for each in differences(book.about(keys), after.about(keys), [station])
        }


@given(declarations)
def test_what_is_removed_leaves_nothing_behind(some) -> None:
    book = Book(some)
    for each in some:
        book.remove(each.id)
    assert len(book) == 0
    assert book.resolve(STATION) == {}
