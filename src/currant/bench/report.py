"""The figures of a bench run, as JSON and as a table a person reads."""

import msgspec
from rich.console import Console
from rich.table import Table

ECHO_THERE = 0.006
"""CPU seconds per 1,000 echoed messages on the machine for which the goals were set."""


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One measured thing. `goal` is the most it may be; `floor` what the bare minimum cost in this run.

    Goals were set where an echo cost `ECHO_THERE`. On a slower or busier machine everything costs
    more, the echo too: `goal_here` is the goal in proportion, and what to compare runs by.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    floor: float | None = None
    goal_here: float | None = None
    count: int = 0
    note: str = ""

    @property
    def reached(self) -> bool | None:
        return None if self.goal is None else self.value <= self.goal


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run: where, when, the figures, and what was checked."""

    version: str
    python: str
    machine: str
    at: str
    database: str
    figures: list[Figure]
    checks: list[str]


def show(report: Report, console: Console) -> None:
    table = Table(
        title=f"Currant {report.version} on {report.database}, Python {report.python}", caption=report.machine
    )
    table.add_column("what", no_wrap=True)
    for heading in ("measured", "floor", "goal", "goal here"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("")
    for figure in report.figures:
        mark = {True: "[green]reached[/]", False: "[red]missed[/]", None: ""}[figure.reached]
        if not figure.reached and figure.goal_here is not None and figure.value <= figure.goal_here:
            mark = "[yellow]reached in proportion[/]"
        table.add_row(
            figure.name,
            _number(figure.value),
            _number(figure.floor),
            f"≤ {_number(figure.goal)}" if figure.goal is not None else "",
            f"≤ {_number(figure.goal_here)}" if figure.goal_here is not None else "",
            figure.unit,
            f"{mark} {figure.note}".strip(),
        )
    if not console.is_terminal:
        console.width = max(console.width, 160)
    console.print(table)
    for check in report.checks:
        console.print(f"checked: {check}")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if value < 1 else f"{value:,.1f}"
