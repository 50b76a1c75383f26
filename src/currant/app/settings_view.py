"""The settings as they hold, fit to be shown: no secret leaves the process."""

import os
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic import BaseModel

from currant.api.services import SettingShown
from currant.app.settings import Key, Settings, keys

SET = "set"
_SECRET = re.compile(r"(^|_)(password|token|secret|pin|credentials)$|private_key$|vapid_key$")
_LOGIN_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_SECRET_IN_URL = re.compile(r"(?i)((?:password|token|secret|key|sig)=)[^&\s]+")


def settings_shown(
    settings: Settings, environment: Mapping[str, str] = os.environ
) -> tuple[SettingShown, ...]:
    """Every setting with its value and where that comes from. Options of the command line count as the file."""
    return tuple(_shown(key, settings, environment) for key in keys())


def _shown(key: Key, settings: Settings, environment: Mapping[str, str]) -> SettingShown:
    section = getattr(settings, key.section) if key.section else settings
    value = getattr(section, key.name)
    if environment.get(key.variable):
        source = "environment"
    else:
        source = "default" if value == key.default else "file"
    return SettingShown(
        key=key.dotted,
        value=fit_to_show(key.name, value),
        default=fit_to_show(key.name, key.default),
        source=source,
        doc=key.explanation,
    )


def fit_to_show(name: str, value: Any) -> Any:
    """A value without what must not be seen: `set` for a secret, URLs without their log-ins."""
    if _SECRET.search(name):
        return SET if value else ""
    if isinstance(value, BaseModel):
        return {field: fit_to_show(field, getattr(value, field)) for field in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(field): fit_to_show(str(field), inner) for field, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [fit_to_show(name, inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _SECRET_IN_URL.sub(r"\1" + SET, _LOGIN_IN_URL.sub(SET, str(value)))
