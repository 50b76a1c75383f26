"""Controls of distributed energy resources: what the commands must be, whatever the version."""

from collections.abc import Callable
from typing import Any

CHECKS: dict[type, Callable[[Any], None]] = {}
