"""`iii-bridge expose` as a process, between a gRPC server of grpcio and an engine."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from iii_bridge import StatusCode, StatusError, connect
from iii_bridge.cli.main import app
from iii_bridge.engine import Engine
from tests.bridge.support import run_really
from tests.gateway.edge import edge
from tests.gateway.upstream.server import BareServer


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "iii_bridge", "expose", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_methods_of_a_server_are_functions_while_it_serves() -> None:
    async def main() -> None:
        server = BareServer()
        await server.start()
        async with Engine(port=0, http_port=0) as engine, connect(engine.url, worker_name="caller") as caller:
            process = start(server.address, "--url", engine.url, "--name", "front", "--header", "x-from: iii")
            try:
                assert process.stdout is not None
                line = await asyncio.to_thread(process.stdout.readline)
                assert line == f"ready: 10 methods of edge.v1.EdgeService at {server.address} as worker front\n"
                client = edge.EdgeClient(caller)
                assert (await client.echo(edge.Everything(large=2**60))).large == 2**60
                await client.look(edge.LookRequest())
                assert server.seen.pop()["x-from"] == ["iii"]
                with pytest.raises(StatusError) as caught:
                    await client.fail(edge.FailRequest(code=5, message="no such thing"))
                assert caught.value.status_code is StatusCode.NOT_FOUND
                slow = asyncio.ensure_future(client.wait(edge.WaitRequest(seconds=1)))
                while not server.begun["wait"]:  # noqa: ASYNC110 -- there is no event to wait for
                    await asyncio.sleep(0.01)
                process.send_signal(signal.SIGTERM)
                await slow  # it finishes within the grace
                assert await asyncio.to_thread(process.wait, 60) == 0
            finally:
                process.kill()
                process.communicate()
                await server.stop()

    run_really(main(), 120)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["127.0.0.1:1", "--header", "nonsense"], 2, "NAME:VALUE"),
        (["127.0.0.1:1", "--descriptor-set", __file__], 1, "no descriptor set"),
        (["127.0.0.1:1", "--tls-cert", __file__], 1, "go together"),
        (["127.0.0.1:1", "--url", "ws://127.0.0.1:1", "--connect-timeout", "0.2"], 1, "127.0.0.1:1"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: list[str], code: int, text: str) -> None:
    result = CliRunner().invoke(app, ["expose", *arguments], catch_exceptions=True)
    said = result.output + str(result.exception or "")
    assert text in " ".join(said.replace("│", " ").split())
    assert isinstance(result.exception, SystemExit) == (code == 2)


def test_contracts_from_a_directory_need_no_reflection(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["expose", "127.0.0.1:1", "--proto", str(tmp_path / "missing")])
    assert "no such directory" in str(result.exception)
