"""Lets the tests of the simulator import their helpers, `judge` and `bench_top`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
