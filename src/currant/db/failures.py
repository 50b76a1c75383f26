"""What an error of a database driver means: who is to blame, and what to tell the operator.

Only five answers matter. The store is AWAY (nobody's facts can be kept now), a row breaks a
constraint (CONFLICT), a value cannot be stored (BAD_VALUE), two transactions met and one must be
done AGAIN, or it is a BUG in whoever wrote the statement.
"""

import sqlite3
from enum import Enum

import psycopg
from sqlalchemy.exc import DBAPIError

from currant.kit.errors import Conflict, Invalid, StoreUnavailable


class Cause(Enum):
    AWAY = "away"
    CONFLICT = "conflict"
    BAD_VALUE = "bad value"
    AGAIN = "again"
    BUG = "bug"


# Primary result codes of SQLite (https://www.sqlite.org/rescode.html) that are nobody's mistake here.
_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY: "Another program holds the database locked. Close it; Currant goes on by itself.",
    sqlite3.SQLITE_LOCKED: "Another program holds the database locked. Close it; Currant goes on by itself.",
    sqlite3.SQLITE_NOMEM: "There is no memory left for the database.",
    sqlite3.SQLITE_READONLY: "The database file cannot be written. Check its permissions and its disk.",
    sqlite3.SQLITE_IOERR: "The disk reported an error while reading or writing the database. Check the disk.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged. Restore the last backup with `currant backup`.",
    sqlite3.SQLITE_FULL: "The disk that holds the database is full. Free some space; Currant goes on by itself.",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened. Check that it exists and may be read and written.",
    sqlite3.SQLITE_PROTOCOL: "The database file's locks do not work on this file system. Move it to a local disk.",
    sqlite3.SQLITE_NOTADB: "The database file is not a SQLite database. Restore the last backup.",
}

# SQLSTATEs and their classes (PostgreSQL, appendix A) that say: not now, or not at all.
_POSTGRESQL_AWAY = {
    "08": "The connection to PostgreSQL was lost.",
    "28": "PostgreSQL refused our name or password. Check the database's address in the settings.",
    "3D": "The database does not exist in PostgreSQL. Create it, or check its address in the settings.",
    "53": "PostgreSQL has no room or connection left. Free its disk, or raise its limits.",
    "57": "PostgreSQL is shutting down, starting, or ended our statement.",
    "58": "PostgreSQL reported an error of its disk or system.",
    "55P03": "Another program holds rows or tables locked in PostgreSQL. Close it; Currant goes on by itself.",
    "25006": "PostgreSQL is read-only: we are connected to a standby. Check the database's address.",
}


def cause_of(error: BaseException) -> Cause:
    error = _driver_error(error)
    if isinstance(error, StoreUnavailable):
        return Cause.AWAY
    if isinstance(error, sqlite3.IntegrityError | psycopg.IntegrityError):
        return Cause.CONFLICT
    if isinstance(error, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected):
        return Cause.AGAIN
    if _problem(error) is not None:
        return Cause.AWAY
    if isinstance(error, psycopg.DataError | OverflowError | UnicodeError | sqlite3.DataError):
        return Cause.BAD_VALUE
    return Cause.BUG


def translated(error: BaseException) -> BaseException:
    """The error as a caller meets it: a `CurrantError` where it is not a bug."""
    cause = cause_of(error)
    driver_error = _driver_error(error)
    if isinstance(driver_error, StoreUnavailable):
        return driver_error
    match cause:
        case Cause.AWAY:
            return StoreUnavailable(problem_of(error))
        case Cause.CONFLICT:
            return Conflict(
                "This cannot be kept: it contradicts what is already there.", detail=str(driver_error)
            )
        case Cause.BAD_VALUE:
            return Invalid("A value cannot be stored.", detail=str(driver_error))
        case Cause.AGAIN:
            return StoreUnavailable("Too many changes to the same things at once. Try again.")
        case Cause.BUG:
            return error


def problem_of(error: BaseException) -> str:
    """What is wrong with the store, in words for whoever has to mend it."""
    error = _driver_error(error)
    return _problem(error) or str(error)


def _problem(error: BaseException) -> str | None:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        words = _SQLITE_AWAY.get(code & 0xFF) if code is not None else None
        return f"{words} (SQLite: {error})" if words else None
    if isinstance(error, psycopg.Error):
        state = error.sqlstate or ""
        words = _POSTGRESQL_AWAY.get(state) or _POSTGRESQL_AWAY.get(state[:2])
        if words is None and not state and isinstance(error, psycopg.OperationalError):
            words = "PostgreSQL cannot be reached. Check that it runs and its address in the settings."
        return f"{words} (PostgreSQL: {' '.join(str(error).split())})" if words else None
    if isinstance(error, OSError):
        return f"The machine refused the database: {error}."
    return None


def _driver_error(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
