"""That the model holds what OCPP 1.6, OCPP 2.x and OCPI say of a place, and gives it back."""

from hypothesis import given
from hypothesis import strategies as st

from currant.kit.ids import LocationId, StationId, TenantId
from currant.stations.model import (
    Admission,
    AttendedStation,
    Connector,
    ConnectorFormat,
    ConnectorStandard,
    Evse,
    Location,
    OpeningPeriod,
    PowerType,
    Station,
)

TENANT = TenantId("tenant-1")

places = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 4)), min_size=1, max_size=12, unique=True)


def attended(ids: dict[int, tuple[int, int]]) -> AttendedStation:
    station = AttendedStation(
        tenant_id=TENANT,
        station_id=StationId("s"),
        identity="CP",
        version="1.6",
        admission=Admission.ACCEPTED,
    )
    station.ocpp16_connectors = ids
    return station


@given(places)
def test_described_ocpp16_connectors_map_to_places_and_back(places: list[tuple[int, int]]) -> None:
    station = attended(dict(enumerate(places, start=1)))
    for number, place in enumerate(places, start=1):
        assert station.place_of(number) == place
        assert station.ocpp16_connector_of(*place) == number


@given(st.integers(1, 1_000))
def test_undescribed_ocpp16_connectors_are_evses_with_one_connector(number: int) -> None:
    station = attended({})
    assert station.place_of(number) == (number, 1)
    assert station.ocpp16_connector_of(number, 1) == number


def test_ocpp16_connector_zero_and_below_is_the_station_itself() -> None:
    station = attended({1: (1, 1)})
    assert station.place_of(0) == station.place_of(-1) == (0, 0)
    assert station.ocpp16_connector_of(0, 0) == 0


def to_ocpi(location: Location, station: Station) -> dict[str, object]:
    """The essentials of an OCPI 2.2.1 Location (mod_locations 1.3), as roaming will word them."""
    return {
        "id": location.id,
        "name": location.name,
        "address": location.address,
        "city": location.city,
        "postal_code": location.postal_code,
        "country": location.country,
        "coordinates": {"latitude": f"{location.latitude:.6f}", "longitude": f"{location.longitude:.6f}"},
        "time_zone": location.time_zone,
        "facilities": list(location.facilities),
        "opening_times": {
            "twentyfourseven": not location.opening_hours,
            "regular_hours": [
                {"weekday": p.weekday, "period_begin": p.begins, "period_end": p.ends}
                for p in location.opening_hours
            ],
        },
        "evses": [
            {
                "uid": f"{station.id}-{evse.number}",
                "evse_id": evse.reference,
                "connectors": [
                    {
                        "id": str(connector.number),
                        "standard": connector.standard.value,
                        "format": connector.format.value.upper(),
                        "power_type": connector.power_type.value,
                        "max_voltage": connector.max_voltage_v,
                        "max_amperage": connector.max_current_a,
                        "max_electric_power": connector.max_power_w,
                    }
                    for connector in evse.connectors
                ],
            }
            for evse in station.evses
        ],
    }


def from_ocpi(whole: dict) -> tuple[Location, tuple[Evse, ...]]:
    location = Location(
        id=LocationId(whole["id"]),
        tenant_id=TENANT,
        name=whole["name"],
        address=whole["address"],
        city=whole["city"],
        postal_code=whole["postal_code"],
        country=whole["country"],
        latitude=float(whole["coordinates"]["latitude"]),
        longitude=float(whole["coordinates"]["longitude"]),
        time_zone=whole["time_zone"],
        facilities=tuple(whole["facilities"]),
        opening_hours=tuple(
            OpeningPeriod(weekday=p["weekday"], begins=p["period_begin"], ends=p["period_end"])
            for p in whole["opening_times"]["regular_hours"]
        ),
    )
    evses = tuple(
        Evse(
            number=int(evse["uid"].rpartition("-")[2]),
            reference=evse["evse_id"],
            connectors=tuple(
                Connector(
                    number=int(connector["id"]),
                    standard=ConnectorStandard(connector["standard"]),
                    format=ConnectorFormat(connector["format"].lower()),
                    power_type=PowerType(connector["power_type"]),
                    max_voltage_v=connector["max_voltage"],
                    max_current_a=connector["max_amperage"],
                    max_power_w=connector["max_electric_power"],
                )
                for connector in evse["connectors"]
            ),
        )
        for evse in whole["evses"]
    )
    return location, evses


connectors = st.builds(
    Connector,
    number=st.integers(1, 9),
    standard=st.sampled_from(ConnectorStandard),
    format=st.sampled_from(ConnectorFormat),
    power_type=st.sampled_from(PowerType),
    max_voltage_v=st.integers(1, 1_500),
    max_current_a=st.integers(1, 3_000),
    max_power_w=st.none() | st.integers(1, 4_000_000),
)


@given(st.lists(connectors, max_size=4), st.lists(st.integers(1, 7), max_size=7))
def test_the_model_comes_back_whole_from_the_shape_of_ocpi(plugs: list[Connector], days: list[int]) -> None:
    location = Location(
        id=LocationId("l"),
        tenant_id=TENANT,
        name="Depot",
        address="Hafenstr. 1",
        city="Hamburg",
        postal_code="20457",
        country="DE",
        latitude=53.541,
        longitude=9.984,
        time_zone="Europe/Berlin",
        opening_hours=tuple(OpeningPeriod(weekday=day, begins="07:00", ends="20:00") for day in days),
        facilities=("HOTEL",),
    )
    evses = (Evse(number=3, reference="DE*ABC*E3", connectors=tuple(plugs)),)
    station = Station(id=StationId("a-station"), tenant_id=TENANT, identity="CP", evses=evses)
    assert from_ocpi(to_ocpi(location, station)) == (location, evses)
