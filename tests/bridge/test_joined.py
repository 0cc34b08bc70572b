"""Whole bridges and a whole engine in memory, cut off from each other at any turn of the loop, under the virtual clock.

Retries, hedging, streams and channels included. Whatever happens in whatever
order: each call ends exactly once and says the truth about what ran, each new
connection begins with a legal replay, nothing follows a refusal for good, and
when everything is quiet nobody holds anything.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import Raw

from iii_bridge import Bridge, BridgeError, ConnectionState, ContractError, Outcome, Reconnect
from iii_bridge.abi.v1 import Empty
from iii_bridge.aio.memory import MemoryTransport, memory_pair
from iii_bridge.aio.memory_channels import MemoryChannel, MemoryChannels
from iii_bridge.aio.transport import OnClosed, OnMessage
from iii_bridge.bridge.settings import Settings
from iii_bridge.engine import Engine
from iii_bridge.engine.builtins import Builtin, BuiltinCall
from iii_bridge.engine.hub import Hub
from iii_bridge.protocol.builtins import CHANNELS_CREATE
from iii_bridge.protocol.channel import ChannelRef
from iii_bridge.wire import raw
from tests.bridge.contracts import shop
from tests.virtual_clock import VirtualClockLoop

CALLERS = ("steady", "refused")
"""The second may be refused for good by the engine."""
KINDS = ("place", "get", "hedged", "void", "watch", "upload", "chat")
ITEMS = 12
CAPACITY = 4
QUICK = Reconnect(initial=0.05, limit=0.4)


@dataclass
class Call:
    """One call: how it ended, how often, and what its caller saw of it."""

    kind: str
    ends: list[BridgeError | None] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    attempts: Counter[int] = field(default_factory=Counter)
    """How often each attempt ran."""


class Served(shop.OrdersService, shop.WatchService):  # type: ignore[misc]
    """Both services in one class, each served for itself; notes what runs. Amounts are tenths of a second to take."""

    def __init__(self, calls: dict[str, Call]) -> None:
        self._calls = calls

    async def _ran(self, name: str, context: Any, tenths: int) -> None:
        self._calls[name].attempts[context.attempt] += 1
        await asyncio.sleep(tenths / 10)

    async def place(self, request: Any, context: Any, /) -> Any:
        await self._ran(request.sku, context, request.quantity)
        return shop.Receipt(order_id=request.sku)

    async def get(self, request: Any, context: Any, /) -> Any:
        await self._ran(request.order_id, context, request.limit if context.attempt == 1 else 0)
        return shop.Receipt(order_id=request.order_id)

    async def note(self, request: Any, context: Any, /) -> Any:
        await self._ran(request.sku, context, 0)
        return Empty()

    async def raw(self, request: Any, context: Any, /) -> Any:
        raise AssertionError("nobody asks")

    async def watch(self, request: Any, context: Any, /) -> AsyncIterator[Any]:
        await self._ran(request.order_id, context, 0)
        for number in range(ITEMS):
            await asyncio.sleep(request.limit / 100)
            yield shop.Receipt(order_id=request.order_id, total=number)

    async def upload(self, requests: AsyncIterator[Any], context: Any, /) -> Any:
        total = 0
        async for request in requests:
            total += request.quantity
        return shop.Receipt(total=total)

    async def chat(self, requests: AsyncIterator[Any], context: Any, /) -> AsyncIterator[Any]:
        async for request in requests:
            yield shop.Receipt(total=request.quantity)


class Orders(Served):
    _service = shop.OrdersService._service


class Watch(Served):
    _service = shop.WatchService._service


class Wire:
    """One connection of a bridge, and what was written to it; a `PushTransport`."""

    def __init__(self, near: MemoryTransport, far: MemoryTransport, replay: list[str]) -> None:
        self.near = near
        self.far = far
        self.replay = replay
        """The ids that have to come first."""
        self.frames: list[dict[str, Any]] = []
        self.cut_after: int | None = None
        """Messages, in either direction, after which it breaks."""

    def start(self, on_message: OnMessage, on_closed: OnClosed) -> None:
        def take(text: str) -> None:
            on_message(text)
            self._count()

        self.near.start(take, on_closed)

    def _count(self) -> None:
        if self.cut_after is not None:
            self.cut_after -= 1
            if self.cut_after == 0:
                self.near.break_connection()

    @property
    def congested(self) -> bool:
        return self.near.congested

    def write(self, messages: Sequence[bytes]) -> None:
        if self.near.closed:
            self.near.write(messages)  # raises
        for message in messages:
            if not self.near.closed:  # else how many got out, only the end of the connection tells
                self.near.write([message])
                self.frames.append(json.loads(message))
                self._count()

    async def drain(self) -> None:
        await self.near.drain()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self.near.close(code, reason)


class Joined(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.log = logging.getLogger("iii_bridge")
        self.level = self.log.level
        self.log.setLevel(logging.CRITICAL)
        self.loop = VirtualClockLoop()
        asyncio.set_event_loop(self.loop)
        self.calls: dict[str, Call] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.wires: dict[str, list[Wire]] = {}
        self.bridges: dict[str, Bridge] = {}
        self.served: set[asyncio.Task[None]] = set()
        self.after_refusal: int | None = None

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    # --- the world -------------------------------------------------------------

    def new_engine(self) -> None:
        self.hub: Hub = Engine().hub
        self.hub.add_builtins([Builtin(CHANNELS_CREATE, self.create_channel, "channels in memory")])

    def create_channel(self, call: BuiltinCall) -> Raw:
        key, known = str(uuid.uuid4()), self.channels.channels
        known[key] = MemoryChannel(CAPACITY, lambda: known.pop(key, None))
        return raw({"writer": ChannelRef(key, key, "write"), "reader": ChannelRef(key, key, "read")})

    def bridge(self, name: str) -> Bridge:
        async def dial() -> Wire:
            near, far = memory_pair()
            task = self.loop.create_task(self.hub.serve(far))
            self.served.add(task)
            task.add_done_callback(self.served.discard)
            desired = made._session.protocol.desired
            wire = Wire(near, far, [frame.id for frame in desired.replay()])
            self.wires.setdefault(name, []).append(wire)
            return wire

        options = {"worker_name": name, "environment": {}, "reconnect": QUICK, "timeout": 8.0}
        made = Bridge(Settings.resolve("ws://memory", **options), dial, self.channels.open)
        self.bridges[name] = made
        return made

    @initialize()
    def begin(self) -> None:
        async def set_up() -> None:
            self.channels = MemoryChannels()
            self.new_engine()
            for name in ("worker", *CALLERS):
                await self.bridge(name).open()
            await self.bridges["worker"].serve(Orders(self.calls))
            await self.bridges["worker"].serve(Watch(self.calls))

        self.run(set_up())

    # --- what callers do ---------------------------------------------------------

    @rule(caller=st.sampled_from(CALLERS), kind=st.sampled_from(KINDS), tenths=st.integers(0, 30))
    def call(self, caller: str, kind: str, tenths: int) -> None:
        name = f"{kind}-{len(self.calls)}"
        self.calls[name] = Call(kind)
        self.tasks.append(self.loop.create_task(self.make(self.bridges[caller], name, tenths), name=name))

    async def make(self, bridge: Bridge, name: str, tenths: int) -> None:
        call = self.calls[name]
        try:
            await getattr(self, f"make_{call.kind}")(bridge, name, tenths, call)
        except BridgeError as error:
            call.ends.append(error)
        else:
            call.ends.append(None)

    async def make_place(self, bridge: Bridge, name: str, tenths: int, call: Call) -> None:
        answer = await shop.OrdersClient(bridge).place(shop.PlaceRequest(sku=name, quantity=tenths), timeout=2)
        assert answer.order_id == name

    async def make_get(self, bridge: Any, name: str, tenths: int, call: Call) -> None:
        answer = await shop.OrdersClient(bridge).get(shop.GetRequest(order_id=name, limit=tenths), timeout=6)
        assert answer.order_id == name

    async def make_hedged(self, bridge: Bridge, name: str, tenths: int, call: Call) -> None:
        await self.make_get(bridge.hedged(after=0.3, copies=2), name, tenths, call)

    async def make_void(self, bridge: Bridge, name: str, tenths: int, call: Call) -> None:
        await shop.OrdersClient(bridge).note.void(shop.PlaceRequest(sku=name))

    async def make_watch(self, bridge: Bridge, name: str, tenths: int, call: Call) -> None:
        async for answer in shop.WatchClient(bridge).watch(shop.GetRequest(order_id=name, limit=tenths), timeout=10):
            call.seen.append(answer.total)

    async def make_upload(self, bridge: Bridge, name: str, tenths: int, call: Call) -> None:
        answer = await shop.WatchClient(bridge).upload(_requests(tenths), timeout=10)
        assert answer.total == sum(range(ITEMS)), "an answer to less than was given"

    async def make_chat(self, bridge: Bridge, name: str, tenths: int, call: Call) -> None:
        async for answer in shop.WatchClient(bridge).chat(_requests(tenths), timeout=10):
            call.seen.append(answer.total)

    # --- what happens to them ----------------------------------------------------

    @rule(turns=st.integers(1, 12))
    def turn(self, turns: int) -> None:
        """So that the next thing happens between any two steps of the loop."""

        async def turn() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.run(turn())

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.5, 2.0]))
    def wait(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule(name=st.sampled_from(["worker", *CALLERS]), politely=st.booleans())
    def cut(self, name: str, politely: bool) -> None:
        async def cut() -> None:
            near = self.wires[name][-1].near
            if politely:
                await self.wires[name][-1].far.close(1012, "restart")
            else:
                near.break_connection()

        self.run(cut())

    @rule(index=st.integers(0, 20))
    def break_a_channel(self, index: int) -> None:
        async def break_off() -> None:
            open_channels = list(self.channels.channels.values())
            if open_channels:
                open_channels[index % len(open_channels)].break_off()

        self.run(break_off())

    @rule()
    def restart_the_engine(self) -> None:
        async def restart() -> None:
            old = self.hub
            self.new_engine()
            await old.close(1012, "engine shutdown")

        self.run(restart())

    @rule()
    def refuse_for_good(self) -> None:
        async def refuse() -> None:
            frame = {"type": "registrationrejected", "code": "WORKER_NAMESPACE_CONFLICT", "namespace": "default"}
            words = {**frame, "worker_name": "refused", "owner_worker_id": "o"}
            far = self.wires["refused"][-1].far
            if not far.closed:
                await far.send(json.dumps(words).encode())

        self.run(refuse())

    # --- what must hold ------------------------------------------------------------

    @invariant()
    def no_call_ends_twice(self) -> None:
        assert all(len(call.ends) <= 1 for call in self.calls.values())

    @invariant()
    def each_connection_begins_with_a_legal_replay(self) -> None:
        for wires in self.wires.values():
            for wire in wires:
                frames = [frame for frame in wire.frames if frame["type"] != "reattach"]
                assert wire.frames[len(wire.frames) - len(frames) :] == frames, "reattach comes first (wire.md 2.7)"
                if frames:
                    assert frames[0]["function_id"] == "engine::workers::register"
                written = [frame.get("id") for frame in frames[1 : 1 + len(wire.replay)]]
                assert written == wire.replay[: len(written)], "then all that is registered, before anything else"

    @invariant()
    def nothing_follows_a_refusal_for_good(self) -> None:
        bridge = self.bridges.get("refused")
        if bridge is None or bridge.state is not ConnectionState.FAILED:
            return
        written = sum(len(wire.frames) for wire in self.wires["refused"])
        if self.after_refusal is None:
            self.after_refusal = written
        assert written == self.after_refusal
        assert bridge._session.protocol.pending_calls == 0

    @invariant()
    def memory_is_bounded(self) -> None:
        under_way = sum(not task.done() for task in self.tasks)
        for bridge in self.bridges.values():
            protocol = bridge._session.protocol
            assert protocol.pending_calls <= 5 * under_way + 3, "copies of a hedged call, channels, the bridge's own"
            assert protocol._outbox.waiting_calls <= protocol.pending_calls
            assert len(protocol._ghosts) <= 16

    def teardown(self) -> None:
        """Nothing is cut any more and time passes: everything has ended, truly, and nobody holds anything."""
        try:
            self.run(asyncio.wait_for(self.settle(), 300))
            for name, call in self.calls.items():
                self.check(name, call)
        finally:
            self.run(self.close())
            assert asyncio.all_tasks(self.loop) == set()
            asyncio.set_event_loop(None)
            self.loop.close()
            self.log.setLevel(self.level)

    async def settle(self) -> None:
        await asyncio.gather(*self.tasks)
        await asyncio.sleep(60)  # what was left to itself runs into its deadline, or is noticed by a keep-alive
        for bridge in self.bridges.values():
            protocol = bridge._session.protocol
            assert (protocol.pending_calls, protocol._outbox.waiting_calls, protocol.serving) == (0, 0, 0)
            assert (len(bridge._session._waiters), bridge._dispatcher.running) == (0, 0)
            assert (len(bridge._streams.lingering), len(bridge._streams.open_calls)) == (0, 0)
        for channel in self.channels.channels.values():  # an end nobody ever opened is for the engine to sweep away
            assert set(channel._sinks) <= channel._closed
        for worker in self.hub.protocol.workers():
            assert not worker.executing
            assert not worker.issued

    def check(self, name: str, call: Call) -> None:
        (error,) = call.ends
        assert not isinstance(error, ContractError), error
        assert all(count == 1 for count in call.attempts.values()), f"{name}: one attempt ran twice"
        if call.kind in ("place", "void", "watch"):
            assert sum(call.attempts.values()) <= 1, f"{name} ran twice"
        if error is not None and getattr(error, "outcome", None) in (Outcome.NOT_SENT, Outcome.NOT_RUN):
            assert not call.attempts, f"{name} ran although its caller was told that it did not"
        if error is None and call.kind in ("place", "get", "hedged"):
            assert call.attempts, f"{name} was answered although it did not run"
        assert call.seen == list(range(len(call.seen)))
        if error is None and call.kind in ("watch", "chat"):
            assert len(call.seen) == ITEMS, f"{name} ended as if it were whole"

    async def close(self) -> None:
        for bridge in self.bridges.values():
            await bridge.close()
        await self.hub.close(1012, "engine shutdown")
        while self.served:
            await asyncio.wait(self.served)


async def _requests(tenths: int) -> AsyncIterator[Any]:
    for number in range(ITEMS):
        await asyncio.sleep(tenths / 100)
        yield shop.PlaceRequest(sku="s", quantity=number)


TestJoined = Joined.TestCase
TestJoined.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("name", ["worker", "steady"])
def test_a_cut_after_every_single_message(name: str) -> None:
    """One call of each kind, as often as there are messages; the cut comes after another one each time."""
    for count in range(1, 1000):
        world = Joined()
        try:
            world.begin()
            wire = world.wires[name][-1]
            wire.cut_after = count
            for kind in KINDS:
                world.call("steady", kind, 1)
            world.wait(20.0)
        finally:
            world.teardown()
        if wire.cut_after > 0:
            break
    assert 20 < count < 999, "there were that many messages"
