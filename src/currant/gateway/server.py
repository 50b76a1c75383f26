"""The gateway as a whole: its listeners, its doorkeeping, and the watch over all connections."""

from typing import TYPE_CHECKING

import msgspec

from currant.gateway.config import GatewayConfig
from currant.gateway.registry import Registry
from currant.gateway.services import Services

if TYPE_CHECKING:
    pass


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens; None where it does not."""

    plain: int | None
    tls: int | None


class Gateway:
    def __init__(self, config: GatewayConfig, services: Services, registry: Registry) -> None: ...

    ports = Ports(plain=None, tls=None)

    async def start(self) -> None: ...

    async def stop(self, *, grace_s: float = 5.0) -> None: ...

    def reload_certificates(self) -> None: ...
