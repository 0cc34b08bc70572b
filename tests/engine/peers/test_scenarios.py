"""One suite of scenarios for every official SDK, over all the features of the engine that it exposes.

Against the embedded engine as a process, or against any other: III_URL and III_HTTP_URL, and III_STREAM_URL where the
streams' port is not 3112 on the same host. What another engine is known to do otherwise is in `DIFFERENCES`: there the
suite holds it to that, and goes on.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.engine.peers.peers import COMMANDS, WAIT, Peer
from tests.http_endpoint import endpoint

FOREIGN = "III_URL" in os.environ
DIFFERENCES = {
    "enqueue": "action enqueue is an enqueue_error without the standalone queue worker, or for a queue nobody declared",
    "types": "a trigger type is not given back: unregistertriggertype is ignored (wire.md 13.13)",
    "endpoints": "HTTP-invoked functions need iii-http-functions, https and a public address, or are not registered",
}
"""What a full engine is known to do otherwise (docs/reference/engine-differences.md)."""
NAMES_NAMESPACES = {"python": True, "node": False, "rust": True}
"""Can a call of this SDK name a namespace? npm's 0.22.1 cannot."""


def differs(name: str, seen: bool) -> bool:
    """Is this the known difference of another engine? Said aloud; the embedded engine has none."""
    if FOREIGN and seen:
        logging.getLogger(__name__).warning("known difference: %s", DIFFERENCES[name])
    return FOREIGN and seen


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, str, str]]:
    """Where workers connect, where http triggers answer, and where stream sockets open."""
    if FOREIGN:
        url = os.environ["III_URL"]
        streams = os.environ.get("III_STREAM_URL") or re.sub(r":\d+/?$", ":3112", url)
        yield url, os.environ["III_HTTP_URL"], streams
        return
    options = ["--port", "0", "--http-port", "0", "--memory", "--allow-private-endpoints"]
    command = [sys.executable, "-m", "iii_bridge", "engine", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    url, http_url, streams = re.findall(r"(?:ws|http)://\S+", process.stdout.readline())
    yield url, http_url, streams
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture(scope="module", params=list(COMMANDS))
def peer(request: pytest.FixtureRequest, addresses: tuple[str, str, str]) -> Iterator[Peer]:
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


def test_metadata_and_namespaces_of_calls(peer: Peer, name: str) -> None:
    echo = peer.function(f"{name}::echo")
    peer.call(echo, {}, metadata={"trace": [1]})
    assert peer.heard()["metadata"] == {"trace": [1]}
    if NAMES_NAMESPACES[peer.sdk]:
        error = peer.refused(echo, {}, namespace=f"{name}-elsewhere")
        assert error["code"] == "function_not_found"
        assert "It is registered in namespace(s): default" in error["message"]
        assert plain(peer.call(echo, {"n": 1}, namespace="default")) == {"n": 1}
    else:
        assert plain(peer.call(echo, {"n": 1}, namespace=f"{name}-elsewhere")) == {"n": 1}
    peer.heard()
    peer.tell("unfunction", function_id=echo)
    assert peer.refused(echo, {})["code"] == "function_not_found"


def test_functions_called_over_http(peer: Peer, name: str) -> None:
    with endpoint(
        lambda asked: (
            (500, b'{"error":{"code":"SOLD_OUT","message":"m"}}') if b"no" in asked.body else (200, b'{"ok":true}')
        )
    ) as site:
        peer.tell("endpoint", function_id=f"{name}::away", url=f"{site.url}/hook")
        end = time.monotonic() + WAIT
        while "answer" not in (said := peer.tell("call", function_id=f"{name}::away", payload={"n": 1})):
            if differs("endpoints", said["error"]["code"] == "function_not_found"):
                return
            assert time.monotonic() < end, said
        assert said["answer"] == {"ok": True}
        asked = site.asked[-1]
        assert (asked.method, asked.path, plain(json.loads(asked.body))) == ("POST", "/hook", {"n": 1})
        assert asked.headers["x-iii-function-path"] == f"{name}::away"
        assert peer.refused(f"{name}::away", {"say": "no"})["code"] == "SOLD_OUT"


def test_http(peer: Peer, name: str, addresses: tuple[str, str, str]) -> None:
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


def test_http_conditions_and_middleware(peer: Peer, name: str, addresses: tuple[str, str, str]) -> None:
    web = peer.function(f"{name}::web", "fixed", {"body": "in"})
    no = peer.function(f"{name}::no", "fixed", False)
    wait = peer.function(f"{name}::wait", "fixed", {"action": "continue"})
    stop = peer.function(
        f"{name}::stop", "fixed", {"action": "respond", "response": {"status_code": 401, "body": "out"}}
    )
    never = peer.function(f"{name}::never", "fixed", {"body": "never"})
    peer.bind("http", web, {"api_path": f"/{name}/in", "middleware_function_ids": [wait]})
    peer.bind("http", never, {"api_path": f"/{name}/no", "condition_function_id": no})
    peer.tell(
        "trigger",
        name="out",
        kind="http",
        function_id=never,
        config={"api_path": f"/{name}/out", "middleware_function_ids": [stop]},
    )

    def get(path: str) -> httpx.Response:
        return httpx.get(f"{addresses[1]}/{name}/{path}", trust_env=False)

    assert (get("in").status_code, get("in").json()) == (200, "in")
    assert [peer.heard()["called"] for _ in range(4)] == [wait, web, wait, web]
    stopped = get("no")
    assert (stopped.status_code, stopped.json()["error"]["code"]) == (422, "CONDITION_NOT_MET")
    assert peer.heard()["called"] == no
    while (answer := get("out")).status_code == 404:
        continue
    assert (answer.status_code, answer.json()) == (401, "out")
    assert peer.heard()["called"] == stop


def test_http_streams_both_ways(peer: Peer, name: str, addresses: tuple[str, str, str]) -> None:
    web = peer.function(f"{name}::web", "stream")
    peer.bind("http", web, {"api_path": f"/{name}", "http_method": "POST"})
    body = bytes(range(256)) * 1000
    headers = {"content-type": "application/octet-stream"}
    answer = httpx.post(f"{addresses[1]}/{name}", content=body, headers=headers, trust_env=False)
    assert (answer.status_code, answer.headers["x-streamed"]) == (202, "yes")
    assert answer.content == body * 2


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


def test_stream_sockets(peer: Peer, name: str, addresses: tuple[str, str, str]) -> None:
    joined = peer.function(f"{name}::joined", "fixed")
    binding = peer.bind("stream:join", joined, {})
    peer.call("stream::set", {"stream_name": name, "group_id": "g", "item_id": "i", "data": 1})
    with connect(addresses[2]) as socket:
        join = {"subscriptionId": "s", "streamName": name, "groupId": "g"}
        socket.send(json.dumps({"type": "join", "data": join}))
        assert json.loads(socket.recv(WAIT))["event"] == {"type": "sync", "data": [1]}
        assert peer.heard()["data"]["subscription_id"] == "s"
        ops = [{"type": "set", "path": "", "value": 2}]
        peer.call("stream::update", {"stream_name": name, "group_id": "g", "item_id": "i", "ops": ops})
        assert json.loads(socket.recv(WAIT))["event"] == {"type": "update", "data": 2}
    assert peer.call("stream::list_groups", {"stream_name": name}) == ["g"]
    assert {"id": name, "groups": ["g"]} in peer.call("stream::list_all", {})["stream"]
    peer.tell("untrigger", name=binding)


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
    which = {"queue": f"{name}-bad", "message_id": dead[0]["id"]}
    assert peer.call("iii::queue::redrive_message", which) == {**which, "redriven": 1}
    assert [peer.heard()["data"] for _ in range(2)] == [8, 8]
    while not (dead := peer.call("engine::queue::dlq_messages", {"topic": f"{name}-bad"})):
        continue
    which = {"queue": f"{name}-bad", "message_id": dead[0]["id"]}
    assert peer.call("iii::queue::discard_message", which)["message_id"] == dead[0]["id"]
    assert peer.call("engine::queue::topic_stats", {"topic": f"{name}-bad"})["dlq_depth"] == 0
    assert name in [row["name"] for row in peer.call("engine::queue::list_topics", {})]


def test_named_queues(peer: Peer, name: str) -> None:
    job = peer.function(f"{name}::job", "fail twice")
    for queue in ("default", f"{name}-made"):
        said = peer.tell("call", function_id=job, payload={"q": 1}, queue=queue)
        if differs("enqueue", said.get("error", {}).get("code") == "enqueue_error"):
            return
        assert uuid.UUID(said["answer"]["messageReceiptId"])
        if queue == "default":
            assert [peer.heard()["data"] for _ in range(3)] == [{"q": 1}] * 3
    assert peer.heard()["data"] == {"q": 1}


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
    bound = peer.provide(kind)
    assert (bound["function_id"], bound["config"]) == (on, {"n": 1})
    asked = {"trigger_type": kind, "function_id": on}
    refused = peer.refused("engine::register_trigger", {**asked, "config": {"refuse": True}})
    assert (refused["code"], "no such hook" in refused["message"]) == ("trigger_registration_failed", True)
    assert peer.heard()["config"] == {"refuse": True}
    made = peer.call("engine::register_trigger", {**asked, "config": {"n": 2}})
    assert peer.heard()["bound"] == made["id"]
    assert peer.call("engine::unregister_trigger", {"id": made["id"]}) == {"removed": True}
    assert peer.heard() == {"unbound": made["id"]}
    if differs("types", True):
        return
    peer.tell("untype", kind=kind)
    while kind in [row["id"] for row in peer.call("engine::triggers::list", {})["triggers"]]:
        continue
    assert peer.call("engine::registered-triggers::list", {"trigger_type": kind})["registered_triggers"] == []
    assert peer.provide(kind)["bound"] == bound["bound"], "the binding was parked, and is there again"


def test_availability(peer: Peer, name: str, addresses: tuple[str, str, str]) -> None:
    workers = peer.function(f"{name}::workers", "fixed")
    binding = peer.bind("engine::workers-available", workers, {}, {"m": 1})
    with connect(addresses[0]) as socket:
        worker_id = json.loads(socket.recv(WAIT))["worker_id"]
        seen: list[Any] = []
        while {"event": "worker_connected", "worker_id": worker_id} not in seen:
            seen.append(peer.heard()["data"])
    while {"event": "worker_disconnected", "worker_id": worker_id} not in seen:
        seen.append(peer.heard()["data"])
    peer.tell("untrigger", name=binding)
    functions = peer.function(f"{name}::functions", "fixed")
    binding = peer.bind("engine::functions-available", functions, {})
    new = peer.function(f"{name}::new")
    seen = []
    while new not in seen:
        told = peer.heard()["data"]
        seen = [row["function_id"] for row in told["functions"]] if told["event"] == "functions_changed" else []
    peer.tell("untrigger", name=binding)


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
