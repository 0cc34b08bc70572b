"""What handlers say beside their answers, at a gRPC client and at everybody else."""

from __future__ import annotations

import base64
import json
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iii_bridge.gateway.responses import ROOM, initial, metadata_size, trailing
from iii_bridge.protocol.response_metadata import ResponseMetadata
from tests.gateway.edge import edge
from tests.gateway.support import WITHIN, Live, Rpcs, message, rich

HEADERS = {"x-a": "1", "x-list": ["2", "3"], "x-raw-bin": "AP8="}
TRAILERS = {"x-b": "4", "x-list": ["5", "6"], "x-cooked-bin": ["AQ==", ""]}
HEADER_PAIRS = [("x-a", "1"), ("x-list", "2"), ("x-list", "3"), ("x-raw-bin", b"\x00\xff")]
TRAILER_PAIRS = [("x-b", "4"), ("x-list", "5"), ("x-list", "6"), ("x-cooked-bin", b"\x01"), ("x-cooked-bin", b"")]
RESERVED = {
    "grpc-status": "5", "grpc-message": "no", "grpc-retry-pushback-ms": "1", "content-type": "text/plain", "te": "x",
    "iii-delivery": "void", "cookie": "c", "traceparent": "t",
}  # fmt: skip


def saying(headers: dict[str, Any], trailers: dict[str, Any]) -> str:
    return json.dumps({"headers": headers, "trailers": trailers})


SAYS = (("x-say", saying(HEADERS, TRAILERS)),)


def own(pairs: Any) -> list[tuple[str, str | bytes]]:
    """Without what gRPC itself adds, as `accept-encoding`."""
    return [(name, value) for name, value in pairs if name.startswith("x-")]


def test_of_one_response_as_headers_and_trailers(rpcs: Rpcs) -> None:
    sent = message("Everything", text="ü")
    answer, call = rpcs.method("unary_unary", "Echo").with_call(sent, metadata=SAYS, timeout=WITHIN)
    assert answer == sent
    assert (own(call.initial_metadata()), own(call.trailing_metadata())) == (HEADER_PAIRS, TRAILER_PAIRS)
    answer, call = rpcs.method("stream_unary", "Add").with_call(
        iter([message("Item", number=7)]), metadata=SAYS, timeout=WITHIN
    )
    assert answer.total == 7
    assert (own(call.initial_metadata()), own(call.trailing_metadata())) == (HEADER_PAIRS, TRAILER_PAIRS)


@pytest.mark.parametrize("details", [[], ['{"@type": "edge/reason", "n": 1}']])
def test_beside_a_status_all_of_it_as_trailers(rpcs: Rpcs, details: list[str]) -> None:
    error: Any = rpcs.failure("Fail", message("FailRequest", code=9, message="no", details=details), metadata=SAYS)
    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "no")
    assert (own(error.initial_metadata()), own(error.trailing_metadata())) == ([], HEADER_PAIRS + TRAILER_PAIRS)
    if details:
        assert len(rich(error).details) == 1


TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
SAID = st.dictionaries(
    st.from_regex(r"x-[0-9a-z_.-]{1,8}", fullmatch=True).filter(lambda name: not name.endswith("-bin")),
    st.lists(TEXTS, min_size=1, max_size=3),
    max_size=4,
)
BINARY = st.dictionaries(
    st.from_regex(r"x-[0-9a-z]{1,8}-bin", fullmatch=True),
    st.lists(st.binary(max_size=30), min_size=1, max_size=3),
    max_size=3,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SAID, BINARY)
def test_whatever_can_be_said_arrives_as_it_was_said(
    rpcs: Rpcs, texts: dict[str, list[str]], binary: dict[str, list[bytes]]
) -> None:
    said = texts | {name: [base64.b64encode(each).decode() for each in values] for name, values in binary.items()}
    says = (("x-say", saying(said, said)),)
    _, call = rpcs.method("unary_unary", "Echo").with_call(message("Everything"), metadata=says, timeout=WITHIN)
    wanted = [(name, each) for name, values in {**texts, **binary}.items() for each in values]
    assert sorted(own(call.initial_metadata()), key=str) == sorted(wanted, key=str)
    assert sorted(own(call.trailing_metadata()), key=str) == sorted(wanted, key=str)


def test_of_a_stream_all_of_it_at_its_end(rpcs: Rpcs) -> None:
    call = rpcs.method("unary_stream", "Watch")(message("WatchRequest", count=3), metadata=SAYS, timeout=WITHIN)
    assert [item.number for item in call] == [0, 1, 2]
    assert (own(call.initial_metadata()), own(call.trailing_metadata())) == ([], HEADER_PAIRS + TRAILER_PAIRS)
    failing = message("WatchRequest", count=2, then="fail")
    call = rpcs.method("unary_stream", "Watch")(failing, metadata=SAYS, timeout=WITHIN)
    with pytest.raises(grpc.RpcError):
        list(call)
    assert (call.code(), call.details()) == (grpc.StatusCode.ABORTED, "enough")
    assert own(call.trailing_metadata()) == HEADER_PAIRS + TRAILER_PAIRS
    call = rpcs.method("stream_stream", "Chat")(iter([message("Item", number=4)]), metadata=SAYS, timeout=WITHIN)
    assert [item.number for item in call] == [8]
    assert own(call.trailing_metadata()) == HEADER_PAIRS + TRAILER_PAIRS


def test_an_error_that_is_no_status_carries_none(rpcs: Rpcs) -> None:
    error: Any = rpcs.failure("Fail", message("FailRequest", message="broken"), metadata=SAYS)
    assert (error.code(), own(error.trailing_metadata())) == (grpc.StatusCode.UNKNOWN, [])


def test_names_of_the_transport_and_of_the_gateway_stay_behind(rpcs: Rpcs) -> None:
    says = (("x-say", saying({**RESERVED, "x-a": "1"}, {**RESERVED, "x-b": "2"})),)
    _, call = rpcs.method("unary_unary", "Echo").with_call(message("Everything"), metadata=says, timeout=WITHIN)
    assert (call.code(), call.details()) == (grpc.StatusCode.OK, "")
    assert (own(call.initial_metadata()), own(call.trailing_metadata())) == ([("x-a", "1")], [("x-b", "2")])
    assert not set(RESERVED) & {name for name, _ in (*call.initial_metadata(), *call.trailing_metadata())}


def test_what_no_header_can_say_is_the_handlers_mistake(rpcs: Rpcs) -> None:
    error: Any = rpcs.failure("Echo", message("Everything"), metadata=(("x-say", saying({"x-a": "ä"}, {})),))
    assert error.code() is grpc.StatusCode.UNKNOWN
    assert "response metadata 'x-a' cannot be sent" in error.details()


def test_too_much_is_cut_and_the_call_ends_as_it_should(rpcs: Rpcs, caplog: pytest.LogCaptureFixture) -> None:
    many = {f"x-a{number}": "v" * 890 for number in range(8)}
    says = (("x-say", saying({}, many)),)
    _, call = rpcs.method("unary_unary", "Echo").with_call(message("Everything"), metadata=says, timeout=WITHIN)
    assert [name for name, _ in own(call.trailing_metadata())] == list(many)
    request = message("FailRequest", code=9, message="m" * 1500, details=[json.dumps({"@type": "t", "s": "d" * 2000})])
    error: Any = rpcs.failure("Fail", request, metadata=says)
    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "m" * 1500)
    assert len(rich(error).details) == 1
    assert len(own(error.trailing_metadata())) < 8
    assert "was left out" in caplog.text


def test_there_is_room_for_so_much_and_the_first_comes_first() -> None:
    said = ResponseMetadata({"a": "x" * 5000}, {"b-bin": "AAAA" * 500, "c": "y" * 2000, "d": "z"})
    assert [name for name, _ in initial(said)] == ["a"]
    assert [name for name, _ in trailing(said)] == ["b-bin", "c", "d"]
    assert [name for name, _ in trailing(said, late=True)] == ["a", "b-bin"]
    assert trailing(said, late=True, taken=3000) == ()
    assert metadata_size(trailing(said, late=True)) <= ROOM


def test_nobody_else_sees_anything(live: Live) -> None:
    """A caller that does not ask, of a contract that refuses what it does not know."""
    metadata = dict(SAYS)

    async def ordinary() -> None:
        client = edge.StrictClient(live.worker)
        part = edge.Part(name="p", weight=2)
        assert await client.take(part, metadata=metadata, timeout=WITHIN) == part
        raw = await live.worker.call("strict::take", {"name": "p"}, metadata=metadata, timeout=WITHIN)
        assert raw == {"name": "p", "weight": "0"}
        items = edge.EdgeClient(live.worker).watch(edge.WatchRequest(count=2), metadata=metadata, timeout=WITHIN)
        assert [item.number async for item in items] == [0, 1]

    live.portal.call(ordinary)


def test_a_contract_that_refuses_unknown_members_is_not_disturbed(live: Live) -> None:
    strict = live.rpcs("edge.v1.StrictService")
    sent = message("Part", name="p", weight=-3)
    answer, call = strict.method("unary_unary", "Take").with_call(sent, metadata=SAYS, timeout=WITHIN)
    assert answer == sent
    assert own(call.trailing_metadata()) == TRAILER_PAIRS
