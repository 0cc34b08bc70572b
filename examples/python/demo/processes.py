"""Starts the engine and the workers as processes, and stops them again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "ROOT",
    "RUST_BINARY",
    "TYPESCRIPT_MAIN",
    "Command",
    "DemoError",
    "Process",
    "engine",
    "python_worker",
    "running",
]

ROOT: Final = Path(__file__).resolve().parents[3]
TYPESCRIPT_MAIN: Final = ROOT / "examples" / "typescript" / "dist" / "main.js"
RUST_BINARY: Final = ROOT / "target" / "debug" / "iii-bridge-example-worker"
READY_WITHIN: Final = 30.0
STOP_WITHIN: Final = 10.0
_ENGINE_READY = re.compile(r"workers (ws://\S+)\s+http (http://\S+)")


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a process is started, and how its first useful line begins."""

    label: str
    argv: Sequence[str]
    ready: str = "ready:"


def python_worker(label: str, *arguments: str) -> Command:
    """A worker of the package `shop`."""
    return Command(label, (sys.executable, "-m", "shop", *arguments))


class Process:
    """A child process that said it is ready. Its last lines are kept for error messages."""

    def __init__(self, command: Command, environment: Mapping[str, str]) -> None:
        self.command = command
        self.lines: deque[str] = deque(maxlen=60)
        self._environment = {**os.environ, **environment}
        self._child: asyncio.subprocess.Process | None = None
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Starts it and returns its ready line; DemoError when it ends or stays silent instead."""
        try:
            self._child = await asyncio.create_subprocess_exec(
                *self.command.argv,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            raise DemoError(f"{self.command.label} cannot be started: {error}; run `make setup`") from error
        output = self._child.stdout
        if output is None:
            raise DemoError(f"{self.command.label} has no output to read")
        self._reader = asyncio.create_task(self._read(self._child, output))
        try:
            return await asyncio.wait_for(asyncio.shield(self._ready), READY_WITHIN)
        except TimeoutError:
            await self.stop()
            raise DemoError(f"{self.command.label} was not ready within {READY_WITHIN:.0f} s{self.log()}") from None
        except DemoError:
            await self.stop()
            raise

    async def _read(self, child: asyncio.subprocess.Process, output: asyncio.StreamReader) -> None:
        async for raw in output:
            line = raw.decode(errors="replace").rstrip()
            self.lines.append(line)
            if line.startswith(self.command.ready) and not self._ready.done():
                self._ready.set_result(line)
        if not self._ready.done():
            code = await child.wait()
            self._ready.set_exception(DemoError(f"{self.command.label} ended with exit code {code}{self.log()}"))

    def log(self) -> str:
        """The last lines it printed, ready to be put behind a message."""
        return "".join(f"\n    {line}" for line in self.lines)

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.returncode is None

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL when it does not end."""
        child, reader = self._child, self._reader
        if child is None or reader is None:
            return
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        try:
            await asyncio.wait_for(child.wait(), STOP_WITHIN)
        except TimeoutError:
            child.kill()
            await child.wait()
        await reader
        if self._ready.done() and not self._ready.cancelled():
            self._ready.exception()


@contextlib.asynccontextmanager
async def running(url: str, *commands: Command) -> AsyncGenerator[list[Process]]:
    """Workers connected to the engine at `url`, started together and stopped together."""
    python_path = os.pathsep.join(filter(None, (str(ROOT / "examples" / "python"), os.environ.get("PYTHONPATH"))))
    environment = {"III_URL": url, "PYTHONPATH": python_path, "OTEL_ENABLED": "false"}
    processes = [Process(command, environment) for command in commands]
    try:
        started = await asyncio.gather(*(process.start() for process in processes), return_exceptions=True)
        for outcome in started:
            if isinstance(outcome, BaseException):
                raise outcome
        yield processes
    finally:
        await asyncio.gather(*(process.stop() for process in processes))


@contextlib.asynccontextmanager
async def engine(data_dir: Path) -> AsyncGenerator[tuple[str, str]]:
    """The embedded engine as a process of its own: its WebSocket and its HTTP address."""
    argv = (
        sys.executable,
        "-m",
        "iii_bridge",
        "engine",
        "--port",
        "0",
        "--http-port",
        "0",
        "--data-dir",
        str(data_dir),
    )
    process = Process(Command("the embedded engine", argv, ready="engine ready:"), {})
    line = await process.start()
    try:
        addresses = _ENGINE_READY.search(line)
        if addresses is None:
            raise DemoError(f"the embedded engine does not name its addresses: {line}")
        yield addresses[1], addresses[2]
    finally:
        await process.stop()
