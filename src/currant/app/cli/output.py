"""What commands print: tables for people on a terminal, JSON for machines, both from the same values."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from currant.app.cli.state import state
from currant.kit.clock import SystemClock

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

COLOURS = {
    "available": "green",
    "charging": "cyan",
    "accepted": "green",
    "active": "cyan",
    "ended": "dim",
    "faulted": "red",
    "refused": "red",
    "unavailable": "yellow",
    "pending": "yellow",
    "blocked": "red",
    "offline": "red",
    "unanswered": "red",
    "failed": "red",
    "unsupported": "yellow",
}

Column = tuple[str, str | Callable[[dict[str, Any]], Any]]


def show(value: Any, human: Callable[[], None] | None = None) -> None:
    """The value as JSON when machines ask, else what `human` prints (fields and values when it is None)."""
    if state.json:
        print(json.dumps(value, indent=2, ensure_ascii=False, default=str))
    elif human is not None:
        human()
    else:
        fields(value)


def line(value: Any) -> None:
    """One JSON document on one line, for streams."""
    print(json.dumps(value, ensure_ascii=False, default=str), flush=True)


def say(sentence: str) -> None:
    """A sentence for people; machines get none."""
    if not state.json and not state.quiet:
        console.print(sentence, markup=False)


def table(rows: Iterable[dict[str, Any]], columns: Sequence[Column], *, nothing: str) -> None:
    """Rows as a table, or as a JSON list; `nothing` is said when there are none."""
    found = list(rows)
    if state.json:
        print(json.dumps(found, indent=2, ensure_ascii=False, default=str))
        return
    if not found:
        say(nothing)
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for title, _ in columns:
        drawn.add_column(title, overflow="fold")
    for row in found:
        cells = [get(row) if callable(get) else row.get(get) for _, get in columns]
        drawn.add_row(*[_cell(cell) for cell in cells])
    # A pipe gets whole lines; a terminal what fits it.
    width = None if sys.stdout.isatty() else 200
    Console(highlight=False, width=width).print(drawn)


def fields(value: dict[str, Any], *, leave_out: Sequence[str] = ()) -> None:
    """One thing, a line a field; empty ones are left out."""
    names = [
        name for name, inner in value.items() if inner not in (None, "", [], {}) and name not in leave_out
    ]
    width = max((len(name) for name in names), default=0)
    for name in names:
        inner = value[name]
        shown = json.dumps(inner, ensure_ascii=False) if isinstance(inner, dict | list) else inner
        text = Text(f"{name.replace('_', ' '):<{width}}  ", style="dim")
        text.append_text(_cell(shown))
        console.print(text)


def ago(at: str | None) -> str:
    """How long ago a time of the API was: `3 min`, `2 d`; a dash for never."""
    if not at:
        return "-"
    seconds = (SystemClock().now() - moment(at)).total_seconds()
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def moment(at: str) -> datetime:
    return datetime.fromisoformat(at.replace("Z", "+00:00"))


def local(at: str | None) -> str:
    """A time of the API in this machine's zone, to the second."""
    return moment(at).astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else "-"


def kwh(wh: float | None) -> str:
    return "-" if wh is None else f"{wh / 1000:.2f}"


def _cell(value: Any) -> Text:
    if value is None or value == "":
        return Text("-", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no", style="green" if value else "dim")
    text = str(value)
    return Text(text, style=COLOURS.get(text, ""))
