"""The figures of a bench run, as JSON and as a table a person reads."""

import msgspec
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One measured thing. `goal` is the most it may be; `floor` what the bare minimum costs here."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    floor: float | None = None
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
    table.add_column("what")
    for heading in ("measured", "floor", "goal"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    table.add_column("")
    for figure in report.figures:
        mark = {True: "[green]reached[/]", False: "[red]missed[/]", None: ""}[figure.reached]
        table.add_row(
            figure.name,
            _number(figure.value),
            _number(figure.floor),
            f"≤ {_number(figure.goal)}" if figure.goal is not None else "",
            figure.unit,
            f"{mark} {figure.note}".strip(),
        )
    console.print(table)
    for check in report.checks:
        console.print(f"checked: {check}")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if value < 1 else f"{value:,.1f}"
