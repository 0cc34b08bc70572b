"""The testee as the suite's runner talks to it: a program, its pipe, many requests."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import IO, Any

import pytest

from iii_bridge.testing.conformance_messages import BACKENDS
from iii_bridge.testing.protojson_testee import serve
from tests.testing.suite import cases, subject
from tests.testing.test_conformance import fits


def ask(pipe: IO[bytes], answers: IO[bytes], data: bytes) -> bytes:
    pipe.write(len(data).to_bytes(4, "little") + data)
    pipe.flush()
    return answers.read(int.from_bytes(answers.read(4), "little"))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_whole_conversation(backend: str) -> None:
    protocol = subject("google")[1]
    command = [sys.executable, "-m", "iii_bridge.testing.protojson_testee", "--backend", backend]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for exchange in cases(backend):
            request: Any = protocol.request(**exchange.request)
            data = ask(process.stdin, process.stdout, request.SerializeToString())
            assert fits(protocol.response.FromString(data), exchange), exchange
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_torn_request_is_an_error() -> None:
    served, protocol = subject("google")
    data = protocol.request().SerializeToString()
    serve(served, io.BytesIO(b""), io.BytesIO())
    for torn in (b"\x05\x00", b"\x05\x00\x00\x00" + data):
        with pytest.raises(EOFError, match="within a request"):
            serve(served, io.BytesIO(torn), io.BytesIO())


def test_an_unknown_library_is_refused() -> None:
    command = [sys.executable, "-m", "iii_bridge.testing.protojson_testee", "--backend", "other"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "choose from betterproto2, google" in done.stderr
