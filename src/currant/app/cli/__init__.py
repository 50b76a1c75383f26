"""The command `currant`. Exit codes are in cli/exits.py, and in docs/command-line.md for scripts."""

from currant.app.cli.main import main

__all__ = ["main"]
