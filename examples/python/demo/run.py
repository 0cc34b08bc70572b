"""The demo from start to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo.expect import work_out
from demo.preflight import require
from demo.processes import DemoError, Process, engine, running
from demo.report import make_console, print_caught, print_checks, print_hops
from demo.team import Team, assemble
from demo.verify import ask, checks, receipts_written
from demo.violations import Caught, answers, requests
from demo.workload import Line, Placed, load_lines, place_all
from iii_bridge import Bridge, BridgeError, ConnectionLostError, connect

__all__ = ["main"]

OFF, STOOD_IN, TERMINATED = 1, 3, 143
HTTP_DEFAULT = "http://127.0.0.1:3111"
CONNECT_WITHIN = 5.0


def main(url: str | None, http_url: str | None, limit: int | None = None) -> int:
    """Runs against the engine at `url`, or an embedded one, with all order lines or the first `limit`.

    The exit code: 0, 1 when a number is off, a breach was missed or the demo could not run, 3 when all is well but
    Python stood in for a language.
    """
    console = make_console()
    try:
        return asyncio.run(_demo(console, url, http_url, limit))
    except (DemoError, BridgeError, httpx.HTTPError) as error:
        console.print(f"demo: {str(error) or type(error).__name__}", style="red", markup=False)
        return OFF
    except asyncio.CancelledError:
        return TERMINATED


async def _demo(console: Console, url: str | None, http_url: str | None, limit: int | None) -> int:
    me = asyncio.current_task()
    if me is not None:  # so that the engine and the workers are stopped too
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    team = assemble()
    for tool in team.missing:
        language = {"node": "TypeScript", "cargo": "Rust"}[tool]
        console.print(
            f"{tool} was not found: a Python stand-in takes the place of the {language} worker", style="yellow"
        )
    async with _engine(url, http_url) as (kind, ws, http), _connected(ws) as bridge:
        console.print(f"{kind} engine: workers {ws}  http {http}")
        well = await _run(console, bridge, ws, http, team, load_lines()[:limit])
    if not well:
        return OFF
    if team.missing:
        console.print(f"all numbers hold, with stand-ins: {' and '.join(team.missing)} missing", style="yellow")
        return STOOD_IN
    console.print("all numbers hold, every breach was caught", style="green")
    return 0


@contextlib.asynccontextmanager
async def _engine(url: str | None, http_url: str | None) -> AsyncGenerator[tuple[str, str, str]]:
    """The engine named, or one of our own: which of the two, its WebSocket and its HTTP address."""
    if url is not None:
        yield "running", url, http_url or HTTP_DEFAULT
        return
    with tempfile.TemporaryDirectory(prefix="iii-bridge-demo-") as data:
        async with engine(Path(data)) as (own_url, own_http_url):
            yield "embedded", own_url, own_http_url


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncGenerator[Bridge]:
    try:
        bridge = await connect(url, worker_name="example-demo", connect_timeout=CONNECT_WITHIN)
    except ConnectionLostError as error:
        raise DemoError(f"no engine answers at {url}: start one, or leave --url and III_URL away") from error
    try:
        yield bridge
    finally:
        await bridge.close()


async def _run(console: Console, bridge: Bridge, url: str, http_url: str, team: Team, lines: list[Line]) -> bool:
    await require(bridge, http_url)
    expected = work_out(lines)
    caught: list[Caught] = []
    async with running(url, *team.commands()) as workers, _naming_the_dead(console, workers):
        for worker in workers:
            console.print(f"ready: {worker.command.label}")
        placed = await _place(console, http_url, lines)
        receipts = await receipts_written(bridge, len(expected.cents))
        told = await ask(bridge, http_url, receipts, lines)
        print_hops(console, team, placed, told)
        numbers_hold = print_checks(console, checks(lines, expected, placed, told))
        caught += [row async for row in requests(bridge, http_url, team)]
    caught += [row async for row in answers(bridge, url, team)]
    return print_caught(console, caught) and numbers_hold


@contextlib.asynccontextmanager
async def _naming_the_dead(console: Console, workers: Sequence[Process]) -> AsyncGenerator[None]:
    """Shows the last lines of workers that ended too early, which explains whatever fails next."""
    try:
        yield
    finally:
        for worker in workers:
            if not worker.running:
                console.print(f"{worker.command.label} has ended{worker.log()}", style="red", markup=False)


async def _place(console: Console, http_url: str, lines: list[Line]) -> Placed:
    columns = (TextColumn("placing order lines"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(lines))
        return await place_all(http_url, lines, lambda: progress.advance(task))
