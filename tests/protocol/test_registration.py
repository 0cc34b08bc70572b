"""The register call's input, and leases on names."""

from __future__ import annotations

import pytest

from iii_bridge.protocol.engine_state import Worker, WorkerDetails
from iii_bridge.protocol.registration import NameLeases, RegisterRequest, read_request
from iii_bridge.wire.codec import raw
from iii_bridge.wire.limits import MAX_MESSAGE_BYTES, OLD_PYTHON_MESSAGE_BYTES
from iii_bridge.wire.messages import ErrorBody


def worker(name: str) -> Worker:
    return Worker(id=name, token="t", grace_ends=0, connected_at_ms=0, ip_address=None, namespace="default")


def read(**members: object) -> RegisterRequest:
    request = read_request(raw(members))
    assert isinstance(request, RegisterRequest)
    return request


def test_names_are_cleaned_and_cut() -> None:
    details = read(name="\u202e a\x00b\u2028 ", description="x" * 300).details()
    assert details.name == "ab"
    assert details.description == "x" * 280
    assert read(name=" \t ").details().name is None


def test_what_is_not_known_is_ignored() -> None:
    details = read(novel=1, namespace=None, isolation=None, telemetry={"language": "C"}, features=["x"]).details()
    assert details == WorkerDetails()


@pytest.mark.parametrize(
    ("framework", "version", "features", "limited"),
    [
        ("iii-py", "0.23.0", None, True),
        ("iii-py", "0.24.1", [], True),
        ("iii-py", "0.24.1", ["large-messages.v1"], False),
        ("iii-py", "0.25.0", None, False),
        ("iii-py", "1.0.0", None, False),
        ("iii-py", None, None, False),
        ("other", "0.1.0", None, False),
        (7, "0.1.0", None, False),
    ],
)
def test_who_cannot_take_large_messages(
    framework: object, version: str | None, features: object, limited: bool
) -> None:
    request = read(runtime="python", version=version, telemetry={"framework": framework}, features=features)
    assert request.message_limit() == (OLD_PYTHON_MESSAGE_BYTES if limited else MAX_MESSAGE_BYTES)


def test_bad_input_is_an_error() -> None:
    assert isinstance(read_request(raw(7)), ErrorBody)
    assert isinstance(read_request(raw({"namespace": ""})), ErrorBody)


def test_a_lease_is_taken_once_and_given_back() -> None:
    leases = NameLeases()
    first, second = worker("1"), worker("2")
    assert leases.take(first, "default", "n") is None
    first.details = WorkerDetails(name="n")
    assert leases.take(first, "default", "n") is None
    rejected = leases.take(second, "default", "n")
    assert rejected is not None
    assert rejected.owner_worker_id == "1"
    assert leases.take(second, "shop", "n") is None
    leases.release(first)
    assert leases.take(second, "default", "n") is None


def test_a_holder_that_has_gone_yields() -> None:
    leases = NameLeases()
    first, second = worker("1"), worker("2")
    leases.take(first, "default", "n")
    first.gone = True
    assert leases.take(second, "default", "n") is None


def test_a_new_name_frees_the_former_one() -> None:
    leases = NameLeases()
    first, second = worker("1"), worker("2")
    leases.take(first, "default", "a")
    first.details = WorkerDetails(name="a")
    leases.take(first, "default", "b")
    assert leases.take(second, "default", "a") is None
    assert leases.take(second, "default", None) is None
