"""The function table: owners, conflicts, shadows."""

from __future__ import annotations

from msgspec import UNSET, Raw

from iii_bridge.protocol.catalogue import Catalogue, raw_or_none
from iii_bridge.protocol.engine_state import FunctionEntry, Worker
from iii_bridge.wire.messages import RegisterFunction
from tests.protocol.engine_machine import Machine


def worker(name: str) -> Worker:
    return Worker(id=name, token="t", grace_ends=0, connected_at_ms=0, ip_address=None)


def test_one_owner_per_namespace_and_id() -> None:
    machine = Machine()
    first, second, elsewhere = machine.join(), machine.join(), machine.join("shop")
    machine.frame(first, type="registerfunction", id="a::f", description="one")
    machine.frame(first, type="registerfunction", id="a::f", description="two")
    machine.frame(elsewhere, type="registerfunction", id="a::f")
    assert machine.take(first) == machine.take(elsewhere) == []
    machine.frame(second, type="registerfunction", id="a::f")
    assert machine.only(second) == {
        "type": "registrationrejected",
        "code": "FUNCTION_NAMESPACE_CONFLICT",
        "namespace": "default",
        "function_id": "a::f",
        "owner_worker_id": first,
    }
    entry = machine.protocol.catalogue.find("default", "a::f")
    assert entry is not None
    assert entry.description == "two"


def test_engine_ids_belong_to_default() -> None:
    machine = Machine()
    worker_id = machine.join("shop")
    machine.frame(worker_id, type="registerfunction", id="engine::mine")
    assert machine.only(worker_id)["owner_worker_id"] == ""


def test_a_worker_in_default_shadows_a_builtin_until_it_goes() -> None:
    catalogue = Catalogue()
    catalogue.add_builtin(FunctionEntry("default", "engine::x", None))
    owner = worker("w")
    assert catalogue.register(owner, "default", RegisterFunction(id="engine::x")) is None
    found = catalogue.find("default", "engine::x")
    assert found is not None
    assert found.owner is owner
    assert [entry.owner for entry in catalogue] == [owner]
    catalogue.remove_owner(owner)
    found = catalogue.find("default", "engine::x")
    assert found is not None
    assert found.owner is None
    assert catalogue.find("shop", "engine::x") is None


def test_only_the_owner_unregisters() -> None:
    catalogue = Catalogue()
    owner, other = worker("a"), worker("b")
    catalogue.register(owner, "default", RegisterFunction(id="f"))
    assert not catalogue.unregister(other, "default", "f")
    assert not catalogue.unregister(owner, "shop", "f")
    assert catalogue.unregister(owner, "default", "f")
    assert list(catalogue) == []


def test_the_ids_tell_of_changes() -> None:
    catalogue = Catalogue()
    catalogue.add_builtin(FunctionEntry(namespace="default", id="b", owner=None))
    owner = worker("a")
    before = catalogue.ids()
    catalogue.register(owner, "shop", RegisterFunction(id="f"))
    registered = catalogue.ids()
    assert registered == before | {("shop", "f")}
    catalogue.register(owner, "shop", RegisterFunction(id="f", description="again"))
    assert catalogue.ids() == registered
    catalogue.remove_owner(owner)
    assert catalogue.ids() == before == {("default", "b")}


def test_absent_and_null_are_none() -> None:
    assert raw_or_none(UNSET) is None
    assert raw_or_none(Raw(b"null")) is None
    assert raw_or_none(Raw(b"0")) is not None
