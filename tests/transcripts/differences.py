"""Where the embedded engine wants to differ from the recordings, and why (docs/reference/engine-differences.md)."""

from __future__ import annotations

import copy
from typing import Any

from tests.transcripts.matching import ANY
from tests.transcripts.replayer import Difference


def _result(value: Any) -> Any:
    def ours(recorded: Any) -> Any:
        changed = {key: item for key, item in recorded.items() if key != "error"}
        return {**changed, "result": value}

    return ours


def _error(code: str) -> Any:
    def ours(recorded: Any) -> Any:
        changed = {key: item for key, item in recorded.items() if key != "result"}
        return {**changed, "error": {"code": code, "message": ANY}}

    return ours


def _our_http_schemas(recorded: Any) -> Any:
    changed = copy.deepcopy(recorded)
    for schema in ("configuration_schema", "request_schema", "response_schema"):
        changed["result"]["trigger"][schema] = ANY
    return changed


def _our_cron_schemas(recorded: Any) -> Any:
    return {**recorded, "result": {**recorded["result"], "configuration_schema": ANY, "request_schema": ANY}}


def _without_length(recorded: Any) -> Any:
    return {**recorded, "headers": [line for line in recorded["headers"] if line[0] != "content-length"]}


def _counted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = ["jobs", "bad", "default"]
    return sorted((row for row in rows if row["topic"] in order), key=lambda row: order.index(row["topic"]))


def _dead_letter(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "error": "x: never", "size_bytes": 8, "failed_at": ANY}


_FIVE_FIELDS = "Invalid cron expression '* * * * *'"
DIFFERENCES = [
    Difference(
        "calls.jsonl",
        69,
        "action enqueue has a provider: named queues are carried, so a receipt comes instead of enqueue_error",
        _result({"messageReceiptId": ANY}),
    ),
    Difference(
        "calls.jsonl",
        None,
        "the queued call is delivered to its function",
        lambda frame: frame.get("type") == "invokefunction" and frame["data"] == {"q": 1},
    ),
    Difference(
        "calls.jsonl",
        None,
        "a missing `data` is null: the call is made instead of dropped without a reply",
        lambda frame: frame.get("type") == "invokefunction" and frame["data"] is None,
    ),
    Difference(
        "calls.jsonl",
        None,
        "the call with missing `data` was running when its executor died, and its caller is told",
        lambda frame: (
            frame.get("type") == "invocationresult"
            and frame["invocation_id"] == "5ed5bfc1-d910-49c1-a6e9-c8a1e5567818"
            and frame["error"]["code"] == "invocation_stopped"
        ),
    ),
    Difference(
        "registration.jsonl",
        40,
        "an evicted connection is closed with 1012, not dropped: a half-open peer learns of it",
        lambda recorded: [1012, ANY],
    ),
    Difference(
        "http.jsonl",
        31,
        "`statusCode` counts as `status_code`: the Python SDK's model of an answer spells it so",
        lambda recorded: {**recorded, "status": 404},
    ),
    Difference(
        "http.jsonl",
        46,
        "a 204 has no content-length (RFC 9110 8.6); the real engine says 2",
        _without_length,
    ),
    Difference(
        "discovery-channels-types.jsonl",
        17,
        "only the trigger types that are carried are listed: `configuration` is not",
        lambda recorded: {
            **recorded,
            "result": {"triggers": [row for row in recorded["result"]["triggers"] if row["id"] != "configuration"]},
        },
    ),
    Difference(
        "discovery-channels-types.jsonl",
        19,
        "the schemas of trigger type cron are worded by us, in 2020-12",
        _our_cron_schemas,
    ),
    Difference(
        "discovery-channels-types.jsonl",
        23,
        "the schemas of trigger type http are worded by us, in 2020-12",
        _our_http_schemas,
    ),
    Difference(
        "state-stream-pubsub-cron-queue.jsonl",
        85,
        "topics and queues are listed by name, where the real engine has no order",
        lambda recorded: {**recorded, "result": sorted(recorded["result"], key=lambda row: row["name"])},
    ),
    Difference(
        "state-stream-pubsub-cron-queue.jsonl",
        87,
        "dead letters are counted by topic, then by queue; the queue behind `default` has no second row",
        lambda recorded: {**recorded, "result": _counted(recorded["result"])},
    ),
    Difference(
        "state-stream-pubsub-cron-queue.jsonl",
        91,
        "a dead letter's error is `code: message`, and its size is that of the payload",
        lambda recorded: {**recorded, "result": [_dead_letter(row) for row in recorded["result"]]},
    ),
    Difference(
        "state-stream-pubsub-cron-queue.jsonl",
        102,
        "what is wrong with a cron expression is said in our words",
        lambda recorded: {
            **recorded,
            "error": {**recorded["error"], "message": f"{_FIVE_FIELDS}: 5 fields instead of six or seven"},
        },
    ),
]
