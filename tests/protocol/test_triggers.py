"""The trigger registry: parking, refusal, rehoming, failover, replacement."""

from __future__ import annotations

from typing import Any

from iii_bridge.protocol.engine_effects import BindTrigger, TriggerAnswered, UnbindTrigger
from iii_bridge.protocol.engine_state import TriggerType
from iii_bridge.wire.messages import RegisterTrigger
from tests.protocol.engine_machine import Machine


def bind(machine: Machine, worker: str, trigger_id: str = "t1", kind: str = "hook", **more: Any) -> None:
    members = {"function_id": "a::f", "config": {"u": 1}, **more}
    machine.frame(worker, type="registertrigger", id=trigger_id, trigger_type=kind, **members)


def provide(machine: Machine, worker: str, kind: str = "hook", **more: Any) -> None:
    machine.frame(worker, type="registertriggertype", id=kind, description="d", **more)


def with_http(machine: Machine) -> None:
    machine.protocol.triggers.add_builtin(TriggerType("default", "http", "d", None))


def test_a_provider_gets_the_binding() -> None:
    machine = Machine()
    provider, worker = machine.join(), machine.join("shop")
    provide(machine, provider)
    bind(machine, worker, metadata={"m": 1}, namespace="shop")
    assert machine.only(provider) == {
        "type": "registertrigger",
        "id": "t1",
        "trigger_type": "hook",
        "function_id": "a::f",
        "config": {"u": 1},
        "metadata": {"m": 1},
        "namespace": "shop",
    }
    machine.frame(worker, type="unregistertrigger", id="t1")
    assert machine.only(provider) == {"type": "unregistertrigger", "id": "t1", "trigger_type": "hook"}
    assert machine.take(worker) == []


def test_without_a_provider_a_binding_is_parked_until_one_comes() -> None:
    machine = Machine()
    provider, worker = machine.join(), machine.join()
    bind(machine, worker)
    assert machine.take(worker) == []
    assert machine.protocol.triggers.bindings() == []
    provide(machine, provider)
    assert machine.only(provider)["id"] == "t1"
    assert [b.id for b in machine.protocol.triggers.bindings()] == ["t1"]


def test_the_home_namespace_is_looked_in_first_and_takes_over_later() -> None:
    machine = Machine()
    general, local, worker = machine.join(), machine.join("shop"), machine.join("shop")
    provide(machine, general)
    bind(machine, worker)
    assert machine.only(general)["id"] == "t1"
    provide(machine, local)
    assert machine.only(general)["type"] == "unregistertrigger"
    assert machine.only(local)["type"] == "registertrigger"
    machine.apply(machine.protocol.disconnect(local))
    assert machine.only(general)["type"] == "registertrigger"


def test_a_named_provider_namespace_is_the_only_one() -> None:
    machine = Machine()
    general, worker = machine.join(), machine.join("shop")
    provide(machine, general)
    bind(machine, worker, trigger_namespace="far")
    assert machine.take(general) == []
    far = machine.join("far")
    provide(machine, far)
    assert machine.only(far)["trigger_namespace"] == "far"


def test_a_refusal_parks_and_reaches_the_owner() -> None:
    machine = Machine()
    provider, worker, stranger = machine.join(), machine.join(), machine.join()
    provide(machine, provider)
    bind(machine, worker)
    answer = {"type": "triggerregistrationresult", "id": "t1", "trigger_type": "hook", "function_id": "a::f"}
    bad = {"code": "trigger_registration_failed", "message": "bad config"}
    machine.frame(stranger, **answer, error=bad)
    machine.frame(provider, **answer)
    assert machine.take(worker) == []
    assert machine.effects(TriggerAnswered) == [TriggerAnswered("t1", None)]
    machine.frame(provider, **answer, error=bad)
    assert machine.only(worker) == {**answer, "error": bad}
    assert machine.protocol.triggers.bindings() == []
    machine.take(provider)
    provide(machine, provider)
    assert machine.only(provider)["type"] == "registertrigger"
    machine.frame(provider, **answer, error={"code": "X", "message": "y"})
    assert machine.only(worker)["error"] == {"code": "trigger_registration_failed", "message": "X: y"}


def test_a_type_that_is_not_carried_is_refused_by_name() -> None:
    machine = Machine()
    worker = machine.join()
    bind(machine, worker, kind="cron")
    assert machine.only(worker)["error"] == {
        "code": "trigger_registration_failed",
        "message": "trigger type 'cron' is not carried",
    }
    provider = machine.join()
    provide(machine, provider, "cron")
    assert machine.only(provider)["id"] == "t1"
    bind(machine, worker, "t2", "cron")
    assert machine.only(provider)["id"] == "t2"
    assert machine.take(worker) == []


def test_blank_namespaces_are_refused() -> None:
    machine = Machine()
    worker = machine.join()
    for member in ("namespace", "trigger_namespace"):
        bind(machine, worker, **{member: " "})
        error = machine.only(worker)["error"]
        assert error["code"] == "INVALID_NAMESPACE"
        assert error["message"].startswith(f"`{member}` is empty")
    assert machine.protocol.triggers.find("t1") is None


def test_the_engines_own_provider() -> None:
    machine = Machine()
    with_http(machine)
    worker = machine.join("shop")
    bind(machine, worker, kind="http")
    (bound,) = machine.effects(BindTrigger)
    assert bound.binding.namespace == "default"
    machine.apply(machine.protocol.refuse_trigger("t1", "no path"))
    assert machine.only(worker)["error"]["message"] == "no path"
    bind(machine, worker, kind="http")
    machine.apply(machine.protocol.disconnect(worker))
    assert [effect.binding.id for effect in machine.effects(UnbindTrigger)] == ["t1"]
    assert machine.protocol.triggers.find("t1") is None


def test_the_same_id_replaces() -> None:
    machine = Machine()
    with_http(machine)
    provider, worker = machine.join(), machine.join()
    provide(machine, provider)
    bind(machine, worker)
    machine.take(provider)
    bind(machine, worker, kind="http")
    assert machine.only(provider)["type"] == "unregistertrigger"
    assert len(machine.effects(BindTrigger)) == 1


def test_anybody_may_unregister() -> None:
    machine = Machine()
    provider, worker, stranger = machine.join(), machine.join(), machine.join()
    provide(machine, provider)
    bind(machine, worker)
    machine.take(provider)
    machine.frame(stranger, type="unregistertrigger", id="t1", trigger_type="whatever")
    assert machine.only(provider)["type"] == "unregistertrigger"


def test_registering_a_type_again_replays_its_bindings() -> None:
    machine = Machine()
    first, second, worker = machine.join(), machine.join(), machine.join()
    provide(machine, first)
    bind(machine, worker)
    machine.take(first)
    provide(machine, second)
    assert machine.only(second)["id"] == "t1"
    assert machine.only(first)["type"] == "unregistertrigger"
    machine.frame(first, type="unregistertriggertype", id="hook")
    assert [b.id for b in machine.protocol.triggers.bindings()] == ["t1"]
    machine.frame(second, type="unregistertriggertype", id="hook")
    assert machine.protocol.triggers.bindings() == []


def test_a_provider_that_dies_is_not_written_to() -> None:
    machine = Machine()
    provider, worker = machine.join(), machine.join()
    provide(machine, provider)
    bind(machine, worker)
    machine.take(provider)
    machine.apply(machine.protocol.disconnect(provider))
    machine.frame(worker, type="unregistertrigger", id="t1")
    assert machine.take(provider) == []


def test_a_worker_that_provides_a_builtin_type_takes_it_over() -> None:
    machine = Machine()
    with_http(machine)
    worker, provider = machine.join(), machine.join()
    bind(machine, worker, kind="http")
    provide(machine, provider, "http")
    assert len(machine.effects(UnbindTrigger)) == 1
    assert machine.only(provider)["id"] == "t1"
    machine.apply(machine.protocol.disconnect(provider))
    assert len(machine.effects(BindTrigger)) == 2


def test_bindings_nobody_owns_stay() -> None:
    machine = Machine()
    provider = machine.join()
    provide(machine, provider)
    machine.apply(machine.protocol.register_trigger(RegisterTrigger("t9", "hook", "a::f")))
    assert machine.only(provider)["config"] is None
    known, effects = machine.protocol.unregister_trigger("t9")
    machine.apply(effects)
    assert known
    assert machine.only(provider)["type"] == "unregistertrigger"
    assert machine.protocol.unregister_trigger("t9") == (False, [])
