"""Contracts without generated code say the same as the stubs generated from them, and call the same functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from iii_bridge import ContractError
from iii_bridge.dynamic import Contracts, ContractsError, contracts_of_descriptors, contracts_of_protos
from tests.bridge.contracts import peers, profiles, shop
from tests.bridge.support import bench, run_really

PROTO = Path(__file__).parent / "bridge" / "proto"


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return contracts_of_protos(PROTO)


def facts(method: Any) -> dict[str, Any]:
    """What a spec says, apart from its classes."""
    names = [name for name in method.__slots__ if name not in ("request", "response", "schemas")]
    return {name: getattr(method, name) for name in names}


def test_specs_equal_those_of_generated_code(contracts: Contracts) -> None:
    generated = {
        base._service.full_name: base._service
        for base in (getattr(module, name) for module in (peers, shop, profiles) for name in dir(module))
        if hasattr(base, "_service") and base.__name__.endswith("Service")
    }
    assert set(contracts.services) == set(generated)
    for name, service in generated.items():
        dynamic = contracts.services[name]
        assert (dynamic.digest, dynamic.namespace) == (service.digest, service.namespace)
        for ours, theirs in zip(dynamic.methods, service.methods, strict=True):
            assert facts(ours) == facts(theirs)
            assert ours.schemas()[ours.full_name] == theirs.schemas()[theirs.full_name]
            assert ours.request.DESCRIPTOR.full_name.endswith(theirs.request.__name__)


def test_a_descriptor_set_says_the_same(contracts: Contracts) -> None:
    again = contracts_of_descriptors(contracts.descriptors)
    for ours, theirs in zip(again.methods(), contracts.methods(), strict=True):
        assert facts(ours) | {"description": ""} == facts(theirs) | {"description": ""}  # comments are not carried
    assert all(not file.HasField("source_code_info") for file in FileDescriptorSet.FromString(again.descriptors).file)


def test_calls_need_no_stub(contracts: Contracts) -> None:
    class Orders(shop.StrictService):  # type: ignore[misc]
        async def get(self, request: Any, context: Any, /) -> Any:
            return shop.Receipt(order_id=request.order_id, total=request.limit * 2**40)

    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            await worker.serve(Orders())
            (get,) = contracts.services["shop.v1.StrictService"].methods
            receipt = await caller.call_method(get, get.request(order_id="o", limit=3))
            assert isinstance(receipt, get.response)
            assert (receipt.order_id, receipt.total) == ("o", 3 * 2**40)
            wrong = contracts.message_class("shop.v1.PlaceRequest")()
            with pytest.raises(ContractError, match="expected GetRequest, found PlaceRequest"):
                await caller.call_method(get, wrong)

    run_really(main())


def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ContractsError, match="no such directory"):
        contracts_of_protos(tmp_path / "missing")
    folder = tmp_path / "proto" / "a" / "v1"
    folder.mkdir(parents=True)
    broken = folder / "a.proto"
    broken.write_text('syntax = "proto3";\npackage a.v1;\nmessage M { Nothing n = 1; }\n')
    with pytest.raises(ContractsError, match=r"a\.proto:3.*Nothing"):
        contracts_of_protos(tmp_path / "proto")
    broken.write_text(
        'syntax = "proto3";\npackage a.v1;\nimport "google/protobuf/wrappers.proto";\nmessage M {}\n'
        "service S {\n  rpc Get(google.protobuf.StringValue) returns (M);\n}\n"
    )
    with pytest.raises(ContractsError, match=r"a/v1/a\.proto:6:\d+: error III204"):
        contracts_of_protos(tmp_path / "proto")
    with pytest.raises(ContractsError, match="no descriptor set"):
        contracts_of_descriptors(b"\xff\xff")


def test_two_contracts_of_one_name_do_not_meet(contracts: Contracts) -> None:
    again = contracts_of_protos(PROTO)
    assert again.message_class("shop.v1.Receipt") is not contracts.message_class("shop.v1.Receipt")
    with pytest.raises(KeyError):
        contracts.message_class("shop.v1.Nothing")
