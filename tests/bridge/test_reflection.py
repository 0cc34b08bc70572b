"""A served service answers with its contract, from which everything about it can be made again."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from iii_bridge.contract.reflection import contract_function_id, descriptor_set, service_of_function_id
from iii_bridge.dynamic import contracts_of_descriptors
from tests.bridge.contracts import shop
from tests.bridge.support import bench, run_really

SERVICE = "shop.v1.StrictService"
FUNCTION = f"iii-bridge::contract::{SERVICE}"


class Strict(shop.StrictService):  # type: ignore[misc]
    async def get(self, request: Any, context: Any, /) -> Any:
        return shop.Receipt(order_id=request.order_id)


def test_ids() -> None:
    assert contract_function_id(SERVICE) == FUNCTION
    assert service_of_function_id(FUNCTION) == SERVICE
    assert service_of_function_id("orders::place") is None


def test_a_set_is_read_to_the_same_contract() -> None:
    found = contracts_of_descriptors(descriptor_set(SERVICE)).services[SERVICE]
    ours = shop.StrictService._service
    assert found.digest == ours.digest
    assert [method.schemas()[method.full_name] for method in found.methods] == [
        method.schemas()[method.full_name] for method in ours.methods
    ]


def test_an_unknown_service() -> None:
    with pytest.raises(KeyError, match=r"shop\.v1\.Nobody is not known; import the module"):
        descriptor_set("shop.v1.Nobody")


def test_served_services_answer_and_are_not_listed() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")
            await worker.serve(Strict())
            await worker.confirm(FUNCTION)
            answer = await caller.call(FUNCTION, {})
            assert (answer["service"], answer["digest"]) == (SERVICE, shop.StrictService._service.digest)
            contracts = contracts_of_descriptors(base64.b64decode(answer["descriptors"]))
            assert contracts.services[SERVICE].digest == answer["digest"]
            listed = await caller.call("engine::functions::list", {})
            assert FUNCTION not in [row["function_id"] for row in listed["functions"]]
            (row,) = (await caller.call("engine::functions::info", {"function_ids": [FUNCTION]}))["functions"]
            assert row["metadata"]["iii-bridge"] == {"service": SERVICE, "digest": answer["digest"]}

    run_really(main())


def test_it_can_be_left_out() -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("worker")
            await worker.serve(Strict(), reflection=False)
            rows = await worker.call("engine::functions::info", {"function_ids": [FUNCTION]})
            assert rows["functions"][0]["error"] == "not_found"

    run_really(main())


def test_a_service_is_served_where_its_contract_function_is_somebody_elses() -> None:
    async def main() -> None:
        async with bench() as b:
            first, worker = await b.bridge("first"), await b.bridge("worker")
            first.register_function(FUNCTION, lambda payload: "mine")
            await first.confirm(FUNCTION)
            await worker.serve(Strict())
            assert await worker.call(FUNCTION, {}) == "mine"

    run_really(main())
