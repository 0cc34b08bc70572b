"""The whole demo, on a few order lines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo import run
from demo.expect import Expected, work_out
from demo.processes import ROOT
from demo.violations import Case, Caught
from demo.workload import Line

FEW = 40


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("III_URL", "III_HTTP_URL")}
    return subprocess.run(
        [sys.executable, "-m", "iii_bridge", "demo", "--lines", str(FEW), *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_three_languages_and_every_number_holds() -> None:
    done = demo()
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("TypeScript", "Rust", "orders → pricing::quote", "all numbers hold, every breach was caught"):
        assert part in done.stdout
    assert "stand-in" not in done.stdout


def test_without_node_and_cargo_stand_ins_are_named_and_the_exit_code_is_3(tmp_path: Path) -> None:
    done = demo(PATH=str(tmp_path))
    assert done.returncode == 3, done.stdout + done.stderr
    for part in ("node was not found", "cargo was not found", "Python stand-in", "with stand-ins"):
        assert part in done.stdout
    assert "Rust worker" not in done.stdout.replace("place of the Rust worker", "")


def test_a_running_engine_is_used(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "iii_bridge", "engine", "--port", "0", "--http-port", "0", "--memory"]
    with subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as engine:
        try:
            assert engine.stdout is not None
            words = engine.stdout.readline().split()
            url, http_url, _streams = (word for word in words if "://" in word)
            done = demo(III_URL=url, III_HTTP_URL=http_url)
        finally:
            engine.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"running engine: workers {url}" in done.stdout


def test_an_engine_that_is_not_there_is_one_line(unused_port: int) -> None:
    done = demo("--url", f"ws://127.0.0.1:{unused_port}", "--http-url", f"http://127.0.0.1:{unused_port}")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert f"no engine answers at ws://127.0.0.1:{unused_port}" in done.stdout


def test_one_cent_off_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def off_by_one(lines: list[Line]) -> Expected:
        expected = work_out(lines)
        order_id = next(iter(expected.cents))
        expected.cents[order_id] += 1
        return expected

    async def no_breaches(*_: object) -> AsyncIterator[Caught]:
        for caught in ():
            yield caught

    monkeypatch.setattr(run, "work_out", off_by_one)
    monkeypatch.setattr(run, "answers", no_breaches)
    monkeypatch.setattr(run, "requests", no_breaches)
    assert run.main(None, None, FEW) == 1
    printed = capsys.readouterr().out
    assert "OFF" in printed
    assert "all numbers hold" not in printed


def test_a_missed_breach_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def one_missed(*_: object) -> AsyncIterator[Caught]:
        yield Caught(
            Case("Rust worker", "wrong-type", "inventory::reserve", "response", "$.quantity"),
            "nobody",
            "the answer was accepted",
            holds=False,
        )

    monkeypatch.setattr(run, "answers", one_missed)
    monkeypatch.setattr(run, "requests", one_missed)
    assert run.main(None, None, FEW) == 1
    assert "MISSED" in capsys.readouterr().out
