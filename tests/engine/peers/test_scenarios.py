"""One suite of scenarios for every official SDK, over all the features of the engine that it exposes.

Against the embedded engine as a process, or against any other: III_URL and III_HTTP_URL.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.engine.peers.peers import COMMANDS, Peer


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, str]]:
    """Where workers connect, and where http triggers answer."""
    if "III_URL" in os.environ:
        yield os.environ["III_URL"], os.environ["III_HTTP_URL"]
        return
    command = [sys.executable, "-m", "iii_bridge", "engine", "--port", "0", "--http-port", "0", "--memory"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    url, http_url = re.findall(r"(?:ws|http)://\S+", process.stdout.readline())[:2]
    yield url, http_url
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture(scope="module", params=list(COMMANDS))
def peer(request: pytest.FixtureRequest, addresses: tuple[str, str]) -> Iterator[Peer]:
    with Peer(request.param, addresses[0], f"suite-{request.param}-{uuid.uuid4().hex[:8]}") as it:
        yield it
        assert it.quiet()


@pytest.fixture
def name(peer: Peer) -> str:
    """A name nobody else uses: an engine may be used by more than one run."""
    return f"{peer.sdk}-{uuid.uuid4().hex[:8]}"


def plain(data: Any) -> Any:
    """Without what the engine adds (wire.md 5.4)."""
    return {key: value for key, value in data.items() if key != "_caller_worker_id"} if isinstance(data, dict) else data


def test_calls(peer: Peer, name: str) -> None:
    echo = peer.function(f"{name}::echo")
    payload = {"text": "ü", "number": 2**53, "nested": [None, True, 1.5, {}]}
    assert plain(peer.call(echo, payload)) == payload
    assert plain(peer.heard()["data"]) == payload
    fail = peer.function(f"{name}::fail", "fail")
    error = peer.refused(fail, {})
    assert (error["code"], "boom" in error["message"]) == ("invocation_failed", True)
    peer.heard()
    assert peer.refused(f"{name}::none", {})["code"] == "function_not_found"
    peer.tell("call", function_id=echo, payload={"v": 1}, void=True)
    assert plain(peer.heard()["data"]) == {"v": 1}


def test_http(peer: Peer, name: str, addresses: tuple[str, str]) -> None:
    result = {"status_code": 201, "headers": {"x-made": "yes"}, "body": {"made": 1}}
    made = peer.function(f"{name}::made", "fixed", result)
    peer.bind("http", made, {"api_path": f"/{name}/:id", "http_method": "POST"}, {"m": 1})
    answer = httpx.post(f"{addresses[1]}/{name}/7?q=a%20b", json={"n": 1}, trust_env=False)
    assert (answer.status_code, answer.headers["x-made"], answer.json()) == (201, "yes", {"made": 1})
    heard = peer.heard()
    assert heard["metadata"] == {"m": 1}
    seen = heard["data"]
    assert (seen["path_params"], seen["query_params"], seen["body"]) == ({"id": "7"}, {"q": "a b"}, {"n": 1})
    fail = peer.function(f"{name}::broken", "fail")
    peer.bind("http", fail, {"api_path": f"/{name}", "http_method": "GET"})
    failed = httpx.get(f"{addresses[1]}/{name}", trust_env=False)
    assert (failed.status_code, failed.json()["error"]["code"]) == (500, "invocation_failed")
    peer.heard()


def test_state(peer: Peer, name: str) -> None:
    on = peer.function(f"{name}::on", "fixed")
    binding = peer.bind("state", on, {"scope": name}, {"m": 1})
    where = {"scope": name, "key": "k"}
    assert peer.call("state::set", {**where, "value": {"n": 1}}) == {"old_value": None, "new_value": {"n": 1}}
    heard = peer.heard()
    assert (heard["data"]["event_type"], heard["data"]["new_value"]) == ("state:created", {"n": 1})
    assert heard["metadata"] == {"m": 1}
    assert peer.call("state::get", where) == {"n": 1}
    ops = [{"type": "increment", "path": "n", "by": 2}, {"type": "append", "path": "l", "value": 1}]
    assert peer.call("state::update", {**where, "ops": ops})["new_value"] == {"n": 3, "l": [1]}
    assert peer.heard()["data"]["event_type"] == "state:updated"
    assert peer.call("state::list", {"scope": name}) == [{"n": 3, "l": [1]}]
    assert name in peer.call("state::list_groups", {})["groups"]
    assert peer.call("state::delete", where) == {"n": 3, "l": [1]}
    assert peer.heard()["data"]["event_type"] == "state:deleted"
    assert peer.call("state::get", where) is None
    peer.tell("untrigger", name=binding)
    peer.call("state::set", {**where, "value": 1})


def test_streams(peer: Peer, name: str) -> None:
    on = peer.function(f"{name}::on", "fixed")
    peer.bind("stream", on, {"stream_name": name})
    group = {"stream_name": name, "group_id": "g"}
    item = {**group, "item_id": "i"}
    assert peer.call("stream::set", {**item, "data": {"a": 1}}) == {"old_value": None, "new_value": {"a": 1}}
    assert peer.heard()["data"]["event"] == {"type": "create", "data": {"a": 1}}
    assert peer.call("stream::get", item) == {"a": 1}
    assert peer.call("stream::list", group) == [{"a": 1}]
    peer.call("stream::send", {**group, "type": "hi", "data": 2})
    assert peer.heard()["data"]["event"] == {"type": "event", "event": {"type": "hi", "data": 2}}
    assert peer.call("stream::delete", item) == {"old_value": {"a": 1}}
    assert peer.heard()["data"]["event"] == {"type": "delete", "data": {"a": 1}}


def test_publish_and_subscribe(peer: Peer, name: str) -> None:
    on = peer.function(f"{name}::on", "fixed")
    peer.bind("subscribe", on, {"topic": name})
    assert peer.call("publish", {"topic": name, "data": {"x": 1}}) is None
    assert peer.heard()["data"] == {"x": 1}
    assert peer.refused("publish", {"topic": "", "data": 1})["code"] == "topic_not_set"


def test_durable_topics(peer: Peer, name: str) -> None:
    job = peer.function(f"{name}::job", "fail twice")
    peer.bind("durable:subscriber", job, {"topic": name, "queue_config": {"backoffDelayMs": 10}})
    assert peer.call("iii::durable::publish", {"topic": name, "data": {"n": 1}}) is None
    assert [peer.heard()["data"] for _ in range(3)] == [{"n": 1}] * 3
    bad = peer.function(f"{name}::bad", "fail")
    settings = {"maxRetries": 1, "backoffDelayMs": 10}
    peer.bind("durable:subscriber", bad, {"topic": f"{name}-bad", "queue_config": settings})
    peer.call("iii::durable::publish", {"topic": f"{name}-bad", "data": 8})
    assert [peer.heard()["data"] for _ in range(2)] == [8, 8]
    while not (dead := peer.call("engine::queue::dlq_messages", {"topic": f"{name}-bad"})):
        continue
    assert (dead[0]["payload"], dead[0]["retries"]) == (8, 2)


def test_named_queues(peer: Peer, name: str) -> None:
    job = peer.function(f"{name}::job", "fail twice")
    receipt = peer.call(job, {"q": 1}, queue="default")
    assert uuid.UUID(receipt["messageReceiptId"])
    assert [peer.heard()["data"] for _ in range(3)] == [{"q": 1}] * 3


def test_cron(peer: Peer, name: str) -> None:
    on = peer.function(f"{name}::on", "fixed")
    binding = peer.bind("cron", on, {"expression": "* * * * * *"}, {"m": 1})
    tick = peer.heard()
    assert (tick["data"]["trigger"], tick["metadata"]) == ("cron", {"m": 1})
    peer.tell("untrigger", name=binding)
    while any(
        row["function_id"] == on for row in peer.call("engine::registered-triggers::list", {})["registered_triggers"]
    ):
        continue
    while not peer.quiet():  # a tick that was under way
        peer.heard()


def test_trigger_types_of_workers(peer: Peer, name: str) -> None:
    kind = f"{name}-hook"
    on = peer.function(f"{name}::on", "fixed")
    peer.tell("trigger", name="parked", kind=kind, function_id=on, config={"n": 1})
    peer.tell("type", kind=kind)
    bound = peer.heard()
    assert (bound["function_id"], bound["config"]) == (on, {"n": 1})
    asked = {"trigger_type": kind, "function_id": on}
    refused = peer.refused("engine::register_trigger", {**asked, "config": {"refuse": True}})
    assert (refused["code"], "no such hook" in refused["message"]) == ("trigger_registration_failed", True)
    assert peer.heard()["config"] == {"refuse": True}
    made = peer.call("engine::register_trigger", {**asked, "config": {"n": 2}})
    assert peer.heard()["bound"] == made["id"]
    assert peer.call("engine::unregister_trigger", {"id": made["id"]}) == {"removed": True}
    assert peer.heard() == {"unbound": made["id"]}


def test_channels(peer: Peer) -> None:
    said = peer.tell("channel", text="hello", size=200_000)
    assert said == {"answer": {"bytes": 200_000, "texts": ["hello"]}}


def test_discovery(peer: Peer, name: str) -> None:
    function_id = peer.function(f"{name}::listed", "fixed")
    found = peer.call("engine::functions::list", {"prefix": f"{name}::"})["functions"]
    assert [row["function_id"] for row in found] == [function_id]
    info = peer.call("engine::functions::info", {"function_id": function_id})
    assert (info["namespace"], info["registered_triggers"]) == ("default", [])
    kinds = {row["id"] for row in peer.call("engine::triggers::list", {})["triggers"]}
    assert {"http", "cron", "state", "stream", "subscribe", "durable:subscriber"} <= kinds
    assert peer.refused("engine::functions::info", {"function_id": f"{name}::none"})["code"] == "NOT_FOUND"


def test_log_records(peer: Peer, name: str) -> None:
    on = peer.function(f"{name}::on", "fixed")
    binding = peer.bind("log", on, {"level": "warn"})
    assert peer.call("engine::log::warn", {"message": name}) is None
    heard = peer.heard()["data"]
    assert (heard["body"], heard["severity_text"]) == (name, "WARN")
    peer.tell("untrigger", name=binding)
