"""Frames no SDK sends: whatever comes, the connection lives and the next call is answered."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iii_bridge.aio.memory import memory_pair
from iii_bridge.engine import Engine

TYPES = [
    "registerfunction",
    "unregisterfunction",
    "registertriggertype",
    "unregistertriggertype",
    "registertrigger",
    "unregistertrigger",
    "triggerregistrationresult",
    "registerservice",
    "invokefunction",
    "invocationresult",
    "reattach",
    "workerregistered",
    "registrationrejected",
    "pong",
    "error",
    "novel",
]
FUNCTIONS = [
    "engine::functions::list",
    "engine::functions::info",
    "engine::triggers::list",
    "engine::triggers::info",
    "engine::registered-triggers::list",
    "engine::registered-triggers::info",
    "engine::workers::list",
    "engine::workers::info",
    "engine::workers::register",
    "engine::channels::create",
    "engine::register_trigger",
    "engine::unregister_trigger",
    "engine::queue::enqueue",
    "engine::queue::topic_stats",
    "engine::queue::dlq_messages",
    "engine::queue::dlq_topics",
    "engine::queue::list_topics",
    "iii::queue::redrive",
    "iii::queue::redrive_message",
    "iii::queue::discard_message",
    "iii::durable::publish",
    "publish",
    *(f"state::{verb}" for verb in ("set", "get", "delete", "update", "list", "list_groups")),
    *(f"stream::{verb}" for verb in ("set", "get", "delete", "update", "list", "list_groups", "list_all", "send")),
    "engine::log::info",
    "h::f",
]
KINDS = [
    "http",
    "cron",
    "state",
    "subscribe",
    "durable:subscriber",
    "stream",
    "stream:join",
    "log",
    "engine::workers-available",
]
odd = st.sampled_from(["", " ", "\x00", "\ud800", "default", "http", "engine::x", "h::f", "a" * 300, "../..", "%00"])
value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd, inner, max_size=3),
    max_leaves=6,
)
CONFIG = [
    "api_path", "http_method", "expression", "scope", "key", "topic", "stream_name", "group_id", "item_id", "level",
    "condition_function_id",
]  # fmt: skip
DATA = [
    "function_id", "topic", "queue", "name", "id", "key", "scope", "data", "stream_name", "group_id", "item_id", "type",
    "message", "message_id", "trigger_type",
]  # fmt: skip
settings_ = st.fixed_dictionaries(
    {},
    optional={"type": odd, "maxRetries": value, "concurrency": value, "delaySeconds": value, "backoffDelayMs": value},
)
operation = st.fixed_dictionaries(
    {"type": st.sampled_from(["set", "merge", "increment", "decrement", "append", "remove", "explode"])},
    optional={"path": odd | st.lists(odd, max_size=3), "value": value, "by": value},
)
operations = st.lists(operation, max_size=3) | value
known = {
    "id": odd,
    "function_id": st.sampled_from(FUNCTIONS) | odd,
    "invocation_id": odd | st.none(),
    "trigger_type": st.sampled_from(KINDS) | odd,
    "config": st.fixed_dictionaries(
        {}, optional=dict.fromkeys(CONFIG, odd) | {"queue_config": settings_, "novel": value}
    )
    | value,
    "data": value | st.fixed_dictionaries({}, optional=dict.fromkeys(DATA, odd) | {"value": value, "ops": operations}),
    "description": odd,
    "namespace": odd | st.none(),
    "action": st.sampled_from([{"type": "void"}, {"type": "enqueue", "queue": "default"}, {"type": "x"}, None]),
    "error": st.fixed_dictionaries({"code": odd, "message": odd}) | value,
}
frame = st.builds(
    lambda kind, members: {"type": kind, **members},
    st.sampled_from(TYPES),
    st.fixed_dictionaries({}, optional={**known, "metadata": value, "result": value, "baggage": odd, "novel": value}),
)


cut = frame.map(json.dumps).flatmap(lambda text: st.integers(0, len(text)).map(lambda at: text[:at]))

LAST = b'{"type":"invokefunction","invocation_id":"last","function_id":"engine::baggage::get_all","data":{}}'


class Faults(logging.Handler):
    """Keeps what the engine logs as its own fault."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


async def survive(texts: list[str]) -> None:
    faults = Faults()
    log = logging.getLogger("iii_bridge.engine")
    log.addHandler(faults)
    try:
        await play(texts)
    finally:
        log.removeHandler(faults)
    assert faults.texts == []


async def play(texts: list[str]) -> None:
    async with Engine() as engine:
        near, far = memory_pair()
        serving = asyncio.create_task(engine.accept(far))
        await near.recv()
        await near.send(b'{"type":"invokefunction","function_id":"engine::workers::register","data":{}}')
        await near.send(b'{"type":"registerfunction","id":"h::f"}')
        for text in texts:
            await near.send(text.encode())
        await near.send(LAST)
        async with asyncio.timeout(10):
            while (answer := json.loads(await near.recv())).get("invocation_id") != "last":
                pass
        assert answer["result"] == {"baggage": {}}
        await near.close()
        await serving


@given(st.lists(frame, min_size=1, max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_known_types_with_odd_members(frames: list[dict[str, Any]]) -> None:
    asyncio.run(survive([json.dumps(f) for f in frames]))


@given(st.lists(cut | st.text(max_size=40), max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_frames_cut_short_and_plain_noise(texts: list[str]) -> None:
    asyncio.run(survive([text for text in texts if text.isascii()]))


def test_deep_nesting_is_survived() -> None:
    deep = "[" * 200_000 + "]" * 200_000
    call = f'{{"type":"invokefunction","invocation_id":"deep","function_id":"h::f","data":{deep}}}'
    config = f'{{"type":"registertrigger","id":"t","trigger_type":"http","function_id":"h::f","config":{deep}}}'
    asyncio.run(survive([call, config, deep]))
