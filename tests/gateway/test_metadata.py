"""Which metadata travels, and as what."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.gateway.metadata import UNTRACED, Forwarding, Trace, trace_of

NAMES = st.from_regex(r"[0-9a-z_.-]{1,12}", fullmatch=True)
PAIRS = st.lists(
    st.one_of(
        st.tuples(NAMES.filter(lambda name: not name.endswith("-bin")), st.text(st.characters(codec="ascii"))),
        st.tuples(NAMES.map("{}-bin".format), st.binary()),
    )
)


def test_one_value_is_a_string_and_more_are_a_list() -> None:
    pairs = [("x-a", "1"), ("x-b", "2"), ("x-a", "3"), ("x-a", "4"), ("x-raw-bin", b"\x00\xff")]
    assert Forwarding().to_invocation(pairs) == {"x-a": ["1", "3", "4"], "x-b": "2", "x-raw-bin": "AP8="}


@pytest.mark.parametrize(
    "name",
    [":path", "te", "host", "user-agent", "content-type", "grpc-timeout", "grpc-anything", "traceparent", "baggage",
     "iii-bridge", "iii-identity", "iii-peer-names", "authorization", "cookie"],
)  # fmt: skip
def test_what_is_reserved_or_secret_stays_behind(name: str) -> None:
    assert Forwarding().to_invocation([(name, "v"), ("x", "y")]) == {"x": "y"}


def test_patterns_choose_and_only_a_name_chooses_a_credential() -> None:
    pairs = [("x-a", "1"), ("y", "2"), ("authorization", "3"), ("cookie", "4"), ("iii-identity", "5")]
    assert Forwarding(["X-*"]).to_invocation(pairs) == {"x-a": "1"}
    assert Forwarding(["*", "authorization", "iii-*"]).to_invocation(pairs) == {
        "x-a": "1", "y": "2", "authorization": "3",
    }  # fmt: skip
    assert Forwarding([]).to_invocation(pairs) == {}


@given(PAIRS)
def test_nothing_that_travels_is_lost_or_changed(pairs: list[tuple[str, str | bytes]]) -> None:
    found = Forwarding().to_invocation(pairs)
    json.dumps(found)
    back: dict[str, list[str | bytes]] = {}
    for name, value in found.items():
        values = value if isinstance(value, list) else [value]
        back[name] = [base64.b64decode(each) if name.endswith("-bin") else each for each in values]
    wanted: dict[str, list[str | bytes]] = {}
    for name, value in pairs:
        if name in back:
            wanted.setdefault(name, []).append(value)
        else:
            assert name.startswith(("grpc-", "iii-")) or name in {"te", "host", "cookie", "trailer", "upgrade"}
    assert back == wanted


def test_the_trace_is_read_apart() -> None:
    pairs = [("traceparent", "a"), ("traceparent", "b"), ("baggage", "x=1"), ("baggage", "y=2"), ("tracestate", "s")]
    assert trace_of(pairs) == Trace("a", "s", "x=1,y=2")
    assert trace_of([("baggage", b"raw"), ("x", "y")]) is UNTRACED


@given(PAIRS)
def test_what_arrived_can_be_sent_on(pairs: list[tuple[str, str | bytes]]) -> None:
    found = Forwarding().to_invocation(pairs)
    again = Forwarding().to_invocation(Forwarding().to_rpc(found))
    printable = {
        name: value
        for name, value in found.items()
        if all(" " <= char <= "~" for each in (value if isinstance(value, list) else [value]) for char in each)
    }
    assert {name: again.get(name) for name in printable} == printable


def test_what_no_header_can_say_stays_behind(caplog: pytest.LogCaptureFixture) -> None:
    metadata = {
        "x-a": {"deep": 1},
        "x-b": "ü",
        "x c": "1",
        "x-d-bin": "no base64!",
        "x-e": None,
        "x-f": [True, 1.5, "t"],
    }
    assert Forwarding().to_rpc(metadata) == [("x-f", "true"), ("x-f", "1.5"), ("x-f", "t")]
    assert len(caplog.records) == 5
    assert not any("deep" in record.getMessage() or "no base64!" in record.getMessage() for record in caplog.records)


def test_credentials_and_names_of_ours_are_not_sent_on() -> None:
    metadata = {"authorization": "secret", "iii-identity": "shop", "grpc-timeout": "1S", "Cookie": "c"}
    assert Forwarding().to_rpc(metadata) == []
    assert Forwarding(["authorization"]).to_rpc(metadata) == [("authorization", "secret")]
