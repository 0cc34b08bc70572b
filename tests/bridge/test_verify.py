"""`verify` says what disagrees with the live catalogue, once and in time, and nothing where nobody disagrees."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from iii_bridge import Bridge, ContractMismatch, LocalProtocolError
from iii_bridge.bridge.catalogue import catalogue_of
from iii_bridge.bridge.settings import Settings
from iii_bridge.bridge.verify import verify_served
from tests.bridge.contracts import shop
from tests.bridge.support import Bench, bench, run_really

METHOD = shop.StrictService._service.methods[0]
SCHEMAS = METHOD.schemas()[METHOD.full_name]
OTHER = {  # of a worker that calls things by other names, and by other types
    "request_format": {"type": "object", "properties": {"orderId": {"type": "integer"}}, "required": ["limit"]},
    "response_format": {"type": "object", "properties": {"total": {"type": "string"}}},
}
LOOSE = {  # of one that spells values its own way, all of which a contract reads
    "request_format": {"type": "object", "additionalProperties": True},
    "response_format": {
        "type": "object",
        "properties": {
            "orderId": {"type": "string"},
            "total": {"type": "integer"},
            "gift": {"type": ["boolean", "null"]},
            "colour": {"type": "integer"},
        },
        "required": ["orderId"],
    },
}


class Strict(shop.StrictService):  # type: ignore[misc]
    async def get(self, request: Any, context: Any, /) -> Any:
        return shop.Receipt(order_id=request.order_id)


async def foreign(b: Bench, formats: Mapping[str, Any]) -> Bridge:
    worker = await b.bridge("foreign")
    worker.register_function(METHOD.function_id, lambda payload: {"orderId": "1"}, **formats)
    await worker.confirm(METHOD.function_id)
    return worker


async def call(bridge: Bridge) -> Any:
    return await shop.StrictClient(bridge).get(shop.GetRequest(order_id="1"))


def test_a_disagreement_is_an_error_before_the_first_call() -> None:
    async def main() -> None:
        async with bench() as b:
            await foreign(b, OTHER)
            caller = await b.bridge("caller", verify="error")
            for _ in range(2):
                with pytest.raises(ContractMismatch) as caught:
                    await call(caller)
            assert caught.value.findings == (
                "request: the caller sends a string, the function accepts an integer at $.orderId",
                "response: the function does not send orderId, which the caller requires at $.orderId",
            )

    run_really(main())


def test_a_disagreement_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bench() as b:
            await foreign(b, OTHER)
            caller = await b.bridge("caller", verify="warn")
            for _ in range(3):
                await call(caller)
            while not caplog.records:
                await caller.call("engine::workers::list", {})
            await call(caller)

    with caplog.at_level(logging.WARNING, "iii_bridge.verify"):
        run_really(main())
    assert [record.getMessage() for record in caplog.records] == [
        f"{METHOD.function_id}, served by worker foreign: request: the caller sends a string, "
        "the function accepts an integer at $.orderId",
        f"{METHOD.function_id}, served by worker foreign: response: the function does not send orderId, "
        "which the caller requires at $.orderId",
    ]


@pytest.mark.parametrize("formats", [LOOSE, {}, {"request_format": {"body": []}}], ids=["loose", "none", "legacy"])
def test_what_a_contract_reads_is_no_disagreement(formats: Mapping[str, Any]) -> None:
    async def main() -> None:
        async with bench() as b:
            await foreign(b, formats)
            assert (await call(await b.bridge("caller", verify="error"))).order_id == "1"

    run_really(main())


@pytest.mark.parametrize("dialect", ["2020-12", "draft-07"])
def test_the_same_contract_agrees_in_either_dialect(dialect: Any) -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("worker", verify="error"), await b.bridge("caller", verify="error")
            await worker.serve(Strict(), dialect=dialect)
            assert (await call(caller)).order_id == "1"

    run_really(main())


def test_a_function_that_comes_later_is_verified_then() -> None:
    async def main() -> None:
        async with bench() as b:
            caller = await b.bridge("caller", verify="error", timeout=0.2)
            with pytest.raises(Exception, match="function_not_found"):
                await call(caller)
            await foreign(b, OTHER)
            with pytest.raises(ContractMismatch):
                await call(caller)

    run_really(main())


def test_a_served_service_must_be_in_the_catalogue() -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("worker")
            served = await worker._worker.serve(Strict())
            catalogue = catalogue_of(worker._calls)
            await verify_served(catalogue, shop.StrictService._service, "default", raises=True)
            worker._worker.withdraw(served)
            while await catalogue.describe([METHOD.function_id]):
                pass
            with pytest.raises(ContractMismatch, match="the catalogue does not show the function"):
                await verify_served(catalogue, shop.StrictService._service, "default", raises=True)
            await foreign(b, OTHER)
            with pytest.raises(ContractMismatch, match="the catalogue shows contract none instead of sha256:"):
                await verify_served(catalogue, shop.StrictService._service, "default", raises=True)

    run_really(main())


def test_another_word_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="verify is 'yes'; write off, warn or error"):
        Settings.resolve(verify="yes")  # type: ignore[arg-type]
