"""Tariffs that stations reckon with: what the commands must be, whatever the version."""

from collections.abc import Callable
from typing import Any

CHECKS: dict[type, Callable[[Any], None]] = {}
