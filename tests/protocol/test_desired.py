"""What is replayed."""

from __future__ import annotations

from iii_bridge.protocol.desired import DesiredState
from iii_bridge.wire import NULL, RegisterFunction, RegisterTrigger, RegisterTriggerType


def test_replay_gives_types_then_functions_then_triggers_each_in_order() -> None:
    desired = DesiredState()
    trigger = RegisterTrigger("t", "http", "b", NULL)
    kind = RegisterTriggerType("k", "")
    second, first = RegisterFunction("b"), RegisterFunction("a")
    desired.triggers["t"] = trigger
    desired.functions["b"] = second
    desired.functions["a"] = first
    desired.trigger_types["k"] = kind
    assert list(desired.replay()) == [kind, second, first, trigger]
