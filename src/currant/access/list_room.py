"""What the device model knows of how long a local list a station takes, and how much of it at once."""

from currant.access.list_aspect import Room, RoomOf
from currant.kit.ids import StationId, TenantId
from currant.stations.device import mapping16, naming
from currant.stations.device.model import KnownVariable
from currant.stations.device.service import DeviceModel

ENTRIES = "LocalAuthListCtrlr.Entries"
ITEMS = "LocalAuthListCtrlr.ItemsPerMessage"
LENGTH_16 = "LocalAuthListMaxLength"


def room_known_to(device: DeviceModel) -> RoomOf:
    """Reads the few variables that limit lists; 1.6 keys stand under the names of 2.x."""
    variables = [naming.read(ENTRIES), naming.read(ITEMS), mapping16.in_model(naming.read(LENGTH_16))]

    async def room_of(tenant_id: TenantId, station_id: StationId) -> Room:
        found = await device.known(tenant_id, station_id, variables)
        entries = items = None
        for variable in found.values():
            if variable.ocpp16_key == LENGTH_16:
                entries = _number(variable)
            elif variable.key.lower() == ENTRIES.lower():
                # The value is how many there are, the limit how many there can be.
                most = variable.traits.max_limit
                entries = None if most is None or most < 1 else int(most)
            elif variable.key.lower() == ITEMS.lower():
                items = _number(variable)
        return Room(entries=entries, entries_a_message=items)

    return room_of


def _number(variable: KnownVariable) -> int | None:
    text = (variable.value or "").strip()
    return int(text) if text.isdecimal() and 0 < int(text) < 2**31 else None
