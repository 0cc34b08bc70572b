"""What the demo prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from demo.team import STAND_IN, Team
from demo.verify import Check, Told
from demo.violations import Caught
from demo.workload import IN_FLIGHT, Placed
from shop.timing import Timings

__all__ = ["print_caught", "print_checks", "print_hops"]


def print_hops(console: Console, team: Team, placed: Placed, told: Told) -> None:
    """Calls and latencies of each hop."""
    table = Table(title="Hops", title_justify="left")
    for heading in ("hop", "served by"):
        table.add_column(heading)
    for heading in ("calls", "p50 ms", "p95 ms"):
        table.add_column(heading, justify="right")
    p50, p95 = Timings(placed.millis).p50_p95()
    rows = [("HTTP → orders::place", "Python", len(placed.millis), p50, p95)]
    languages = {
        "pricing::quote": ("orders → pricing::quote", team.pricing),
        "inventory::reserve": ("orders → inventory::reserve", team.inventory),
        "receipts::write": ("orders → queue", "engine"),
    }
    for hop in told.hops.hops:
        rows.append((*languages[hop.function_id], hop.calls, hop.p50_ms, hop.p95_ms))
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
    table = Table(title="Numbers, recomputed from the files", title_justify="left")
    for heading in ("number", "expected", "found", ""):
        table.add_column(heading, justify="right" if heading in ("expected", "found") else "left")
    for check in checks:
        mark = "[green]ok[/]" if check.holds else "[red]OFF[/]"
        table.add_row(check.what, _short(check.expected), _short(check.found), mark)
    console.print(table)
    return all(check.holds for check in checks)


def _short(value: object) -> str:
    """A number as it is; of a collection its size, and the sum of what it maps to."""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        numbers = [number for number in value.values() if isinstance(number, int)]
        return f"{sum(numbers):,} in {len(value):,}" if len(numbers) == len(value) else f"{len(value):,}"
    if isinstance(value, (set, frozenset)):
        return f"{len(value):,}"
    return str(value)


def print_caught(console: Console, caught: Sequence[Caught]) -> bool:
    """One row per breach; whether each was caught where it happened."""
    table = Table(title="Breaches of the contract", title_justify="left")
    for heading in ("offender", "breach", "caught by", "function", "side", "path", ""):
        table.add_column(heading, overflow="fold")
    for row in caught:
        case = row.case
        mark = "[green]caught[/]" if row.holds else "[red]MISSED[/]"
        table.add_row(case.offender, case.mode, row.by, case.function_id, case.side, case.path, mark)
    console.print(table)
    for row in caught:
        if not row.holds:
            console.print(f"not caught as it must be: {row.case}: {row.said}", style="red", markup=False)
    return all(row.holds for row in caught)
