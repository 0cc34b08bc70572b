"""`iii-bridge gateway` as a process: what it says, serves and survives."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from iii_bridge.cli.main import app
from tests.cli.live import live_engine
from tests.gateway.edge import PROTO, contracts, serve_edge
from tests.gateway.support import Rpcs, message


@contextmanager
def gateway(*arguments: str, cwd: Path | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A gateway that is ready, and the line it said so with."""
    process = subprocess.Popen(
        [sys.executable, "-m", "iii_bridge", "gateway", "--listen", "127.0.0.1:0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready:"), process.communicate()[1]
        yield process, line
    finally:
        process.kill()
        process.communicate()


def address(line: str) -> str:
    found = re.search(r"at (\S+) as", line)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("source", ["proto", "descriptor-set", "workers"])
def test_contracts_come_from_files_or_from_workers(source: str, tmp_path: Path) -> None:
    compiled = tmp_path / "edge.binpb"
    compiled.write_bytes(contracts.descriptors)
    chosen = {"proto": ["--proto", str(PROTO)], "descriptor-set": ["--descriptor-set", str(compiled)], "workers": []}
    with live_engine(("edge", serve_edge)) as url, gateway("--url", url, "--name", "g", *chosen[source]) as started:
        process, line = started
        services = 2 if source == "workers" else 3
        assert re.fullmatch(rf"ready: 1[12] methods of {services} services at 127\.0\.0\.1:\d+ as worker g\n", line)
        with grpc.insecure_channel(address(line)) as channel:
            rpcs = Rpcs(channel)
            assert rpcs.unary("Echo", message("Everything", large=2**60)).large == 2**60
            slow = rpcs.method("unary_unary", "Wait").future(message("WaitRequest", seconds=1.0), timeout=30)
            assert next(rpcs.method("unary_stream", "Watch")(message("WatchRequest", count=1), timeout=30)).number == 0
            process.send_signal(signal.SIGTERM)
            assert slow.result(30).metadata == "{}"
            assert process.wait(30) == 0, process.communicate()[1]


TLS = Path(__file__).parents[1] / "gateway" / "tls"


def test_who_may_call_is_an_option(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("# who may call\nann s3cret\n")
    (tmp_path / "gate.py").write_text(
        "async def names(call):\n    return {'iii-names': list(call.identity.names) if call.identity else []}\n"
    )
    cert = ("--tls-cert", str(TLS / "server.pem"), "--tls-key", str(TLS / "server.key.pem"))
    mutual = (*cert, "--client-ca", str(TLS / "ca.pem"))
    keys = [(TLS / name).read_bytes() for name in ("ca.pem", "client.key.pem", "client.pem")]
    plain, full = grpc.ssl_channel_credentials(keys[0]), grpc.ssl_channel_credentials(*keys)

    def look(line: str, credentials: grpc.ChannelCredentials, *metadata: tuple[str, str]) -> Any:
        with grpc.secure_channel(address(line), credentials) as channel:
            return json.loads(Rpcs(channel).unary("Look", message("LookRequest"), metadata=metadata).metadata)

    with live_engine(("edge", serve_edge)) as url:
        common = ("--url", url, "--proto", str(PROTO))
        with gateway(*common, *cert, "--tokens", str(tokens), "--metadata", "x-*", "--compress", "--otel") as (_, line):
            good = ("authorization", "Bearer s3cret")
            assert look(line, plain, good, ("x-a", "1"), ("y", "2")) == {"iii-identity": "ann", "x-a": "1"}
            with pytest.raises(grpc.RpcError) as caught:
                look(line, plain)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        with gateway(*common, *mutual, "--auth", "gate:names", cwd=tmp_path) as (_, line):
            assert look(line, full)["iii-names"] == ["spiffe://tests/shop", "shop.test"]
            with pytest.raises(grpc.RpcError) as caught:
                look(line, plain)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--proto", str(PROTO), "edge.v1.Nothing"], 1, "no service edge.v1.Nothing"),
        (["--proto", str(PROTO), "--listen", "nowhere"], 1, "cannot listen at nowhere"),
        (["--proto", str(PROTO / "missing")], 1, "no such directory"),
        (["--descriptor-set", __file__], 1, "no descriptor set"),
        (["--proto", str(PROTO), "--tls-cert", __file__], 2, "both --tls-cert and --tls-key"),
        (["--proto", str(PROTO), "--tokens", __file__], 2, "no list of tokens"),
        (["--proto", str(PROTO), "--auth", "nothing:here"], 2, "module nothing"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: list[str], code: int, text: str) -> None:
    with live_engine() as url:
        result = CliRunner().invoke(app, ["gateway", "--url", url, *arguments], catch_exceptions=True)
    said = result.output + str(result.exception or "")
    assert text in " ".join(said.replace("│", " ").split())
    assert result.exit_code == code
