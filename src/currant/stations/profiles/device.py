"""What the device model knows of how much smart charging a station can take."""

from collections.abc import Mapping

from currant.kit.ids import StationId, TenantId
from currant.stations.device import mapping16, naming
from currant.stations.device.service import DeviceModel
from currant.stations.profiles.service import Known

ENTRIES = "SmartChargingCtrlr.Entries[ChargingProfiles]"
NAMES = (
    "SmartChargingCtrlr.Enabled",
    "SmartChargingCtrlr.ProfileStackLevel",
    "SmartChargingCtrlr.PeriodsPerSchedule",
    "SmartChargingCtrlr.RateUnit",
    "SmartChargingCtrlr.ACPhaseSwitchingSupported",
    "SmartChargingCtrlr.MaxExternalConstraintsId",
    "SmartChargingCtrlr.SupportsDynamicProfiles",
    "SmartChargingCtrlr.SupportsUseLocalTime",
    "SmartChargingCtrlr.SupportedAdditionalPurposes",
    "V2XChargingCtrlr.SupportedOperationModes",
    ENTRIES,
)
OF_16 = "MaxChargingProfilesInstalled"


def known_to(device: DeviceModel) -> Known:
    """Reads the few variables that limit profiles; 1.6 keys stand under the names of 2.x."""
    variables = [naming.read(name) for name in NAMES]
    variables.append(mapping16.in_model(naming.read(OF_16)))

    async def known(tenant_id: TenantId, station_id: StationId) -> Mapping[str, str | None]:
        found = await device.known(tenant_id, station_id, variables)
        values: dict[str, str | None] = {}
        for variable in found.values():
            if variable.ocpp16_key == OF_16:
                values[OF_16] = variable.value
            elif variable.key.lower() == ENTRIES.lower():
                # Of entries the value is how many there are, the limit how many there can be.
                most = variable.traits.max_limit
                values[f"{ENTRIES}.MaxLimit"] = None if most is None else str(int(most))
            else:
                values[variable.key] = variable.value
        return values

    return known
