"""What the demo prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from rich import box
from rich.console import Console
from rich.table import Table

from demo.team import STAND_IN, Team
from demo.verify import Check, Told
from demo.violations import Caught
from demo.workload import IN_FLIGHT, Placed
from shop.timing import Timings

__all__ = ["make_console", "print_caught", "print_checks", "print_hops"]

WIDTH = 110


def make_console() -> Console:
    """As wide as the terminal, or as the tables where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def _table(title: str, *headings: str, right: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table


def print_hops(console: Console, team: Team, placed: Placed, told: Told) -> None:
    """Calls and latencies of each hop."""
    numbers = ("calls", "p50 ms", "p95 ms")
    table = _table("Hops", "hop", "served by", *numbers, right=numbers)
    p50, p95 = Timings(placed.millis).p50_p95()
    rows = [("HTTP → orders::place", "Python", len(placed.millis), p50, p95)]
    languages = {
        "pricing::quote": ("orders → pricing::quote", team.pricing),
        "inventory::reserve": ("orders → inventory::reserve", team.inventory),
        "receipts::write": ("orders → queue", "engine"),
    }
    rows += [(*languages[hop.function_id], hop.calls, hop.p50_ms, hop.p95_ms) for hop in told.hops.hops]
    receipts = told.receipts
    rows.append(("queue → receipts::write", "Python", receipts.receipts, receipts.p50_ms, receipts.p95_ms))
    for name, language, calls, median, high in rows:
        style = "yellow" if language == STAND_IN else ""
        table.add_row(name, language, f"{calls:,}", f"{median:.1f}", f"{high:.1f}", style=style)
    console.print(table)
    rate = len(placed.answers) / placed.seconds
    console.print(
        f"{len(placed.answers):,} order lines in {placed.seconds:.1f} s, {rate:,.0f}/s, {IN_FLIGHT} in flight; "
        f"placed again over HTTP: {placed.repeated}; delivered again by the queue: {receipts.repeated}"
    )


def print_checks(console: Console, checks: Sequence[Check]) -> bool:
    """One row per number; whether all hold."""
    numbers = ("expected", "found")
    table = _table("Numbers, recomputed from the files", "number", *numbers, "", right=numbers)
    for check in checks:
        mark = "[green]ok[/]" if check.holds else "[bold red]OFF[/]"
        table.add_row(check.what, _short(check.expected), _short(check.found), mark)
    console.print(table)
    return all(check.holds for check in checks)


def _short(value: Any) -> str:
    """A number as it is; of a collection its size, and the sum of what it maps to."""
    if isinstance(value, int):
        return f"{value:,}"
    members = list(cast("dict[str, Any]", value).values() if isinstance(value, dict) else cast("set[str]", value))
    total = f"{sum(members):,} in " if members and all(isinstance(member, int) for member in members) else ""
    return f"{total}{len(members):,}"


def print_caught(console: Console, caught: Sequence[Caught]) -> bool:
    """One row per breach; whether each was caught where it happened."""
    table = _table("Breaches of the contract", "offender", "breach", "", "by", "function", "side", "path")
    for row in caught:
        case = row.case
        mark = "[green]caught[/]" if row.holds else "[bold red]MISSED[/]"
        table.add_row(case.offender, case.mode, mark, row.by, case.function_id, case.side, case.path)
    console.print(table)
    for row in caught:
        if not row.holds:
            console.print(f"not caught as it must be: {row.case}: {row.said}", style="red", markup=False)
    return all(row.holds for row in caught)
