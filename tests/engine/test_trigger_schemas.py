"""The schemas discovery shows are schemas."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from iii_bridge.engine import Engine

KINDS = Engine().hub.protocol.triggers.types()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_every_schema_of_a_trigger_type_is_one(kind: object) -> None:
    for name in ("configuration_schema", "request_schema", "response_schema"):
        schema = getattr(kind, name)
        if schema is not None:
            Draft202012Validator.check_schema(json.loads(bytes(schema)))


def test_a_config_of_each_type_fits_its_schema() -> None:
    fitting = {
        "cron": {"expression": "@daily"},
        "state": {"scope": "s"},
        "subscribe": {"topic": "t"},
        "durable:subscriber": {"topic": "t", "queue_config": {"type": "fifo", "maxRetries": 3}},
        "http": {"api_path": "/x"},
    }
    for kind in KINDS:
        if kind.id in fitting:
            assert kind.configuration_schema is not None
            Draft202012Validator(json.loads(bytes(kind.configuration_schema))).validate(fitting[kind.id])
