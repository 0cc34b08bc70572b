"""@grpc/grpc-js as a client: the four kinds of methods, statuses, metadata, TLS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.rpc import error_details_pb2

from iii_bridge.gateway import Tls
from iii_bridge.status import StatusCode
from tests.gateway.edge import contracts
from tests.gateway.node_client import call, node_calls, status_of
from tests.gateway.support import Live, live_gateway

EDGE = "edge.v1.EdgeService"
TLS = Path(__file__).parent / "tls"


def edge(method: str, *requests: Any, **options: Any) -> dict[str, Any]:
    return call(EDGE, method, *requests, **options)


def test_every_kind_of_call(live: Live) -> None:
    rich = {
        "text": "täxt",
        "large": str(-(2**63)),
        "unsigned": str(2**64 - 1),
        "data": "AP8=",
        "numbers": ["1"],
        "parts": [{"key": "k", "value": {"name": "p", "weight": "-1"}}],
        "right": 7,
        "list": [{"name": "", "weight": "0"}],
    }
    bad = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"subject": "s"}]}
    calls = (
        edge("Echo", rich),
        edge("Look", {}, metadata=[["x-a", "1"], ["x-a", "2"], ["x-raw-bin", "AP8="]], seconds=40),
        edge("Fail", {"code": 9, "message": "nö", "details": [json.dumps(bad)]}),
        edge("Fail", {"message": "boom"}),
        edge("Echo", {"at": {"seconds": str(2**60)}}),
        edge("Wait", {"seconds": 3600}, seconds=0.5),
        edge("Queue", {"number": "7"}),
        edge("Watch", {"count": "200", "size": "10"}),
        edge("Watch", {"count": "2", "then": "fail"}),
        edge("Add", *({"number": str(number)} for number in range(100))),
        edge("Chat", *({"number": str(number)} for number in range(100))),
        edge("Chat", *({"number": str(number)} for number in range(100)), cancelAfter=3),
        call("edge.v1.AbsentService", "Get", {}),
    )
    found = node_calls(live.gateway.address, contracts.descriptors, *calls)
    echo, look, failed, boom, wrong, late, queued, watched, broken, added, talked, left, absent = found
    assert rich.items() <= echo["responses"][0].items()
    seen = look["responses"][0]
    assert json.loads(seen["metadata"]) == {"x-a": ["1", "2"], "x-raw-bin": "AP8="}
    assert 0 < seen["remaining"] < 41
    assert (failed["code"], failed["details"]) == (StatusCode.FAILED_PRECONDITION, "nö")
    assert status_of(failed).details[0].Is(error_details_pb2.QuotaFailure.DESCRIPTOR)
    assert (boom["code"], boom["details"]) == (StatusCode.UNKNOWN, "boom")
    assert wrong["code"] == StatusCode.INVALID_ARGUMENT
    assert status_of(wrong).details[0].Is(error_details_pb2.BadRequest.DESCRIPTOR)
    assert late["code"] == StatusCode.DEADLINE_EXCEEDED
    assert len(dict(queued["initial"])["iii-message-receipt-id"][0]) == 36
    assert [int(item["number"]) for item in watched["responses"]] == list(range(200))
    assert (len(broken["responses"]), broken["code"]) == (2, StatusCode.ABORTED)
    assert added["responses"][0] == {"count": "100", "total": "4950"}
    assert [int(item["number"]) for item in talked["responses"]] == [2 * number for number in range(100)]
    assert (left["code"], len(left["responses"]) >= 3) == (StatusCode.CANCELLED, True)
    assert (absent["code"], dict(absent["trailers"])["grpc-retry-pushback-ms"]) == (StatusCode.UNAVAILABLE, ["500"])
    assert all(each["code"] == 0 for each in (echo, look, queued, watched, added, talked))


@pytest.mark.parametrize("mutual", [False, True])
def test_tls(mutual: bool) -> None:
    ca = TLS / "ca.pem"
    tls = Tls.read(TLS / "server.pem", TLS / "server.key.pem", ca if mutual else None)
    with live_gateway(options={"tls": tls}) as live:
        keys = {"ca": ca.read_text()}
        shown = {"key": (TLS / "client.key.pem").read_text(), "certificate": (TLS / "client.pem").read_text()}
        look = edge("Look", {}, seconds=10)
        (with_certificate,) = node_calls(live.gateway.address, contracts.descriptors, look, tls={**keys, **shown})
        (without,) = node_calls(live.gateway.address, contracts.descriptors, look, tls=keys)
        peer = json.loads(with_certificate["responses"][0]["metadata"])
        assert peer.get("iii-peer-common-name") == ("shop" if mutual else None)
        assert without["code"] == (StatusCode.UNAVAILABLE if mutual else 0)
