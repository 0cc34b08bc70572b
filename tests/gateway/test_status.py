"""Every error of ours as a status of gRPC."""

from __future__ import annotations

import dataclasses

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2, status_pb2

from iii_bridge import errors
from iii_bridge.contract.spec import Idempotency
from iii_bridge.errors import Outcome, Side, StatusError
from iii_bridge.gateway.pool import pool_of
from iii_bridge.gateway.status import Refused, grpc_code, status_of
from iii_bridge.status import ERROR_CODE_TO_STATUS, StatusCode
from tests.gateway.edge import contracts

METHOD = next(m for m in contracts.methods() if m.name == "fail")
SAFE = dataclasses.replace(METHOD, idempotency=Idempotency.IDEMPOTENT)
ID = METHOD.function_id
VIOLATION = ["BadRequest", "ErrorInfo"]
PASSING = ["ErrorInfo", "RetryInfo"]


@pytest.fixture(scope="module")
def pool() -> DescriptorPool:
    return pool_of([contracts.descriptors])


def kinds(details: object) -> list[str]:
    return [detail.TypeName().rpartition(".")[2] for detail in details]  # type: ignore[attr-defined]


def test_codes_are_those_of_grpc() -> None:
    assert {code.name: grpc_code(code) for code in StatusCode} == {
        code.name: code for code in grpc.StatusCode if code is not grpc.StatusCode.OK
    }


@pytest.mark.parametrize(("iii_code", "status"), ERROR_CODE_TO_STATUS.items())
def test_codes_of_iii_follow_the_table(iii_code: str, status: StatusCode, pool: DescriptorPool) -> None:
    found = status_of(errors.InvocationError(iii_code, "no", ID, "a stack\nof lines"), METHOD, pool)
    assert (found.code, found.message) == (status, "no")
    info = error_details_pb2.ErrorInfo()
    assert found.details[0].Unpack(info)
    assert (info.reason, info.domain, info.metadata["function"]) == (iii_code, "iii", ID)
    assert b"a stack" not in b"".join(value for _, value in found.trailers() if isinstance(value, bytes))


@pytest.mark.parametrize(
    ("error", "code", "details"),
    [
        (StatusError(StatusCode.UNAVAILABLE, "later"), StatusCode.UNAVAILABLE, []),
        (StatusError(StatusCode.DATA_LOSS, "gone"), StatusCode.DATA_LOSS, []),
        (errors.ContractError(ID, Side.REQUEST, "$.a", "bad"), StatusCode.INVALID_ARGUMENT, VIOLATION),
        (errors.ContractError("other::f", Side.REQUEST, "$.a", "bad"), StatusCode.INTERNAL, ["ErrorInfo"]),
        (errors.ContractError(ID, Side.RESPONSE, "$.a", "bad"), StatusCode.INTERNAL, ["ErrorInfo"]),
        (errors.FunctionNotFoundError("function_not_found", "", ID), StatusCode.UNAVAILABLE, PASSING),
        (errors.ForbiddenError("FORBIDDEN", "no", ID), StatusCode.PERMISSION_DENIED, ["ErrorInfo"]),
        (errors.InvocationError("some_code", "no", ID), StatusCode.UNKNOWN, ["ErrorInfo"]),
        (errors.InvocationTimeoutError(ID, 1.0, Outcome.UNKNOWN), StatusCode.DEADLINE_EXCEEDED, ["ErrorInfo"]),
        (errors.ConnectionLostError(ID, Outcome.NOT_SENT), StatusCode.UNAVAILABLE, PASSING),
        (errors.ConnectionLostError(ID, Outcome.UNKNOWN), StatusCode.UNAVAILABLE, ["ErrorInfo"]),
        (StatusError(StatusCode.UNAVAILABLE, "", outcome=Outcome.NOT_RUN), StatusCode.UNAVAILABLE, PASSING),
        (errors.StreamTruncatedError(ID, 3, 2), StatusCode.DATA_LOSS, []),
        (errors.BacklogFullError(10), StatusCode.RESOURCE_EXHAUSTED, PASSING),
        (Refused("too many"), StatusCode.RESOURCE_EXHAUSTED, PASSING),
        (errors.ClosedError("closed"), StatusCode.UNAVAILABLE, PASSING),
        (errors.UnsupportedError("not carried"), StatusCode.UNIMPLEMENTED, []),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)  # fmt: skip
def test_errors_keep_their_status(
    error: errors.BridgeError, code: StatusCode, details: list[str], pool: DescriptorPool
) -> None:
    found = status_of(error, METHOD, pool)
    assert (found.code, kinds(found.details)) == (code, details)
    rest = dict(found.trailers())
    if details:
        status = status_pb2.Status.FromString(rest["grpc-status-details-bin"])
        assert (status.code, status.message, list(status.details)) == (code, found.text, list(found.details))
    assert ("RetryInfo" in details) == (int(rest.get("grpc-retry-pushback-ms", -1)) > 0)


def test_a_violation_of_the_request_names_its_field(pool: DescriptorPool) -> None:
    found = status_of(errors.ContractError(ID, Side.REQUEST, "$.a[1].b", "too large"), METHOD, pool)
    request = error_details_pb2.BadRequest()
    assert found.details[0].Unpack(request)
    (violation,) = request.field_violations
    assert (violation.field, violation.description) == ("a[1].b", "too large")


def test_what_may_have_run_is_tried_again_only_where_the_contract_allows_it(pool: DescriptorPool) -> None:
    lost = errors.ConnectionLostError(ID, Outcome.UNKNOWN)
    stopped = errors.InvocationError("invocation_stopped", "stopped", ID)
    for error in (lost, stopped):
        assert dict(status_of(error, METHOD, pool).trailers())["grpc-retry-pushback-ms"] == "-1"
        assert dict(status_of(error, SAFE, pool).trailers())["grpc-retry-pushback-ms"] == "500"


def test_a_handlers_cancelled_is_not_for_repeating(pool: DescriptorPool) -> None:
    found = status_of(StatusError(StatusCode.CANCELLED, "stop"), METHOD, pool)
    assert found.trailers() == (("grpc-retry-pushback-ms", "-1"),)


def test_a_failure_of_the_gateway_tells_nothing(pool: DescriptorPool, caplog: pytest.LogCaptureFixture) -> None:
    found = status_of(ZeroDivisionError("secret"), METHOD, pool)
    assert (found.code, found.details) == (StatusCode.INTERNAL, ())
    assert "secret" not in found.message
    assert "secret" in caplog.text


def test_what_does_not_fit_into_trailers_is_left_out(pool: DescriptorPool, caplog: pytest.LogCaptureFixture) -> None:
    details = [{"@type": "shop/a", "n": "x" * size} for size in (10, 10_000, 10)]
    found = status_of(StatusError(StatusCode.ABORTED, "ä" * 5000, details), METHOD, pool)
    assert len(found.text) < 2000
    status = status_pb2.Status.FromString(dict(found.trailers())["grpc-status-details-bin"])
    assert len(status.details) == 1
    assert "left out" in caplog.text
