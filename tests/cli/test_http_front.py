"""`iii-bridge http-front` as a process, in front of a worker that knows no contract."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from iii_bridge import connect
from iii_bridge.cli.main import app
from iii_bridge.engine import Engine
from tests.bridge.support import run_really

PROTO = Path(__file__).parents[1] / "bridge" / "proto"


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "iii_bridge", "http-front", "--proto", str(PROTO), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_routes_of_a_contract_reach_a_worker_that_knows_no_contract() -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine, connect(engine.url, worker_name="foreign") as worker:
            asked: list[Any] = []

            def move(payload: Any) -> Any:
                asked.append(payload)
                return {"said": "moved", "tags": []} if payload["limit"] == 5 else {"said": 7}

            worker.register_function("things::move", move)
            process = start("shop.v1.ThingsService", "--url", engine.url, "--name", "front")
            try:
                assert process.stdout is not None
                line = await asyncio.to_thread(process.stdout.readline)
                assert line == "ready: 10 routes of shop.v1.ThingsService as worker front\n", process.stderr
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{engine.http_port}") as http:
                    answer = await http.put("/things/x/address?limit=5", json={"street": "s"})
                    assert (answer.status_code, answer.json()["said"]) == (200, "moved")
                    place = {"street": "s", "zip": 0, "people": []}
                    assert asked == [{"name": "x", "limit": 5, "address": place, "labels": {}}]
                    wrong = await http.put("/things/x/address?limit=many", json={})
                    assert (wrong.status_code, wrong.json()["details"][0]["path"]) == (400, "$.limit")
                    fault = await http.put("/things/x/address", json={})
                    assert (fault.status_code, fault.json()["details"][0]["path"]) == (500, "$.said")
                    assert len(asked) == 2
                    away = await http.get("/files/a")
                    assert (away.status_code, away.json()["code"]) == (503, "UNAVAILABLE")
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 20) == 0
            finally:
                process.kill()
                process.communicate()

    run_really(main(), 60)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--proto", str(PROTO), "shop.v1.Nothing"], 2, "no service shop.v1.Nothing"),
        (["--proto", str(PROTO / "missing")], 1, "no such directory"),
        (["--descriptor-set", __file__], 1, "no descriptor set"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: list[str], code: int, text: str) -> None:
    result = CliRunner().invoke(app, ["http-front", *arguments], catch_exceptions=True)
    said = result.output + str(result.exception or "")
    assert text in " ".join(said.replace("│", " ").split())
    assert result.exit_code == code
