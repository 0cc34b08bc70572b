"""Programs under test: started, watched, stopped or killed, with what they printed."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from iii_bridge.errors import BridgeError

__all__ = ["Process", "ProcessError"]

_KEPT_LINES: Final = 500
_LAST_WORDS: Final = 5.0  # seconds
_POSIX: Final = os.name == "posix"


class ProcessError(BridgeError):
    """A program did not start, ended too early or was not ready in time; the text ends with what it printed."""


class Process:
    """One program and all it starts; standard output and standard error are kept together, the last 500 lines."""

    def __init__(
        self,
        command: str | Sequence[str],
        *,
        name: str = "",
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
    ) -> None:
        """`command` is a list, or a line a shell would read; `env` comes on top of this process's environment."""
        self.command = shlex.split(command, posix=_POSIX) if isinstance(command, str) else list(command)
        self.name = name or Path(self.command[0]).name
        self._env = {**os.environ, **(env or {})}
        self._cwd = cwd
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._printed = threading.Condition()
        self._ended = False
        self._child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Starts it. Raises ProcessError when there is no such program."""
        try:
            self._child = subprocess.Popen(  # noqa: S603 -- the user's own command, without a shell
                self.command,
                env=self._env,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=_POSIX,
            )
        except OSError as error:
            raise ProcessError(f"{self.name} cannot be started: {(error.strerror or str(error)).lower()}") from error
        self._reader = threading.Thread(target=self._read, args=(self._child,), name=f"log of {self.name}", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return None if self._child is None else self._child.poll()

    @property
    def pid(self) -> int | None:
        """Its process id; None before it was started."""
        return None if self._child is None else self._child.pid

    def log(self) -> str:
        """What it printed, newest last."""
        with self._printed:
            return "\n".join(self._lines)

    def wait_for_line(self, part: str, timeout: float) -> str:
        """The first line that holds `part`. Raises ProcessError when it ends or `timeout` seconds pass without one."""
        with self._printed:
            self._printed.wait_for(lambda: self._ended or self._line_with(part) is not None, timeout)
            found, ended = self._line_with(part), self._ended
        if found is None:
            raise self.failure("ended before" if ended else f"did not within {timeout:g} s", f"print {part!r}")
        return found

    def failure(self, what: str, then: str) -> ProcessError:
        """The error to raise for this program: `{name} {what} {then}`, its exit code, its last lines."""
        code = "" if self.exit_code is None else f" (exit code {self.exit_code})"
        if code:  # its last words may still be on their way, and something it started may hold the pipe open
            with self._printed:
                self._printed.wait_for(lambda: self._ended, _LAST_WORDS)
        said = "\n".join(f"    {line}" for line in self.log().splitlines()[-40:])
        return ProcessError(
            f"{self.name} {what} {then}{code}" + (f"; it printed\n{said}" if said else "; it was silent")
        )

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended by itself. Raises ProcessError when it runs on for `timeout` seconds."""
        try:
            code = None if self._child is None else self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            code = None
        if code is None:
            raise self.failure(f"did not within {timeout:g} s", "end")
        return code

    def stop(self, grace: float = 10.0) -> None:
        """Asks it to end, and kills it and what it started when it has not after `grace` seconds."""
        if self._child is None:
            return
        if self.running:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(grace)
        self.kill()

    def kill(self) -> None:
        """Ends it and what it started at once."""
        child, reader = self._child, self._reader
        if child is None or reader is None:
            return
        self._signal(signal.SIGKILL if _POSIX else signal.SIGTERM)  # also what is left of its group
        child.wait()
        reader.join()
        if child.stdout is not None:
            child.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if _POSIX:
                os.killpg(self._child.pid, number)
            else:
                self._child.send_signal(number)

    def _line_with(self, part: str) -> str | None:
        return next((line for line in self._lines if part in line), None)

    def _read(self, child: subprocess.Popen[str]) -> None:
        for line in child.stdout or ():
            with self._printed:
                self._lines.append(line.rstrip("\n"))
                self._printed.notify_all()
        with self._printed:
            self._ended = True
            self._printed.notify_all()
