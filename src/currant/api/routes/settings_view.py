"""How this installation is set, for those who answer for it: every setting, what it is, and where from."""

import msgspec
from litestar import Router, get

from currant.api.authentication import ApiRequest
from currant.api.routes.common import services_of
from currant.api.services import SettingShown
from currant.tenancy.model import Permission


class SettingsShown(msgspec.Struct, frozen=True, kw_only=True):
    """All settings, in the order of the documentation."""

    items: tuple[SettingShown, ...]


@get("/settings", opt={"permission": Permission.TENANTS_MANAGE})
async def show_settings(request: ApiRequest) -> SettingsShown:
    """How this installation is set: for owners of the host organisation. Secrets are shown as `set`.

    Settings are changed in the settings file or the environment, and hold from the next start on.
    """
    return SettingsShown(items=services_of(request).settings())


router = Router("/api/v1", tags=["Settings"], route_handlers=[show_settings])
