"""Runs the gRPC client in Node that `tests/node/grpc.mjs` is."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from google.rpc import status_pb2

__all__ = ["call", "node_calls", "status_of"]

SCRIPT = Path(__file__).parents[1] / "node" / "grpc.mjs"


def call(service: str, method: str, *requests: Any, **options: Any) -> dict[str, Any]:
    """One call for `node_calls`: `metadata` as pairs, `seconds`, `cancelAfter` so many responses."""
    return {"service": service, "method": method, "requests": requests, **options}


def node_calls(
    address: str, descriptors: bytes, *calls: dict[str, Any], tls: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """How each call ended: `responses`, `code`, `details`, `initial` metadata and `trailers`."""
    job = {
        "address": address,
        "descriptors": base64.b64encode(descriptors).decode(),
        "calls": calls,
        **({"tls": tls} if tls else {}),
    }
    done = subprocess.run(["node", str(SCRIPT)], input=json.dumps(job), capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    outcomes: list[dict[str, Any]] = json.loads(done.stdout)
    return outcomes


def status_of(outcome: dict[str, Any]) -> status_pb2.Status:
    """The google.rpc.Status of a call that failed."""
    (encoded,) = dict(outcome["trailers"])["grpc-status-details-bin"]
    return status_pb2.Status.FromString(base64.b64decode(encoded))
