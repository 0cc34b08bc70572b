"""Handlers' return values as HTTP answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from iii_bridge.engine.http_answer import Answer, error_answer, from_result, header_line, preflight
from iii_bridge.wire.codec import raw


def answer(value: Any) -> Answer:
    return from_result(raw(value))


def plain(made: Answer) -> list[tuple[bytes, bytes]]:
    return made.headers


@pytest.mark.parametrize(
    ("value", "status", "content_type", "body"),
    [
        ({"status_code": 201, "body": {"a": 1}}, 201, b"application/json", b'{"a":1}'),
        ({"statusCode": 404, "body": "x"}, 404, b"application/json", b'"x"'),
        ({"status_code": 201, "statusCode": 404, "body": "x"}, 201, b"application/json", b'"x"'),
        ({"status_code": None, "statusCode": None, "body": "x"}, 200, b"application/json", b'"x"'),
        ({}, 200, b"application/json", b"{}"),
        ("just text", 200, b"application/json", b"{}"),
        ([1], 200, b"application/json", b"{}"),
        ({"headers": {"content-type": "text/plain"}, "body": "hé"}, 200, b"text/plain", "hé".encode()),
        ({"headers": {"Content-Type": "text/html"}, "body": None}, 200, b"text/html", b""),
        ({"headers": {"content-type": "text/plain"}, "body": {"a": [1, 2]}}, 200, b"text/plain", b'{"a":[1,2]}'),
        (
            {"headers": {"content-type": "application/problem+json"}, "body": "x"},
            200,
            b"application/problem+json",
            b'"x"',
        ),
        ({"status_code": 204, "body": {"a": 1}}, 204, b"application/json", b""),
        ({"status_code": "201"}, 200, b"application/json", b"{}"),
        ({"status_code": True}, 200, b"application/json", b"{}"),
        ({"status_code": None, "headers": None}, 200, b"application/json", b"{}"),
    ],
)
def test_what_a_handler_returns(value: Any, status: int, content_type: bytes, body: bytes) -> None:
    made = answer(value)
    assert made.status == status
    assert dict(made.headers)[b"content-type"] == content_type
    assert made.body == body


@pytest.mark.parametrize("status", [99, 101, 600, 10**30])
def test_a_status_that_cannot_be_sent_is_an_error(status: int) -> None:
    made = answer({"status_code": status, "body": 1})
    assert made.status == 500
    assert json.loads(made.body)["error"]["code"] == "INTERNAL_ERROR"


def test_numbers_in_a_body_stay_exact() -> None:
    body = b'{"n":36893488147419103232,"f":1.10}'
    assert from_result(Raw(b'{"body":%s}' % body)).body == body


def test_the_list_form_repeats_a_name() -> None:
    made = answer({"headers": ["Set-Cookie: a=1", "Set-Cookie: b=2; x=y:z", "broken", 7]})
    assert [line for line in made.headers if line[0] == b"set-cookie"] == [
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2; x=y:z"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", "a\r\nset-cookie: evil"),
        ("x\r\ny", "a"),
        ("", "a"),
        ("ü", "a"),
        ("a b", "a"),
        ("x", 7),
        (7, "a"),
        ("Content-Length", "5"),
        ("Transfer-Encoding", "chunked"),
    ],
)
def test_headers_that_may_not_pass(name: Any, value: Any) -> None:
    assert header_line(name, value) is None
    assert header_line("x-one", "a\x01b") is None
    assert header_line("x-one", "a\tb") == (b"x-one", b"a\tb")
    assert header_line(" X-One ", "ä") == (b"x-one", "ä".encode())


def test_every_answer_but_the_504_carries_cors() -> None:
    usual = dict(answer({}).lines())
    assert usual[b"access-control-allow-origin"] == b"*"
    assert usual[b"access-control-expose-headers"] == b"*"
    assert usual[b"content-length"] == b"2"
    assert b"date" in usual
    late = dict(Answer(504, [], cors=False).lines())
    assert b"access-control-allow-origin" not in late
    assert late[b"content-length"] == b"0"
    assert b"content-length" not in dict(answer({"status_code": 204}).lines())


def test_preflight_allows_everything() -> None:
    made = preflight(["POST", "GET"]).lines()
    lines = dict(made)
    assert len(made) == len(lines), "no header twice"
    assert lines[b"access-control-allow-methods"] == b"*"
    assert lines[b"access-control-allow-headers"] == b"*"
    assert lines[b"allow"] == b"GET,POST"
    assert b"allow" not in dict(preflight(None).lines())


def test_the_error_envelope() -> None:
    made = error_answer(422, "CONDITION_NOT_MET", "no", skipped=True)
    assert json.loads(made.body) == {"error": {"code": "CONDITION_NOT_MET", "message": "no"}, "skipped": True}
    assert json.loads(error_answer(500, "c", "m", "abc").body)["error"]["error_id"] == "abc"


text = st.sampled_from(["", "a", "content-type", "text/plain", "\r\n", "x: y", "\ud800", "ü", "application/json"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)


@given(anything | st.fixed_dictionaries({}, optional={"status_code": anything, "headers": anything, "body": anything}))
@settings(max_examples=300)
def test_whatever_a_handler_returns_is_an_answer(value: Any) -> None:
    made = from_result(Raw(json.dumps(value).encode()))
    assert 200 <= made.status <= 599
    for name, line in made.lines():
        assert not set(name + line) & set(b"\r\n\x00")
