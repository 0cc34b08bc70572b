"""What the testee answers, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge.testing.conformance_messages import BACKENDS
from tests.testing.suite import PROTO3, Exchange, cases, subject


def answer(backend: str, request: dict[str, Any]) -> Any:
    served, protocol = subject(backend)
    return protocol.response.FromString(served.answer(protocol.request(**request).SerializeToString()))


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_kind_of_request_is_answered(backend: str) -> None:
    asked = list(cases(backend))
    assert len(asked) > 90
    wrong = [exchange for exchange in asked if not fits(answer(backend, exchange.request), exchange)]
    assert wrong == []


def fits(response: Any, exchange: Exchange) -> bool:
    """Whether a response is the expected one."""
    if response.WhichOneof("result") != exchange.member:
        return False
    found = getattr(response, exchange.member)
    return bool(found) if exchange.value is None else found == exchange.value


@pytest.mark.parametrize("backend", BACKENDS)
def test_answers_say_where_and_never_what(backend: str) -> None:
    request = {"message_type": PROTO3, "json_payload": '{"optionalString":5,"secret":"s3cret"}'}
    response = answer(backend, {**request, "requested_output_format": "JSON"})
    assert "$.optionalString" in response.parse_error
    assert "s3cret" not in response.parse_error
