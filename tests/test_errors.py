"""Errors name the thing, the outcome and the path, and hold no secrets."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge.errors import (
    BridgeError,
    ConnectionLostError,
    ContractError,
    ContractMismatch,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    RegistrationRejectedError,
    Side,
    StatusError,
)
from iii_bridge.status import StatusCode


def test_a_violation_names_function_side_and_path() -> None:
    error = ContractError("orders::place", Side.RESPONSE, "$.items[2].quantity", "expected an integer")
    assert str(error) == (
        "orders::place response does not fit its contract: expected an integer at $.items[2].quantity"
    )
    assert error.status is StatusCode.INTERNAL
    assert ContractError("f", Side.REQUEST, "$", "p").status is StatusCode.INVALID_ARGUMENT


def test_a_mismatch_is_a_contract_error_with_its_findings() -> None:
    error = ContractMismatch("orders::place", ["missing", "other digest"])
    assert isinstance(error, ContractError)
    assert error.findings == ("missing", "other digest")
    assert "missing; other digest" in str(error)


def test_the_other_sides_stack_is_kept_but_never_shown() -> None:
    error = InvocationError("invocation_failed", "boom", "a::b", "secret stack")
    assert "secret" not in str(error)
    assert error.stacktrace == "secret stack"
    assert error.status is StatusCode.UNKNOWN


def test_a_lost_executor_leaves_the_outcome_open() -> None:
    error = InvocationError("invocation_stopped", "Invocation stopped", "a::b")
    assert error.outcome is Outcome.UNKNOWN
    assert str(error) == "a::b failed: Invocation stopped [invocation_stopped]; outcome unknown"
    assert InvocationError("invocation_failed", "boom", "a::b").outcome is None


def test_timeouts_and_lost_connections_are_also_the_builtin_kinds() -> None:
    timeout = InvocationTimeoutError("a::b", 2.5, Outcome.UNKNOWN)
    assert isinstance(timeout, TimeoutError)
    assert str(timeout) == "a::b gave no answer within 2.5 s; outcome unknown"
    lost = ConnectionLostError("a::b", Outcome.NOT_SENT)
    assert isinstance(lost, ConnectionError)
    assert str(lost).endswith("outcome not_sent")


def test_a_status_reads_well_with_and_without_a_function() -> None:
    assert str(StatusError(StatusCode.NOT_FOUND, "no such item")) == "no such item [NOT_FOUND]"
    error = StatusError(StatusCode.NOT_FOUND, "no such item", [{"a": 1}], function_id="a::b")
    assert str(error) == "a::b failed: no such item [NOT_FOUND]"
    assert (error.code, error.status, error.details) == ("NOT_FOUND", StatusCode.NOT_FOUND, ({"a": 1},))
    assert isinstance(error, BridgeError)


@pytest.mark.parametrize("detail", [{"a": object()}, {"a": float("nan")}, ["a"], {1: {2: {3}}}])
def test_details_that_are_no_json_objects_are_refused_where_they_are_given(detail: Any) -> None:
    with pytest.raises(LocalProtocolError, match=r"a detail of a status must be a JSON object at \$\[1\]"):
        StatusError(StatusCode.NOT_FOUND, "no such item", [{"a": 1}, detail])


def test_a_name_that_is_taken_comes_with_the_cure() -> None:
    error = RegistrationRejectedError("WORKER_NAMESPACE_CONFLICT", "orders", "default", "w-1")
    assert str(error) == (
        "orders was not registered in namespace default: "
        "owned by worker w-1; choose another name, or stop that one [WORKER_NAMESPACE_CONFLICT]"
    )
