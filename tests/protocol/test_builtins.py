"""Payloads of the engine's own functions."""

from __future__ import annotations

import msgspec
import pytest

from iii_bridge.protocol.builtins import (
    EnqueueResult,
    FunctionsInfo,
    WorkerRegistration,
    WorkerTelemetry,
    clean_name,
    is_engine_function,
)


def test_a_registration_leaves_out_what_it_has_not() -> None:
    registration = WorkerRegistration("python", "1", "w", "Linux", 7, telemetry=WorkerTelemetry("python"))
    assert msgspec.json.decode(msgspec.json.encode(registration)) == {
        "runtime": "python",
        "version": "1",
        "name": "w",
        "os": "Linux",
        "pid": 7,
        "telemetry": {"language": "python"},
    }


def test_a_batch_of_function_infos_reads_as_recorded() -> None:
    text = (
        b'{"functions":[{"description":"first","function_id":"a","metadata":{"k":"v"},"namespace":"default",'
        b'"registered_triggers":[],"request_schema":{"type":"object"},"worker_name":"worker-a"},'
        b'{"error":"not_found","function_id":"nope"}]}'
    )
    found, missing = msgspec.json.decode(text, type=FunctionsInfo).functions
    assert (found.worker_name, found.error, bytes(found.request_schema)) == ("worker-a", None, b'{"type":"object"}')  # type: ignore[arg-type]
    assert (missing.function_id, missing.error) == ("nope", "not_found")


def test_a_receipt_reads_by_its_camel_case_name() -> None:
    assert msgspec.json.decode(b'{"messageReceiptId":"r"}', type=EnqueueResult).message_receipt_id == "r"


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" plain ", "plain"), ("a\u202eb\u2028c\x07d", "abcd"), ("x" * 300, "x" * 280), ("\x00 \x01", "")],
)
def test_names_are_cleaned_as_the_engine_does(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    ("function_id", "engines"),
    [("engine::x", True), ("configuration::get", True), ("engines::x", False), ("state::get", False)],
)
def test_engine_functions_live_in_default(function_id: str, engines: bool) -> None:
    assert is_engine_function(function_id) is engines
