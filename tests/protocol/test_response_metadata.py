"""Metadata beside answers: what may be said, and how it crosses."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from iii_bridge.errors import LocalProtocolError, StatusError
from iii_bridge.protocol.failures import error_body, error_from_body
from iii_bridge.protocol.response_metadata import (
    ResponseMetadata,
    attach_response_metadata,
    checked_metadata,
    detach_response_metadata,
    error_metadata,
    header_value,
)
from iii_bridge.status import STATUS_LINE_PREFIX, StatusCode

NAMES = st.from_regex(r"[0-9a-z_.-]{1,12}", fullmatch=True).filter(lambda name: not name.endswith("-bin"))
TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
BASE64 = st.binary().map(lambda data: base64.b64encode(data).decode())
SAID = st.one_of(
    st.dictionaries(NAMES, TEXTS | st.lists(TEXTS)),
    st.dictionaries(NAMES.map("{}-bin".format), BASE64 | st.lists(BASE64)),
)
JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5)
RESULTS = st.one_of(JSON, st.dictionaries(st.text(), JSON), st.just({"iii-bridge": {"headers": {}}}))


@given(RESULTS, SAID, SAID)
def test_it_comes_off_any_result_again(
    result: object, headers: dict[str, str | list[str]], trailers: dict[str, str | list[str]]
) -> None:
    raw = Raw(msgspec.json.encode(result))
    assert detach_response_metadata(raw) == (raw, ResponseMetadata())  # nothing was put on
    said = ResponseMetadata(checked_metadata(headers), checked_metadata(trailers))
    assert (said.headers, said.trailers) == (headers, trailers)
    wrapped = attach_response_metadata(raw, said)
    assert detach_response_metadata(wrapped) == (raw, said)
    # A relay may write the same JSON again, with its members in another order.
    found, again = detach_response_metadata(Raw(msgspec.json.encode(msgspec.json.decode(wrapped), order="sorted")))
    assert (msgspec.json.decode(found), again) == (result, said)


@given(SAID, SAID)
def test_a_status_carries_it_and_stays_what_it_is(
    headers: dict[str, str | list[str]], trailers: dict[str, str | list[str]]
) -> None:
    error = StatusError(StatusCode.ABORTED, "no\nmore", [{"@type": "t", "n": 1}])
    body = error_body(error, "f", {"headers": headers, "trailers": trailers})
    assert error_metadata(str(body.stacktrace)) == ResponseMetadata(headers, trailers)
    read = error_from_body(body, "f")
    assert isinstance(read, StatusError)
    assert (read.status, read.message, read.details) == (error.status, error.message, error.details)


@pytest.mark.parametrize(
    "stack", [None, "", "Traceback", STATUS_LINE_PREFIX + '{"code":"ABORTED","message":"m"}',
              STATUS_LINE_PREFIX + '{"code":"ABORTED","message":"m","metadata":[1]}',
              STATUS_LINE_PREFIX + '{"code":"ABORTED","message":"m","metadata":{"headers":{"a":1}}}',
              STATUS_LINE_PREFIX + '{"metadata":{"headers":{"a":"1"}}}']
)  # fmt: skip
def test_an_error_that_says_nothing_readable_says_nothing(stack: str | None) -> None:
    assert error_metadata(stack) == ResponseMetadata()


@given(st.text(), st.text() | st.binary() | st.integers() | st.none())
def test_what_passes_is_what_a_header_can_say(name: str, value: object) -> None:
    try:
        written = header_value(name, value)
    except ValueError:
        return
    assert name
    assert set(name) <= set("0123456789abcdefghijklmnopqrstuvwxyz_.-")
    assert isinstance(written, bytes) == name.endswith("-bin")
    assert isinstance(written, bytes) or (written == value and all(0x20 <= ord(each) < 0x7F for each in written))


@pytest.mark.parametrize(
    ("name", "value"), [("", "v"), ("x a", "v"), ("x-ä", "v"), ("x:a", "v"), ("x-a", "ä"), ("x-a", "a\r\nb"),
                        ("x-a", ["fine", "\0"]), ("x-a-bin", "no base64"), ("x-a-bin", "AA")]
)  # fmt: skip
def test_what_no_header_can_say_is_named_but_not_shown(name: str, value: str | list[str]) -> None:
    with pytest.raises(LocalProtocolError, match=r"response metadata .* cannot be sent") as caught:
        checked_metadata({name: value})
    assert repr(name) in str(caught.value)
    assert "no base64" not in str(caught.value)


def test_names_are_in_lower_case() -> None:
    assert checked_metadata({"X-A": ("1", "2")}) == {"x-a": ["1", "2"]}
