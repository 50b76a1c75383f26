"""Lets the simulation import its helpers, `killable`, `traffic` and `ledger`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
