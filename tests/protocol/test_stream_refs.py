"""References to channels stand in the payload, and leave it as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from iii_bridge.errors import ContractError, Side
from iii_bridge.protocol.channel import ChannelRef
from iii_bridge.protocol.stream_refs import StreamRefs, attach_refs, detach_refs

READ = ChannelRef("c1", "k1", "read")
WRITE = ChannelRef("c2", "k2", "write")

payloads = st.dictionaries(
    st.text(max_size=5).filter(lambda name: name not in ("iii-bridge", "_caller_worker_id")),
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.text(max_size=5), st.lists(st.integers())),
    max_size=4,
)


@given(payload=payloads, caller=st.none() | st.text(min_size=1, max_size=5))
def test_a_payload_comes_back_without_them(payload: dict[str, object], caller: str | None) -> None:
    data = attach_refs(Raw(json.dumps(payload).encode()), StreamRefs(requests=READ, responses=WRITE))
    arrived = json.loads(bytes(data))
    assert arrived["iii-bridge"]["responses"] == {"channel_id": "c2", "access_key": "k2", "direction": "write"}
    if caller is not None:
        arrived["_caller_worker_id"] = caller  # as the engine does
    refs, request, found = detach_refs(Raw(json.dumps(arrived).encode()), "a::b", requests=True, responses=True)
    assert (refs, found) == (StreamRefs(requests=READ, responses=WRITE), caller)
    left = json.loads(bytes(request))
    left.pop("_caller_worker_id", None)
    assert left == payload


def test_only_the_sides_that_are_streams_have_one() -> None:
    assert json.loads(bytes(attach_refs(Raw(b"{}"), StreamRefs(requests=READ)))) == {
        "iii-bridge": {"requests": {"channel_id": "c1", "access_key": "k1", "direction": "read"}}
    }


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({}, '$["iii-bridge"].responses'),
        ({"iii-bridge": {}}, '$["iii-bridge"].responses'),
        (
            {"iii-bridge": {"responses": {"channel_id": "c", "access_key": "k", "direction": "read"}}},
            '$["iii-bridge"].responses',
        ),
        ({"iii-bridge": {"responses": {"channel_id": "c"}}}, '$["iii-bridge"]'),
        ({"iii-bridge": 7}, '$["iii-bridge"]'),
        ([], "$"),
        (None, "$"),
    ],
)
def test_a_call_without_the_reference_it_needs_is_told_where_it_belongs(payload: object, path: str) -> None:
    with pytest.raises(ContractError) as caught:
        detach_refs(Raw(json.dumps(payload).encode()), "a::b", requests=False, responses=True)
    assert (caught.value.path, caught.value.side) == (path, Side.REQUEST)
    assert "k" not in caught.value.problem.split()
