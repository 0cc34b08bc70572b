"""`iii-bridge engine` as a process: the ready line, signals, exit codes."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from websockets.sync.client import connect

from tests.engine.support import BareWorker

READY = re.compile(r"engine ready: workers (ws://\S+)  http (http://\S+)  streams (ws://\S+)  data in (.+)\n")


@contextmanager
def engine(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "iii_bridge", "engine", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str]) -> re.Match[str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = READY.fullmatch(line)
    assert found is not None, line
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_well_on_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with engine(
        "--port", "0", "--http-port", "0", "--data-dir", str(data), "--queue", "a", "--queue", "b:fifo"
    ) as process:
        found = ready(process)
        assert found[4] == str(data)
        assert (data / "engine.db").exists()
        with connect(found[1]) as socket:
            assert "workerregistered" in str(socket.recv())
        process.send_signal(number)
        assert process.wait(10) == 0


def test_a_taken_port_is_one_line_and_exit_1(tmp_path: Path) -> None:
    with engine("--port", "0", "--http-port", "0", "--memory") as first:
        found = ready(first)
        assert found[4] == "memory"
        port = found[1].rsplit(":", 1)[1]
        with engine("--port", port, "--http-port", "0", "--memory") as second:
            output, errors = second.communicate(timeout=20)
            assert second.returncode == 1
            assert output == ""
            assert errors.count("\n") == 1
            assert errors.startswith("iii-bridge engine: cannot start: ")
            assert port in errors
            assert "choose other ports" in errors


def test_data_that_cannot_be_kept_is_one_line_and_exit_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for directory in (tmp_path / "file", tmp_path / "file" / "data"):
        with engine("--port", "0", "--http-port", "0", "--data-dir", str(directory)) as process:
            _, errors = process.communicate(timeout=20)
            assert process.returncode == 1
            assert errors.count("\n") == 1
            assert str(directory) in errors


def test_a_wrong_queue_is_a_wrong_option() -> None:
    with engine("--queue", "a:lifo") as process:
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 2
        assert "a:lifo" in errors


def test_the_full_engines_config_is_refused_and_never_left_out_in_silence() -> None:
    with engine("--config", "config.yaml") as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "reads no config.yaml" in " ".join(error.replace("│", " ").split())


def test_options_reach_the_engine() -> None:
    """Middleware of every route, where endpoints may be, how large a value."""
    options = ["--memory", "--http-middleware", "a::stop", "--allow-private-endpoints", "--endpoint-host", "*.b.test"]
    options += ["--topic-retention", "0.5", "--max-value-bytes", "20"]
    with engine("--port", "0", "--http-port", "0", *options) as process:
        found = ready(process)

        async def run() -> tuple[int, str, str]:
            worker = await BareWorker.join(SimpleNamespace(url=found[1]))  # type: ignore[arg-type]
            await worker.function("a::stop")
            await worker.trigger("t", "http", "a::web", {"api_path": "/x"})
            await worker.send(type="registerfunction", id="a::away", invocation={"url": "http://127.0.0.1:9/"})
            error = (await worker.call("a::away", {}))["error"]
            async with httpx.AsyncClient(base_url=found[2], trust_env=False) as client:
                asked = asyncio.create_task(client.get("/x"))
                await worker.answer({"action": "respond", "response": {"status_code": 418}})
                status = (await asked).status_code
            large = (await worker.call("state::set", {"scope": "s", "key": "k", "value": "x" * 20}))["error"]
            await worker.close()
            return status, error["code"], large["code"]

        assert asyncio.run(run()) == (418, "function_not_found", "VALUE_TOO_LARGE")


def test_an_engine_on_free_ports_takes_a_free_stream_port_too() -> None:
    with engine("--port", "0", "--http-port", "0", "--memory") as process:
        url = ready(process)[3]
        assert not url.endswith(":3112")
        with connect(url) as socket:
            where = {"subscriptionId": "s", "streamName": "a", "groupId": "b"}
            socket.send(json.dumps({"type": "join", "data": where}))
            assert json.loads(socket.recv())["event"] == {"type": "sync", "data": []}
