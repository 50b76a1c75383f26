"""What the device model knows of how a station can transfer files."""

from currant.kit.ids import StationId, TenantId
from currant.stations.device.service import DeviceModel
from currant.stations.transfers.making import ProtocolsOf

VARIABLE = "OCPPCommCtrlr.FileTransferProtocols"
"""1.6's SupportedFileTransferProtocols stands under this name too."""


def known_to(device: DeviceModel) -> ProtocolsOf:
    """Reads the list that the station reported; empty when it reported none."""

    async def protocols(tenant_id: TenantId, station_id: StationId) -> frozenset[str]:
        listed = await device.value(tenant_id, station_id, VARIABLE) or ""
        return frozenset(word.strip().upper() for word in listed.split(",") if word.strip())

    return protocols
