"""Lets the tests of certificates import their helper, `authorities`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
