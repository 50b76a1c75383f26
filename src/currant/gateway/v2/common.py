"""What the translators and wordings of OCPP 2.x share."""

from typing import Any

from currant.gateway.services import Caller


def evse_of(caller: Caller, evse: int | None, connector: int | None = None) -> Any:
    """An EVSEType, None for the whole station."""
    return None if not evse else caller.types.EVSEType(id=evse, connector_id=connector)
