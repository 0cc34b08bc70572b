"""`iii-bridge watch`: what happens on a live engine, line by line."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from iii_bridge import connect_sync
from iii_bridge.cli.watch_events import Event, log_event
from iii_bridge.cli.watch_lines import line_of
from tests.cli.live import live_engine
from tests.cli.test_codegen import PROGRAM


@contextmanager
def watching(url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The program, once it watches."""
    process = subprocess.Popen(
        [str(PROGRAM), "watch", "--url", url, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "watching; Ctrl+C ends it\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def log(bridge: object, level: str, message: str, **more: object) -> None:
    bridge.call(f"engine::log::{level}", {"message": message, "service_name": "orders", **more})  # type: ignore[attr-defined]


def test_logs_and_registrations_as_they_happen() -> None:
    with live_engine() as url, watching(url, "--json") as process:
        assert process.stdout is not None
        with connect_sync(url, worker_name="late") as bridge:
            bridge.register_function("late::one", lambda payload: payload)
            log(bridge, "warn", "two\nlines", data={"sku": "tea"})
            found: dict[tuple[str, str, str], dict[str, object]] = {}
            wanted = {("log", "warn", "orders"), ("worker", "added", "late"), ("function", "added", "late::one")}
            while not wanted <= found.keys():
                event = json.loads(process.stdout.readline())
                found[event["kind"], event.get("change") or event["level"], event["name"]] = event
        assert found["log", "warn", "orders"]["text"] == "two\nlines"
        assert found["function", "added", "late::one"]["text"] == "late"
        gone = set()
        while gone != {"worker", "function"}:
            event = json.loads(process.stdout.readline())
            if event.get("change") == "removed":
                gone.add(event["kind"])
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_only_grave_logs_for_people_and_an_end_by_count() -> None:
    with live_engine() as url, watching(url, "--only", "logs", "--level", "warn", "--count", "2") as process:
        with connect_sync(url, worker_name="late") as bridge:
            for level in ("info", "error", "debug", "warn", "error"):
                log(bridge, level, f"it is {level}")
        lines = process.communicate(timeout=60)[0].splitlines()
        assert process.returncode == 0
        assert sorted(line.split(maxsplit=1)[1] for line in lines) in (
            ["ERROR    orders: it is error", "WARN     orders: it is warn"],
            ["ERROR    orders: it is error", "ERROR    orders: it is error"],
        )


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event(kind="function", change="added", name="a::b", text="w"), "+ function a::b  w"),
        (Event(kind="worker", change="removed", name="w"), "- worker   w"),
        (
            Event(kind="log", change="info", name="", text="a\nb", details={"n": 1, "s": "x y", "t": "x"}),
            'INFO     -: a\\nb n=1 s="x y" t=x',
        ),
    ],
)
def test_lines(event: Event, line: str) -> None:
    import click

    assert click.unstyle(line_of(event)).split(" ", 1)[1] == line


def test_records_that_are_none_or_lack_parts() -> None:
    assert log_event("x") is None
    event = log_event({"body": {"a": 1}, "severity_text": "INFO", "trace_id": "t", "timestamp_unix_nano": 10**18})
    assert event is not None
    assert (event.text, event.severity, event.details) == ('{"a": 1}', 0, {"trace_id": "t"})
    assert event.time == datetime.fromtimestamp(10**9, UTC)
