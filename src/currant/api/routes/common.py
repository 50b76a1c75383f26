"""What every router needs: the services, the caller, and who a change is written down for."""

import msgspec
from litestar.types import Scope

from currant.api.authentication import ApiRequest, address_of
from currant.api.services import ApiConfig, ApiServices
from currant.kit.ids import TenantId
from currant.tenancy.model import Caller


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller sends. Unknown fields are refused with the name that was probably meant (bodies.py)."""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are."""

    count: int


def services_of(request: ApiRequest) -> ApiServices:
    return request.app.state.services  # type: ignore[no-any-return]


def config_of(request: ApiRequest) -> ApiConfig:
    return request.app.state.config  # type: ignore[no-any-return]


def caller_of(request: ApiRequest) -> Caller:
    """Who calls; the guard has seen to it that somebody does."""
    caller: Caller | None = request.scope["user"]
    assert caller is not None, "Only routes that need a permission ask who is calling."
    return caller


def tenant_of(request: ApiRequest) -> TenantId:
    return caller_of(request).tenant_id


def remote_address(request: ApiRequest) -> str:
    scope: Scope = request.scope
    return address_of(scope)
