"""Calling bound functions in the background: at once, in turn, and not without bound."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.firing import Firing, Target, Targets, passes, read_config
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.errors import InvocationError
from iii_bridge.protocol.engine_state import Binding
from iii_bridge.wire.codec import NULL, raw
from tests.engine.support import asynchronous, until


class Bench:
    def __init__(self) -> None:
        self.hub = Hub()
        self.gate = asyncio.Event()
        self.began: list[str] = []
        self.hub.add_builtins([Builtin(name, self._run, "") for name in ("a", "b", "c")])
        self.hub.add_builtins([Builtin("yes", lambda _call: None, ""), Builtin("no", lambda _call: Raw(b"false"), "")])
        self.hub.add_builtins([Builtin("broken", self._break, "")])

    async def _run(self, call: BuiltinCall) -> Raw | None:
        self.began.append(call.function_id)
        await self.gate.wait()
        return None

    def _break(self, _call: BuiltinCall) -> None:
        raise BuiltinFailure("x", "m")


def target(function_id: str, condition: str | None = None) -> Target:
    return Target(Binding(f"t-{function_id}", "k", function_id, NULL), condition)


def test_targets_by_what_they_ask_for() -> None:
    targets: Targets[str] = Targets()
    for name in ("a", "b"):
        targets.add("x", target(name))
    targets.add("y", target("c"))
    assert [t.binding.function_id for t in targets.at("y", "x", "z")] == ["c", "a", "b"]
    assert targets.remove("t-a") == "x"
    assert targets.remove("t-a") is None
    assert [t.binding.function_id for t in targets.at("x")] == ["b"]


def test_a_config_of_null_is_an_empty_one() -> None:
    assert read_config(Binding("t", "k", "f", NULL), dict[str, int]) == {}
    with pytest.raises(TriggerRefused, match="Failed to parse trigger config"):
        read_config(Binding("t", "k", "f", raw([1])), dict[str, int])


@asynchronous
async def test_only_false_stops() -> None:
    it = Bench()
    assert await passes(it.hub, target("a"), NULL)
    assert await passes(it.hub, target("a", "yes"), NULL)
    assert not await passes(it.hub, target("a", "no"), NULL)
    with pytest.raises(InvocationError, match="m"):
        await passes(it.hub, target("a", "broken"), NULL)


@asynchronous
async def test_at_once_and_in_turn(caplog: pytest.LogCaptureFixture) -> None:
    it = Bench()
    firing = Firing(it.hub, "things")
    targets = [target("a"), target("b", "yes"), target("c", "no"), target("broken"), target("missing")]
    firing.each(targets, NULL)
    await until(lambda: len(it.began) == 2)
    it.gate.set()
    await until(lambda: len(caplog.messages) == 2)
    assert sorted(caplog.messages) == ["things: broken failed: x", "things: missing failed: function_not_found"]
    it.began.clear()
    it.gate.clear()
    firing.in_turn([target("broken"), target("a"), target("b")], NULL)
    await until(lambda: it.began == ["a"])
    await it.hub.call("yes", NULL)
    assert it.began == ["a"]
    it.gate.set()
    await until(lambda: it.began == ["a", "b"])
    firing.in_turn([], NULL)
    await it.hub.close(1012, "")


@asynchronous
async def test_handlers_that_never_answer_do_not_pile_up(caplog: pytest.LogCaptureFixture) -> None:
    it = Bench()
    firing = Firing(it.hub, "things", limit=3)
    for _ in range(5):
        firing.each([target("a"), target("b", "yes")], NULL)
    await until(lambda: len(it.began) == 3)
    assert len([m for m in caplog.messages if "3 events wait for answers; one for" in m]) == 7
    it.gate.set()
    await until(lambda: not firing._tasks)
    firing.each([target("c")], NULL)
    await until(lambda: it.began[-1] == "c")
    firing.close()
    await it.hub.close(1012, "")
