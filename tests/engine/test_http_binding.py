"""Configs of http triggers."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge.engine.http_binding import Route, read_route
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.protocol.engine_state import Binding
from iii_bridge.wire.codec import raw


def route(config: Any) -> Route:
    return read_route(Binding("t", "http", "a::f", raw(config)))


def test_what_is_left_out() -> None:
    made = route({"api_path": "items/:id/:part", "http_method": None, "novel": 1})
    assert (made.method, made.path, made.parameters) == ("GET", "/items/:id/:part", ("id", "part"))
    assert (made.condition, made.middleware) == (None, ())


def test_what_is_given() -> None:
    config = {
        "api_path": "/",
        "http_method": "patch",
        "condition_function_id": "c",
        "middleware_function_ids": ["m", "n"],
    }
    made = route(config)
    assert (made.method, made.path, made.condition, made.middleware) == ("PATCH", "/", "c", ("m", "n"))


@pytest.mark.parametrize("config", [None, [], {}, {"api_path": ""}, {"api_path": "/", "http_method": "X"}])
def test_what_is_refused(config: Any) -> None:
    with pytest.raises(TriggerRefused):
        route(config)
