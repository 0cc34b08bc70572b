"""Clients written in Go: grpcurl, a client of our own, and ghz for load. `make test-grpc-clients` builds and runs them.

Not part of `make test`, which needs no Go.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iii_bridge.dynamic import Contracts
from iii_bridge.gateway import Tls
from iii_bridge.status import StatusCode
from tests.gateway.edge import contracts
from tests.gateway.languages import SERVED, example_contracts, languages_gateway
from tests.gateway.node_client import call
from tests.gateway.support import Live, live_gateway

TOOLS = Path(__file__).parents[2] / "build" / "go"
TLS = Path(__file__).parent / "tls"
EDGE = "edge.v1.EdgeService"


def run(tool: str, *arguments: str, given: str = "", code: int = 0) -> str:
    """What a tool says, on both outputs."""
    path = TOOLS / tool
    assert path.is_file(), f"{tool} is not built; run `make test-grpc-clients`"
    done = subprocess.run([str(path), *arguments], input=given, capture_output=True, text=True, timeout=110)
    assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def grpcurl(address: str, *words: str) -> str:
    return run("grpcurl", "-plaintext", address, *words)


def go_calls(address: str, known: Contracts, *calls: dict[str, Any], tls: dict[str, str] | None = None) -> Any:
    """As `node_calls`; `parallel` makes so many of a call at once."""
    job = {
        "address": address,
        "descriptors": base64.b64encode(known.descriptors).decode(),
        "calls": calls,
        "tls": tls,
    }
    return json.loads(run("grpc-client", given=json.dumps(job)))


def edge(method: str, *requests: Any, **options: Any) -> dict[str, Any]:
    return call(EDGE, method, *requests, **options)


def test_grpcurl_lists_describes_and_calls_by_reflection(live: Live) -> None:
    address = live.gateway.address
    listed = run("grpcurl", "-plaintext", address, "list").split()
    assert {EDGE, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= set(listed)
    assert f"{EDGE}.Chat" in grpcurl(address, "list", EDGE)
    described = grpcurl(address, "describe", EDGE)
    assert "rpc Chat ( stream .edge.v1.Item ) returns ( stream .edge.v1.Item );" in described
    assert "map<string, .edge.v1.Part> parts = 10;" in grpcurl(address, "describe", "edge.v1.Everything")
    assert "rpc Echo" in grpcurl(address, "describe", f"{EDGE}.Echo")
    answered = run("grpcurl", "-plaintext", "-d", '{"large": "9007199254740993"}', address, f"{EDGE}/Echo")
    assert json.loads(answered) == {"large": "9007199254740993"}
    seen = run("grpcurl", "-plaintext", "-H", "x-a: 1", "-max-time", "40", address, f"{EDGE}/Look")
    assert json.loads(json.loads(seen)["metadata"]) == {"x-a": "1"}
    streamed = run("grpcurl", "-plaintext", "-d", '{"count": 3}', address, f"{EDGE}/Watch")
    assert streamed.count('"number"') == 2  # the first one is 0, which is not written
    items = '{"number": 1} {"number": 2}'
    assert json.loads(run("grpcurl", "-plaintext", "-d", items, address, f"{EDGE}/Add")) == {"count": "2", "total": "3"}


def test_grpcurl_shows_statuses_with_details(live: Live) -> None:
    detail = json.dumps({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"subject": "s"}]})
    request = json.dumps({"code": 9, "message": "no", "details": [detail]})
    said = run("grpcurl", "-plaintext", "-d", request, live.gateway.address, f"{EDGE}/Fail", code=64 + 9)
    assert "Code: FailedPrecondition" in said
    assert "Message: no" in said
    assert '"subject": "s"' in said
    absent = run("grpcurl", "-plaintext", live.gateway.address, "edge.v1.AbsentService/Get", code=64 + 14)
    assert "no worker serves absent::get" in absent
    assert "function_not_found" in absent


def test_grpcurl_asks_for_health(live: Live) -> None:
    health = "grpc.health.v1.Health/Check"
    live.until(lambda: live.gateway.health.serving[EDGE])
    for service, status in (("", "SERVING"), (EDGE, "SERVING"), ("edge.v1.AbsentService", "NOT_SERVING")):
        asked = run("grpcurl", "-plaintext", "-d", json.dumps({"service": service}), live.gateway.address, health)
        assert json.loads(asked)["status"] == status


def test_go_makes_every_kind_of_call(live: Live) -> None:
    detail = {"@type": "shop/hint", "order": "17"}
    calls = (
        edge("Echo", {"text": "täxt", "large": str(-(2**63)), "data": "AP8=", "parts": {"k": {"name": "p"}}}),
        edge("Look", {}, metadata=[["x-a", "1"], ["x-a", "2"], ["x-raw-bin", "AP8="]]),
        edge("Fail", {"code": 5, "message": "nö", "details": [json.dumps(detail)]}),
        edge("Wait", {"seconds": 3600}, seconds=0.5),
        edge("Queue", {"number": "7"}),
        edge("Watch", {"count": "200"}),
        edge("Add", *({"number": str(number)} for number in range(100))),
        edge("Chat", *({"number": str(number)} for number in range(100))),
        edge("Chat", *({"number": str(number)} for number in range(100)), cancelAfter=3),
        edge("Echo", {"text": "many"}, parallel=500),
        edge("Chat", {"number": "1"}, parallel=50),
    )
    echo, look, failed, late, queued, watched, added, talked, left, *many = go_calls(
        live.gateway.address, contracts, *calls
    )
    assert echo["responses"][0]["large"] == str(-(2**63))
    assert json.loads(look["responses"][0]["metadata"]) == {"x-a": ["1", "2"], "x-raw-bin": "AP8="}
    assert (failed["code"], failed["details"]) == (StatusCode.NOT_FOUND, "nö")
    assert b"google.protobuf.Struct" in base64.b64decode(failed["trailers"]["grpc-status-details-bin"][0])
    assert late["code"] == StatusCode.DEADLINE_EXCEEDED
    assert len(queued["initial"]["iii-message-receipt-id"][0]) == 36
    assert len(watched["responses"]) == 200
    assert added["responses"] == [{"count": "100", "total": "4950"}]
    assert [int(item.get("number", 0)) for item in talked["responses"]] == [2 * number for number in range(100)]
    assert left["code"] == StatusCode.CANCELLED
    assert [each["code"] for each in many] == [0, 0]


def test_ghz_loads_it_and_every_call_is_answered(live: Live) -> None:
    for method, request, count in (("Echo", '{"text": "load"}', "2000"), ("Watch", '{"count": 20}', "100")):
        said = run(
            "ghz", "--insecure", "--call", f"{EDGE}/{method}", "-d", request, "-n", count,
            "-c", "50", "--timeout", "60s", "-O", "json", live.gateway.address,
        )  # fmt: skip
        report = json.loads(said)
        assert report["statusCodeDistribution"] == {"OK": report["count"]}, report["errorDistribution"]


@pytest.fixture(scope="module")
def languages() -> Iterator[tuple[str, Contracts]]:
    known = example_contracts()
    with languages_gateway(known) as address:
        yield address, known


def test_workers_in_every_language(languages: tuple[str, Contracts]) -> None:
    address, known = languages
    value = {"signed": str(-(2**63)), "unsigned": str(2**64 - 1), "color": "COLOR_NEGATIVE", "blob": "AP8="}
    wrong = {"orderId": "o", "sku": "none", "quantity": "1"}
    calls = [call(service, "Echo", value, parallel=20) for service in SERVED[:3]]
    calls += [call(SERVED[3], "Quote", wrong), call(SERVED[4], "Reserve", wrong)]
    *echoes, quoted, reserved = go_calls(address, known, *calls)
    for echo in echoes:
        assert value.items() <= echo["responses"][0].items()
    assert (quoted["code"], reserved["code"]) == (StatusCode.NOT_FOUND, StatusCode.NOT_FOUND)
    assert reserved["details"] == "no stock of sku none"
    for service in SERVED:
        assert service in run("grpcurl", "-plaintext", address, "list")
    answered = run("grpcurl", "-plaintext", "-d", json.dumps(value), address, f"{SERVED[2]}/Echo")
    assert value.items() <= json.loads(answered).items()


@pytest.mark.parametrize("mutual", [False, True])
def test_tls(mutual: bool) -> None:
    ca, key, certificate = TLS / "ca.pem", TLS / "client.key.pem", TLS / "client.pem"
    tls = Tls.read(TLS / "server.pem", TLS / "server.key.pem", ca if mutual else None)
    with live_gateway(options={"tls": tls}) as live:
        address = live.gateway.address
        shown = ("-cacert", str(ca), "-cert", str(certificate), "-key", str(key))
        seen = json.loads(json.loads(run("grpcurl", *shown, address, f"{EDGE}/Look"))["metadata"])
        assert seen.get("iii-peer-common-name") == ("shop" if mutual else None)
        keys = {"ca": ca.read_text()}
        both = {**keys, "key": key.read_text(), "certificate": certificate.read_text()}
        (with_certificate,) = go_calls(address, contracts, edge("Look", {}), tls=both)
        (without,) = go_calls(address, contracts, edge("Look", {}, seconds=10), tls=keys)
        assert with_certificate["code"] == 0
        assert without["code"] == (StatusCode.UNAVAILABLE if mutual else 0)
        stranger = ("-cacert", str(ca), "-cert", str(TLS / "stranger.pem"), "-key", str(TLS / "stranger.key.pem"))
        if mutual:
            run("grpcurl", "-connect-timeout", "5", *stranger, address, f"{EDGE}/Look", code=1)
