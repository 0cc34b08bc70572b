"""Trigger options give the config the engine takes, member for member."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge import v1 as events
from iii_bridge.contract.descriptors import message_schema
from iii_bridge.contract.spec import BindingSpec, HttpRule
from iii_codegen.model.check_bindings import EVENT_MEMBERS
from tests.codegen.support import shop, tree_of


def bindings(options: str, request: str = "Request", response: str = "google.protobuf.Empty") -> list[BindingSpec]:
    body = f"""
    message Request {{ string id = 1; string name = 2; }}
    service S {{ rpc M({request}) returns ({response}) {{ {options} }} }}
    """
    (service,) = tree_of(shop(body)).files["shop/v1/shop.proto"].services
    return [item.spec for item in service.methods[0].contract.bindings]


def trigger(text: str) -> BindingSpec:
    (binding,) = bindings(f"option (iii_bridge.v1.trigger) = {{ {text} }};")
    return binding


@pytest.mark.parametrize(
    ("text", "trigger_type", "config"),
    [
        ('subscribe: { topic: "t" }', "subscribe", {"topic": "t"}),
        ('cron: { expression: "0 0 9 * * *" }', "cron", {"expression": "0 0 9 * * *"}),
        ('state: { scope: "s" key: "k" }', "state", {"scope": "s", "key": "k"}),
        ("state: {}", "state", {}),
        (
            'stream: { stream_name: "s" group_id: "g" item_id: "i" }',
            "stream",
            {"stream_name": "s", "group_id": "g", "item_id": "i"},
        ),
        ("stream: { event: EVENT_JOIN }", "stream:join", {}),
        ("stream: { event: EVENT_LEAVE }", "stream:leave", {}),
        ('custom: { type: "x" config_json: "{\\"a\\": [1, null]}" }', "x", {"a": [1, None]}),
        ('durable_subscriber: { topic: "t" }', "durable:subscriber", {"topic": "t"}),
        (
            """durable_subscriber: { topic: "t" queue_config: { type: TYPE_FIFO max_retries: 0 concurrency: 1
               visibility_timeout: { seconds: 30 } delay: { seconds: 2 } backoff: { nanos: 500000000 }
               max_priority: 9 } }""",
            "durable:subscriber",
            {
                "topic": "t",
                "queue_config": {
                    "type": "fifo",
                    "maxRetries": 0,
                    "concurrency": 1,
                    "maxPriority": 9,
                    "visibilityTimeout": 30,
                    "delaySeconds": 2,
                    "backoffDelayMs": 500,
                },
            },
        ),
        (
            'subscribe: { topic: "t" } condition_function_id: "a::b"',
            "subscribe",
            {"topic": "t", "condition_function_id": "a::b"},
        ),
    ],
)
def test_config(text: str, trigger_type: str, config: dict[str, Any]) -> None:
    binding = trigger(text)
    assert (binding.trigger_type, binding.config, binding.http) == (trigger_type, config, None)


def test_metadata_of_both_kinds() -> None:
    binding = trigger('subscribe: { topic: "t" } metadata { key: "b" value: "1" } metadata_json: "{\\"a\\": 2}"')
    assert binding.metadata == {"b": "1", "a": 2}


def test_own_http() -> None:
    binding = trigger('http: { api_path: "/orders/:id" http_method: "post" middleware_function_ids: ["a::b"] }')
    assert binding.config == {
        "api_path": "/orders/:id",
        "http_method": "POST",
        "middleware_function_ids": ["a::b"],
    }
    assert binding.http == HttpRule("POST", "/orders/{id}", "*", "", ("id",))


def test_own_http_defaults_to_get_without_a_body() -> None:
    assert trigger('http: { api_path: "orders" }').http == HttpRule("GET", "/orders", "", "", ())


def test_google_http_with_additional_bindings() -> None:
    found = bindings(
        """option (google.api.http) = { post: "/v1/orders/{id}" body: "*"
             additional_bindings { get: "/v1/orders/{id}/{name}" }
             additional_bindings { custom: { kind: "head" path: "/v1/{id}" } } };"""
    )
    assert [item.config for item in found] == [
        {"api_path": "/v1/orders/:id", "http_method": "POST"},
        {"api_path": "/v1/orders/:id/:name", "http_method": "GET"},
        {"api_path": "/v1/:id", "http_method": "HEAD"},
    ]
    assert [item.http for item in found] == [
        HttpRule("POST", "/v1/orders/{id}", "*", "", ("id",)),
        HttpRule("GET", "/v1/orders/{id}/{name}", "", "", ("id", "name")),
        HttpRule("HEAD", "/v1/{id}", "", "", ("id",)),
    ]


@pytest.mark.parametrize("option", ["google", "own"])
def test_a_method_that_takes_the_raw_request_has_no_rule(option: str) -> None:
    text = {
        "google": 'option (google.api.http) = { get: "/a/{anything}" };',
        "own": 'option (iii_bridge.v1.trigger) = { http: { api_path: "/a/:anything" } };',
    }[option]
    (binding,) = bindings(text, "iii_bridge.v1.HttpRequest", "iii_bridge.v1.HttpResponse")
    assert (binding.http, binding.config["api_path"]) == (None, "/a/:anything")


def test_event_members_are_those_of_the_event_messages() -> None:
    for kind, message in {
        "cron": events.CronTick,
        "state": events.StateChange,
        "stream": events.StreamEvent,
        "stream:join": events.StreamSubscription,
        "stream:leave": events.StreamSubscription,
    }.items():
        assert EVENT_MEMBERS[kind] == {field.json_name for field in message_schema(message).fields}
