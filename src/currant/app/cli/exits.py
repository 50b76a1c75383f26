"""What the command line ends with; scripts may rely on these numbers."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    REFUSED = 1
    """The server, or the charging station, said no; or a check found something wrong."""
    USAGE = 2
    """The command line or the settings are wrong."""
    UNREACHABLE = 3
    """No Currant server answers at the address."""
    NOT_FOUND = 4
    """What was named does not exist."""
    NOT_ALLOWED = 5
    """The key is missing, wrong, or lacks the permission."""
    STATION_AWAY = 6
    """The charging station is offline or did not answer."""
    BROKEN = 7
    """The server failed, or its database is away."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""


MEANINGS = {
    Exit.OK: "done",
    Exit.REFUSED: "refused by the server or the station; a check found something wrong",
    Exit.USAGE: "the command line or the settings are wrong",
    Exit.UNREACHABLE: "no Currant server answers",
    Exit.NOT_FOUND: "what was named does not exist",
    Exit.NOT_ALLOWED: "the key is missing, wrong, or lacks the permission",
    Exit.STATION_AWAY: "the station is offline or did not answer",
    Exit.BROKEN: "the server failed, or its database is away",
    Exit.INTERRUPTED: "interrupted",
}


class Failure(Exception):
    """The command ends here: a sentence for people, what to do next, and the exit code."""

    def __init__(self, message: str, exit: Exit, *, hint: str = "", code: str = "") -> None:
        self.message, self.exit, self.hint, self.code = message, exit, hint, code
        super().__init__(message)
