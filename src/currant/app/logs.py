"""What Currant writes to standard error: one line an event, with its time in UTC."""

import logging
import sys
import time

FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s"
# Libraries that tell every step of what they do.
QUIETER = ("httpx", "httpcore", "alembic", "uvicorn", "picows")


def set_up(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(FORMAT, datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in QUIETER:
        logging.getLogger(name).setLevel(logging.WARNING)
