"""Logs that say what they belong to: context on every record, JSON lines, and shipping to the engine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from iii_bridge.aio.invocation import current_invocation
from iii_bridge.bridge.calls import Calls
from iii_bridge.bridge.checks import encode_json
from iii_bridge.errors import BridgeError, InvocationTimeoutError, Side
from iii_bridge.types import Json

__all__ = ["EngineLogs", "JsonLines", "LogContext"]

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTEXT: Final = ("iii_function", "iii_invocation", "trace_id", "span_id")
_OWN: Final = ("iii_bridge", "websockets", "asyncio", "opentelemetry")
_BACKLOG: Final = 1000


class LogContext(logging.Filter):
    """Puts on each record what is being served: `iii_function`, `iii_invocation`, `trace_id`, `span_id`.

    For any handler: `handler.addFilter(LogContext())`. The members are empty
    where nothing is being served, so that a format may name them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Adds the members and lets every record pass."""
        for name, value in _context().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, context, what was given as `extra`, the exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        LogContext().filter(record)
        line: dict[str, Json] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in _CONTEXT if getattr(record, name)},
            **_extra(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class EngineLogs(logging.Handler):
    """Sends records to the engine's `engine::log::*` (wire.md 7.7), in the background; made by `connect(ship_logs=…)`.

    Records of this library and of what it stands on are left out: sending one
    must not make the next. While the engine is away up to 1000 wait; the
    oldest give way, and how many did is told with the next.
    """

    def __init__(self, calls: Calls, worker_name: str, level: int) -> None:
        super().__init__(level)
        self._calls = calls
        self._worker_name = worker_name
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[str, dict[str, Json]]] = deque()
        self._lost = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._task = self._loop.create_task(self._send_all(), name="iii-bridge logs")
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Takes a record from whichever thread."""
        if record.name.split(".")[0] in _OWN:
            return
        try:
            entry = _level(record.levelno), self._payload(record)
            self._loop.call_soon_threadsafe(self._add, entry)
        except RuntimeError:
            pass  # the loop is closed: the process is ending
        except Exception:
            self.handleError(record)

    async def stop(self, grace: float = 1.0) -> None:
        """Takes no more and sends what waits, for `grace` seconds at most."""
        logging.getLogger().removeHandler(self)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await asyncio.sleep(0)  # what other threads have handed over comes first
                while self._waiting:
                    self._idle.clear()
                    await self._idle.wait()
        self._task.cancel()
        await asyncio.wait((self._task,))

    def _payload(self, record: logging.LogRecord) -> dict[str, Json]:
        context = _context()
        data: dict[str, Json] = {"logger": record.name, **_extra(record)}
        data.update({name: context[name] for name in ("iii_function", "iii_invocation") if context[name]})
        if record.exc_info:
            data["exception"] = logging.Formatter().formatException(record.exc_info)
        ids = {name: context[name] for name in ("trace_id", "span_id") if context[name]}
        plain: Json = json.loads(json.dumps(data, default=str))
        return {"message": record.getMessage(), "data": plain, "service_name": self._worker_name, **ids}

    def _add(self, entry: tuple[str, dict[str, Json]]) -> None:
        if len(self._waiting) >= _BACKLOG:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(entry)
        self._wake.set()

    async def _send_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                entry = self._waiting[0]
                if not await self._send(*entry):
                    continue
                if self._waiting and self._waiting[0] is entry:  # else it gave way to newer ones meanwhile
                    self._waiting.popleft()
            self._idle.set()

    async def _send(self, level: str, payload: dict[str, Json]) -> bool:
        """False when the engine is away, so that the record waits; an engine that refuses it gets no more of it."""
        if self._lost:
            payload["data"]["records_lost_before"] = self._lost
        function_id = f"engine::log::{level}"
        try:
            data = encode_json(payload, function_id, Side.REQUEST)
            await self._calls.void(function_id, data, metadata=None, namespace=None)
        except InvocationTimeoutError:
            return False
        except BridgeError:
            return True
        self._lost = 0
        return True


def _context() -> dict[str, str]:
    serving = current_invocation.get()
    trace = (getattr(serving, "traceparent", None) or "").split("-")
    return {
        "iii_function": getattr(serving, "function_id", ""),
        "iii_invocation": getattr(serving, "invocation_id", ""),
        "trace_id": trace[1] if len(trace) == 4 else "",
        "span_id": trace[2] if len(trace) == 4 else "",
    }


def _extra(record: logging.LogRecord) -> Mapping[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD and name not in _CONTEXT}


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"
