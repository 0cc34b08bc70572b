"""Context on records, JSON lines, and records in the engine's log."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from iii_bridge import JsonLines, LogContext
from iii_bridge.bridge import logs
from tests.aio.fake_engine import FakeEngine
from tests.bridge.support import bridge_in_memory
from tests.virtual_clock import run_virtually

log = logging.getLogger("shop.orders")


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def kept() -> Any:
    handler = Kept()
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield handler
    log.removeHandler(handler)


def test_a_record_names_what_is_being_served(kept: Kept) -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):

            async def handle(payload: Any) -> Any:
                log.info("paid %d", 3, extra={"order": "o-1"})
                return None

            bridge.register_function("x::y", handle)
            ids = {"invocation_id": "i-1", "function_id": "x::y"}
            await peer.send(type="invokefunction", **ids, data={}, traceparent="00-aa-bb-01")
            await peer.next("invocationresult")

    run_virtually(main())
    line = json.loads(kept.lines[0])
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "shop.orders",
        "message": "paid 3",
        "iii_function": "x::y",
        "iii_invocation": "i-1",
        "trace_id": "aa",
        "span_id": "bb",
        "order": "o-1",
    }


def test_outside_the_members_are_empty_and_an_exception_is_told(kept: Kept) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("failed", extra={"odd": object})
    line = json.loads(kept.lines[0])
    assert line["exception"].endswith("ValueError: no")
    assert line["odd"] == "<class 'object'>"
    assert "iii_function" not in line
    record = logging.makeLogRecord({"iii_function": "kept"})
    assert LogContext().filter(record)
    assert (record.iii_function, record.trace_id) == ("kept", "")  # type: ignore[attr-defined]


def test_records_go_to_the_engines_log_but_for_our_own() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine(), ship_logs=logging.INFO) as (_, peer):
            logging.getLogger("iii_bridge.session").warning("ours")
            log.debug("too little")
            log.info("first", extra={"order": "o-1"})
            await asyncio.to_thread(log.error, "second")
            first, second = await peer.next("invokefunction"), await peer.next("invokefunction")
            while not first["function_id"].startswith("engine::log"):
                first, second = second, await peer.next("invokefunction")
            assert (first["function_id"], second["function_id"]) == ("engine::log::info", "engine::log::error")
            assert first["data"] == {
                "message": "first", "data": {"logger": "shop.orders", "order": "o-1"}, "service_name": "w",
            }  # fmt: skip
            assert first["action"] == {"type": "void"}
            assert second["data"]["message"] == "second"
        assert not any(isinstance(handler, logs.EngineLogs) for handler in logging.getLogger().handlers)

    log.setLevel(logging.DEBUG)
    asyncio.run(main())


def test_while_the_engine_is_away_the_newest_are_kept_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_BACKLOG", 3)

    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine, ship_logs=logging.INFO, timeout=2.0) as (_, peer):
            engine.away = True
            peer.transport.break_connection()
            await asyncio.sleep(0)
            for number in range(6):
                log.info("number %d", number)
            await asyncio.sleep(10)
            engine.away = False
            peer = await engine.accept()
            sent: list[dict[str, Any]] = []
            while len(sent) < 3:
                frame = await peer.next("invokefunction")
                if frame["function_id"] == "engine::log::info":
                    sent.append(frame["data"])
            assert [entry["message"] for entry in sent] == ["number 3", "number 4", "number 5"]
            assert sent[0]["data"]["records_lost_before"] == 3
            assert "records_lost_before" not in sent[1]["data"]

    log.setLevel(logging.DEBUG)
    run_virtually(main())


def test_every_level_has_its_function() -> None:
    levels = [logging.DEBUG, logging.INFO, 25, logging.WARNING, logging.ERROR, logging.CRITICAL]
    assert [logs._level(level) for level in levels] == ["debug", "info", "info", "warn", "error", "error"]
