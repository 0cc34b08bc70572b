"""Every kind of call and every binding with the official SDKs as peers, in both directions.

The table of docs/reference/sdks.md says what is tried; it is held to this file.
"""

from __future__ import annotations

import importlib.metadata
import json
import queue
import re
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect as connect_socket

from iii_bridge import (
    BridgeSync,
    ContractError,
    InvocationError,
    Side,
    StatusCode,
    StatusError,
    StreamTruncatedError,
    connect_sync,
)
from iii_bridge.abi.v1 import Empty, Value
from iii_bridge.aio.portal import Portal
from iii_bridge.bridge.trigger_types import TriggerBinding
from iii_bridge.engine import Engine
from iii_bridge.status import format_status_line
from iii_bridge.v1 import HttpResponse
from tests.bridge.contracts import peers, shop
from tests.bridge.streams import WatchSync
from tests.engine.peers.peers import COMMANDS, Peer

ROOT = Path(__file__).resolve().parents[2]
WAIT = 60.0
TRIED: dict[str, str] = {}
"""What is tried, and the name of the test that does."""

Test = Callable[["Setting"], None]


def tried(*rows: str) -> Callable[[Test], Test]:
    """The rows of the table that a test stands for."""

    def note(test: Test) -> Test:
        TRIED.update(dict.fromkeys(rows, test.__name__))
        return test

    return note


class Ours(peers.OursService):  # type: ignore[misc]
    """Puts what arrives into a queue by the method's name."""

    def __init__(self) -> None:
        self._arrived: dict[str, queue.Queue[tuple[Any, Any]]] = {}

    def _waiting(self, name: str) -> queue.Queue[tuple[Any, Any]]:
        return self._arrived.setdefault(name, queue.Queue())

    def arrived(self, name: str) -> tuple[Any, Any]:
        """The next request of a method, and its binding."""
        return self._waiting(name).get(timeout=WAIT)

    async def ask(self, request: Any, context: Any, /) -> Any:
        if request.text == "none":
            raise StatusError(StatusCode.NOT_FOUND, "no such text")
        if request.text == "broken":
            raise KeyError("lost")
        return peers.Answer(text=request.text, count=request.count + 1)

    async def raw(self, request: Any, context: Any, /) -> Any:
        return HttpResponse(
            status_code=202,
            headers={"x-id": request.path_params["id"]},
            body=Value.from_python(request.body.to_python()),
        )

    async def hooked(self, request: Any, context: Any, /) -> Any:
        self._waiting("hooked").put((request, context.binding))
        return peers.Answer(text=request.text)

    async def paid(self, request: Any, context: Any, /) -> Any:
        waiting = self._waiting("paid")
        waiting.put((request, context.binding))
        if waiting.qsize() == 1:
            raise ConnectionError("not yet")
        return Empty()


def _noting(name: str) -> Any:
    async def note(self: Ours, request: Any, context: Any, /) -> Any:
        self._waiting(name).put((request, context.binding))
        return Empty()

    return note


for _name in ("note", "ticked", "changed", "streamed", "joined", "left", "heard"):
    setattr(Ours, _name, _noting(_name))
Ours.__abstractmethods__ = frozenset()  # the methods made in a loop came too late for abc


@dataclass
class Setting:
    """An engine, a bridge that serves `Ours`, and one official SDK."""

    engine: Engine
    bridge: BridgeSync
    peer: Peer
    ours: Ours

    def called(self, function_id: str) -> dict[str, Any]:
        """The next invocation of a function of the peer; ticks of others that are under way are passed over."""
        while (heard := self.peer.heard()).get("called") != function_id:
            assert "tick" in heard["called"], heard
        return heard

    def http(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(method, f"{self.engine.http_url}{path}", trust_env=False, timeout=WAIT, **more)


@pytest.fixture(scope="module", params=list(COMMANDS))
def s(request: pytest.FixtureRequest) -> Iterator[Setting]:
    portal = Portal()
    engine = portal.call(Engine(port=0, http_port=0).__aenter__)
    try:
        with (
            connect_sync(engine.url, worker_name="ours") as bridge,
            Peer(request.param, engine.url, f"peer-{request.param}") as peer,
        ):
            ours = Ours()
            bridge.serve(ours)
            yield Setting(engine, bridge, peer, ours)
    finally:
        portal.call(lambda: engine.__aexit__(None, None, None))
        portal.close()


# --- calls -------------------------------------------------------------------


@tried("a call", "a violation", "a failure", "a status")
def test_calls(s: Setting) -> None:
    assert s.peer.call("ours::ask", {"text": "ü", "count": "9007199254740993"}) == {
        "text": "ü",
        "count": "9007199254740994",
    }
    refused = s.peer.refused("ours::ask", {"text": 7})
    assert (refused["code"], refused["message"][-9:]) == ("contract_violation", "at $.text")
    refused = s.peer.refused("ours::ask", {"text": "none"})
    assert (refused["code"], refused["message"][-12:]) == ("NOT_FOUND", "no such text")
    refused = s.peer.refused("ours::ask", {"text": "broken"})
    assert (refused["code"], "lost" in refused["message"]) == ("invocation_failed", True)

    theirs = peers.TheirsClientSync(s.bridge)
    s.peer.function("theirs::ask", "fixed", {"text": "ü", "count": "9007199254740993"})
    assert theirs.ask(peers.Request(text="a", count=2**53)) == peers.Answer(text="ü", count=2**53 + 1)
    heard = s.called("theirs::ask")["data"]
    assert (heard["text"], heard["count"]) == ("a", "9007199254740992")
    s.peer.function("theirs::wrong", "fixed", {"text": 7, "count": "1"})
    with pytest.raises(ContractError) as broken:
        theirs.wrong(peers.Request())
    assert (broken.value.side, broken.value.path) == (Side.RESPONSE, "$.text")
    s.peer.function("theirs::fail", "fail")
    with pytest.raises(InvocationError, match="boom") as failed:
        theirs.fail(peers.Request())
    assert failed.value.code == "invocation_failed"
    line = format_status_line("ABORTED", "try again", [{"@type": "t", "n": 1}])
    s.peer.function("theirs::refuse", "status", line)
    with pytest.raises(StatusError) as status:
        theirs.refuse(peers.Request())
    assert (status.value.status, status.value.message) == (StatusCode.ABORTED, "try again")
    assert status.value.details == ({"@type": "t", "n": 1},)
    for function_id in ("theirs::wrong", "theirs::fail", "theirs::refuse"):
        s.called(function_id)


@tried("a void call", "a queued call")
def test_calls_without_an_answer(s: Setting) -> None:
    s.peer.tell("call", function_id="ours::note", payload={"text": "void"}, void=True)
    assert s.ours.arrived("note")[0].text == "void"
    receipt = s.peer.call("ours::note", {"text": "queued"}, queue="default")
    assert uuid.UUID(receipt["messageReceiptId"])
    assert s.ours.arrived("note")[0].text == "queued"

    s.peer.function("theirs::note", "fixed")
    theirs = peers.TheirsClientSync(s.bridge)
    theirs.note.void(peers.Request(text="void"))
    assert s.called("theirs::note")["data"]["text"] == "void"
    assert uuid.UUID(theirs.note.enqueue(peers.Request(text="queued")).message_receipt_id)
    assert s.called("theirs::note")["data"]["text"] == "queued"


@tried("a server stream", "a client stream", "a stream both ways")
def test_streams(s: Setting) -> None:
    hundred = [str(number) for number in range(100)]
    doubled = [str(2 * number) for number in range(100)]
    s.peer.tell("streams")
    with connect_sync(s.engine.url, worker_name="watch") as serving:
        serving.serve(WatchSync())
        s.peer._until("engine::functions::list", "functions", "theirs::drive")
        got = s.peer.call("theirs::drive", {})
        assert got["watch"] == {"result": {"items": 100}, "totals": hundred}
        assert got["upload"]["total"] == "4950"
        assert got["chat"] == {"result": {"items": 100}, "totals": doubled}
    s.bridge.call("theirs::serve", {})
    for function_id in ("watch::watch", "watch::upload", "watch::chat"):
        s.peer._until("engine::functions::list", "functions", function_id)
    client = shop.WatchClientSync(s.bridge)
    assert [str(receipt.total) for receipt in client.watch(shop.GetRequest(order_id="o", limit=100))] == hundred
    requests = [shop.PlaceRequest(sku=f"s{number}", quantity=number) for number in range(100)]
    assert client.upload(requests) == shop.Receipt(order_id="all", total=4950)
    assert [str(receipt.total) for receipt in client.chat(requests)] == doubled
    for order, error, problem in (
        ("fail", InvocationError, "enough"),
        ("wrong", ContractError, r"expected a string.* at \$\[3\]\.orderId"),
        ("short", StreamTruncatedError, "3 of 4 items arrived"),
    ):
        seen: list[int] = []
        with pytest.raises(error, match=problem):
            for receipt in client.watch(shop.GetRequest(order_id=order, limit=3)):
                seen += [receipt.total]
        assert seen == [0, 1, 2], "what came before is whole"


# --- bindings: what a peer causes comes to ours; what we bind and cause comes to theirs -------------------------------


@tried("http, transcoded")
def test_transcoded_http(s: Setting) -> None:
    answer = s.http("POST", "/ours/a%20b", json={"count": "4"})
    assert (answer.status_code, answer.json()) == (200, {"text": "a b", "count": "5"})
    assert s.http("POST", "/ours/a", json={"count": "x"}).status_code == 400
    assert s.http("POST", "/ours/none", json={}).status_code == 404
    s.bridge.serve_http(peers.TheirsClientSync)
    if not s.bridge.call("engine::functions::list", {"prefix": "theirs::ask"})["functions"]:
        s.peer.function("theirs::ask", "fixed", {"text": "ü", "count": "9007199254740993"})
    answer = s.http("GET", "/theirs/a%20b?count=4")
    assert (answer.status_code, answer.json()) == (200, {"text": "ü", "count": "9007199254740993"})
    heard = s.called("theirs::ask")["data"]
    assert (heard["text"], heard["count"]) == ("a b", "4")


@tried("http, raw")
def test_raw_http(s: Setting) -> None:
    answer = s.http("POST", "/ours-raw/7", json={"n": 1})
    assert (answer.status_code, answer.headers["x-id"], answer.json()) == (202, "7", {"n": 1})
    s.bridge.register_function("plain::raw", lambda request: {"status_code": 203, "body": request["path_params"]})
    s.peer.bind("http", "plain::raw", {"api_path": "/bound/:id", "http_method": "GET"})
    answer = s.http("GET", "/bound/8")
    assert (answer.status_code, answer.json()) == (203, {"id": "8"})
    made = s.peer.function("theirs::raw", "fixed", {"status_code": 201, "headers": {"x-a": "b"}, "body": [1]})
    bind(s, "http", made, {"api_path": "/theirs-raw/:id", "http_method": "POST"})
    answer = s.http("POST", "/theirs-raw/9?q=x", json={"n": 2})
    assert (answer.status_code, answer.headers["x-a"], answer.json()) == (201, "b", [1])
    heard = s.called(made)
    assert heard["metadata"] == {"by": "us"}
    assert (heard["data"]["path_params"], heard["data"]["body"]) == ({"id": "9"}, {"n": 2})


def bind(s: Setting, kind: str, function_id: str, config: dict[str, Any]) -> Any:
    """Binds a function of the peer, and waits until it is listed."""
    trigger = s.bridge.register_trigger(kind, function_id, config, metadata={"by": "us"})
    s.peer._until("engine::registered-triggers::list", "registered_triggers", function_id)
    assert trigger.error is None
    return trigger


def contract_binding(binding: Any, kind: str) -> None:
    assert (binding.trigger_type, dict(binding.metadata)) == (kind, {"by": "contract"})


@tried("durable:subscriber")
def test_durable_topics(s: Setting) -> None:
    s.peer.call("iii::durable::publish", {"topic": "ours-paid", "data": {"text": "p", "count": 3}})
    for _ in range(2):  # the first delivery fails
        paid, binding = s.ours.arrived("paid")
        assert (paid.text, paid.count) == ("p", 3)
        contract_binding(binding, "durable:subscriber")
    job = s.peer.function("theirs::job", "fail twice")
    bind(s, "durable:subscriber", job, {"topic": "theirs-paid", "queue_config": {"backoffDelayMs": 10}})
    s.bridge.call("iii::durable::publish", {"topic": "theirs-paid", "data": {"n": 1}})
    assert [s.called(job)["data"] for _ in range(3)] == [{"n": 1}] * 3


@tried("cron")
def test_cron(s: Setting) -> None:
    tick, binding = s.ours.arrived("ticked")
    contract_binding(binding, "cron")
    assert tick.job_id == binding.trigger_id
    on = s.peer.function("theirs::tick", "fixed")
    trigger = bind(s, "cron", on, {"expression": "* * * * * *"})
    heard = s.called(on)
    assert (heard["data"]["trigger"], heard["data"]["job_id"], heard["metadata"]) == ("cron", trigger.id, {"by": "us"})
    s.bridge.unregister_trigger(trigger)


@tried("state")
def test_state(s: Setting) -> None:
    s.peer.call("state::set", {"scope": "ours", "key": "k", "value": {"n": 1}})
    change, binding = s.ours.arrived("changed")
    assert (change.event_type, change.key, change.new_value.to_python()) == ("state:created", "k", {"n": 1})
    contract_binding(binding, "state")
    on = s.peer.function("theirs::state", "fixed")
    bind(s, "state", on, {"scope": "theirs"})
    s.bridge.call("state::set", {"scope": "theirs", "key": "k", "value": 1})
    heard = s.called(on)
    assert (heard["data"]["event_type"], heard["data"]["new_value"], heard["metadata"]) == (
        "state:created",
        1,
        {"by": "us"},
    )


@tried("stream")
def test_stream_items(s: Setting) -> None:
    s.peer.call("stream::set", {"stream_name": "ours", "group_id": "g", "item_id": "i", "data": {"n": 1}})
    event, binding = s.ours.arrived("streamed")
    assert (event.group_id, event.id, event.event.type, event.event.data.to_python()) == ("g", "i", "create", {"n": 1})
    assert binding.trigger_type == "stream"
    on = s.peer.function("theirs::stream", "fixed")
    bind(s, "stream", on, {"stream_name": "theirs"})
    s.bridge.call("stream::send", {"stream_name": "theirs", "group_id": "g", "type": "hi", "data": 2})
    assert s.called(on)["data"]["event"] == {"type": "event", "event": {"type": "hi", "data": 2}}


@tried("stream:join, stream:leave")
def test_stream_subscribers(s: Setting) -> None:
    on_join, on_leave = s.peer.function("theirs::join", "fixed"), s.peer.function("theirs::leave", "fixed")
    joins, leaves = bind(s, "stream:join", on_join, {}), bind(s, "stream:leave", on_leave, {})
    where = {"subscriptionId": "s1", "streamName": "watched", "groupId": "g"}
    with connect_socket(s.engine.stream_url, proxy=None) as socket:
        for kind, ours, theirs in (("join", "joined", on_join), ("leave", "left", on_leave)):
            socket.send(json.dumps({"type": kind, "data": where}))
            subscription, binding = s.ours.arrived(ours)
            assert (subscription.stream_name, subscription.group_id) == ("watched", "g")
            assert (subscription.subscription_id, binding.trigger_type) == ("s1", f"stream:{kind}")
            heard = s.called(theirs)
            assert (heard["data"]["stream_name"], heard["metadata"]) == ("watched", {"by": "us"})
    s.bridge.unregister_trigger(joins)
    s.bridge.unregister_trigger(leaves)


@tried("subscribe")
def test_topics(s: Setting) -> None:
    s.peer.call("publish", {"topic": "ours-gossip", "data": {"text": "psst"}})
    heard, binding = s.ours.arrived("heard")
    assert (heard.text, binding.trigger_type) == ("psst", "subscribe")
    on = s.peer.function("theirs::gossip", "fixed")
    bind(s, "subscribe", on, {"topic": "theirs-gossip"})
    s.bridge.call("publish", {"topic": "theirs-gossip", "data": {"x": 1}})
    assert s.called(on)["data"] == {"x": 1}


@tried("a trigger type of the other side")
def test_trigger_types(s: Setting) -> None:
    bound = s.peer.provide("theirs-hook")  # the contract's binding has been waiting for it
    assert bound["config"] == {"n": 1}
    assert s.peer.call(bound["function_id"], {"text": "fired"})["text"] == "fired"
    request, binding = s.ours.arrived("hooked")
    assert (request.text, binding.trigger_id) == ("fired", bound["bound"])
    contract_binding(binding, "theirs-hook")

    told: queue.Queue[TriggerBinding[Any]] = queue.Queue()

    def take(binding: TriggerBinding[Any]) -> None:
        if binding.config.get("refuse"):
            raise ValueError("no such hook")
        told.put(binding)

    gone: queue.Queue[str] = queue.Queue()
    ours = s.bridge.register_trigger_type("ours-hook", on_bind=take, on_unbind=lambda binding: gone.put(binding.id))
    on = s.peer.function("theirs::hooked", "echo")
    name = s.peer.bind("ours-hook", on, {"n": 2}, {"m": 1})
    theirs = told.get(timeout=WAIT)
    assert (theirs.function_id, theirs.config, dict(theirs.metadata)) == (on, {"n": 2}, {"m": 1})
    assert ours.fire(theirs, {"text": "fired"}, timeout=WAIT)["text"] == "fired"
    heard = s.called(on)
    assert (heard["data"]["text"], heard["metadata"]["m"]) == ("fired", 1)
    asked = {"trigger_type": "ours-hook", "function_id": on, "config": {"refuse": True}}
    assert "no such hook" in s.peer.refused("engine::register_trigger", asked)["message"]
    s.peer.tell("untrigger", name=name)
    assert gone.get(timeout=WAIT) == theirs.id


# --- the table ---------------------------------------------------------------


def table() -> tuple[list[str], list[list[str]]]:
    """The head and the rows of the table that follows the heading about peers."""
    text = (ROOT / "docs/reference/sdks.md").read_text(encoding="utf-8")
    section = text.split("\n## 10. ", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    return rows[0], rows[2:]


def test_the_table_says_what_is_tried_with_which_versions() -> None:
    head, rows = table()
    assert [row[0] for row in rows] == list(TRIED), "the rows, in the order of the tests"
    node = json.loads((ROOT / "examples/typescript/package-lock.json").read_text())["packages"]["node_modules/iii-sdk"]
    crates = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    rust = next(crate["version"] for crate in crates if crate["name"] == "iii-sdk")
    installed = {
        "PyPI": importlib.metadata.version("iii-sdk"),
        "npm": node["version"],
        "crate": rust,
    }
    named = dict(re.findall(r"(PyPI|npm|crate) `iii-sdk` ([0-9.]+)", " ".join(head)))
    assert {name: version.rstrip(".") for name, version in named.items()} == installed
    assert set(COMMANDS) == {"python", "node", "rust"}
    for row in rows:
        assert row[3:] == ["both ways"] * 3, f"{row[0]} is tried with each of them, in both directions"
