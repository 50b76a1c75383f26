"""What every generated message type is built from: the base Struct and the few scalar types of the wire.

The types are as strict as the official schemas, for decoding too: a payload that keeps the schema
is decoded in one pass, and one that does not is read again, tolerantly, by `reading`. What a
tolerant reading may leave out of a required field is `Reported`: the type checker sees that it can
be None, the wire does not allow it.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec

__all__ = ["CustomDataType", "Instant", "Integer", "Maybe", "Payload", "Reported"]


class Payload(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel", gc=False
):
    """A message, or a part of one. Optional fields that are None are not written."""


Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

# No store and no other party takes more than 64 bits; the schemas set no limit.
Integer: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

# OCPP 2.x leaves this one class open for vendors; `vendorId` is the only key it must have.
CustomDataType: TypeAlias = dict[str, Any]

if TYPE_CHECKING:
    from typing import Optional as Maybe
    from typing import Optional as Reported
else:

    class Maybe:
        """May be absent, then None; but null, which OCPP does not know, is no value on the wire."""

        def __class_getitem__(cls, item: Any) -> Any:
            return item

    class Reported:
        """Required on the wire, None when a station's value was missing or made no sense."""

        def __class_getitem__(cls, item: Any) -> Any:
            return Annotated[item, msgspec.Meta(extra={"reported": True})]
