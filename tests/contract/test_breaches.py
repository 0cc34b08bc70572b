"""Requests and responses that break the contract, in each language, and who finds them."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from demo.processes import Command, python_worker
from demo.team import rust_worker, typescript_worker
from example_contracts.examples.inventory.v1 import InventoryClient, Reservation, ReserveRequest
from example_contracts.examples.pricing.v1 import PricingClient, Quotation, QuoteRequest
from example_contracts.examples.types.v1 import Everything, RelayRequest
from iii_bridge import ContractError, Side, StatusCode, StatusError
from tests.contract.bus import Bus, bus_with
from tests.contract.directions import LANGUAGES, client

FOREIGN = ("typescript", "rust")
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "wrong-type": ({"flag": "yes"}, "$.flag"),
    "out-of-range": ({"signed": str(2**63)}, "$.signed"),
    "unsigned-below-zero": ({"unsigned": "-1"}, "$.unsigned"),
    "unknown-enum": ({"palette": ["COLOR_RED", "COLOR_MAUVE"]}, "$.palette[1]"),
    "two-members-of-a-oneof": ({"label": "a", "number": "1"}, "$.number"),
    "bad-base64": ({"data": "*"}, "$.data"),
    "bad-time": ({"at": "yesterday"}, "$.at"),
    "bad-map-value": ({"counts": {"a": "many"}}, '$.counts["a"]'),
}


@pytest.mark.parametrize(("payload", "path"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("caller", FOREIGN)
def test_a_foreign_caller_learns_that_its_request_is_wrong(
    bus: Bus, caller: str, payload: dict[str, Any], path: str
) -> None:
    request = {"functionId": "python-types::echo", "payload": payload}
    error = bus.run(bus.bridge.call(f"{caller}-types::forward", request))["error"]
    assert error["code"] == "contract_violation"
    for part in ("python-types::echo", "request", path):
        assert part in error["message"]


@pytest.mark.parametrize("caller", FOREIGN)
def test_a_foreign_caller_learns_that_a_required_member_is_missing(bus: Bus, caller: str) -> None:
    request = {"functionId": "python-types::relay", "payload": {"function": "python-types::echo", "value": {}}}
    error = bus.run(bus.bridge.call(f"{caller}-types::forward", request))["error"]
    assert error["code"] == "contract_violation"
    assert "$.functionId" in error["message"]


@pytest.mark.parametrize(("payload", "path"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("language", FOREIGN)
def test_a_foreign_worker_refuses_a_wrong_request(bus: Bus, language: str, payload: dict[str, Any], path: str) -> None:
    """Their readers name the member; two members of one oneof are nobody's in particular."""
    with pytest.raises(ContractError) as caught:
        bus.run(bus.bridge.call(f"{language}-types::echo", payload))
    error = caught.value
    assert (error.function_id, error.side) == (f"{language}-types::echo", Side.REQUEST)
    assert error.status is StatusCode.INVALID_ARGUMENT
    member = re.match(r"\$\.\w+", path)
    assert member is not None
    assert error.path.startswith(member[0]) or (error.path == "$" and "label" in payload)
    assert not any(value in str(error) for value in ("yes", "COLOR_MAUVE", "many", str(2**63))), "no payload in errors"


@pytest.mark.parametrize("language", FOREIGN)
def test_a_foreign_worker_demands_what_is_required(bus: Bus, language: str) -> None:
    with pytest.raises(ContractError) as caught:
        bus.run(bus.bridge.call(f"{language}-types::relay", {"function": "python-types::echo", "value": {}}))
    assert caught.value.path == "$.functionId"


@pytest.mark.parametrize("caller", FOREIGN)
def test_a_foreign_caller_refuses_a_wrong_response_and_passes_on_a_violation(caller: str) -> None:
    """What the relay finds wrong in an answer, or is told is wrong with its request, is told to whoever called it."""
    function_id = "python-types::echo"
    workers = {"typescript": typescript_worker, "rust": rust_worker}
    refusal = ContractError(function_id, Side.REQUEST, "$.orderId", "the required member is missing")

    async def relay_to_a_wrong_worker(bus: Bus) -> list[BaseException | Everything]:
        @bus.bridge.function(function_id)
        async def answer(payload: dict[str, Any]) -> dict[str, Any]:
            if payload["flag"]:
                raise refusal
            return {"palette": ["COLOR_RED", "COLOR_MAUVE"]}

        relay = client(bus, caller).relay
        requests = (RelayRequest(function_id=function_id, value=Everything(flag=flag)) for flag in (False, True))
        return await asyncio.gather(*(relay(request) for request in requests), return_exceptions=True)

    with bus_with(workers[caller]()) as bus:
        wrong, refused = bus.run(relay_to_a_wrong_worker(bus))
    assert isinstance(wrong, ContractError)
    assert (wrong.function_id, wrong.side, wrong.path) == (function_id, Side.RESPONSE, "$.palette[1]")
    assert isinstance(refused, ContractError)
    assert (refused.function_id, refused.side, refused.path) == (function_id, Side.REQUEST, "$.orderId")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_typed_caller_does_not_send_a_wrong_request(bus: Bus, language: str) -> None:
    with pytest.raises(ContractError) as caught:
        bus.run(client(bus, language).echo(Everything(counts={"a": 2**63})))
    error = caught.value
    assert (error.function_id, error.side) == (f"{language}-types::echo", Side.REQUEST)
    assert error.path == '$.counts["a"]'


def test_each_language_chooses_its_status(bus: Bus) -> None:
    with pytest.raises(StatusError) as unpriced:
        bus.run(PricingClient(bus.bridge).quote(QuoteRequest(order_id="s-1", sku="no-such", quantity=1)))
    with pytest.raises(StatusError) as above_limit:
        bus.run(InventoryClient(bus.bridge).reserve(ReserveRequest(order_id="s-1", sku="bolt-000", quantity=10**6)))
    assert (unpriced.value.status, above_limit.value.status) == (StatusCode.NOT_FOUND, StatusCode.FAILED_PRECONDITION)
    assert "at <anonymous>" not in str(unpriced.value), "stacks stay inside"


MODES = ("renamed-field", "wrong-type", "out-of-range", "unknown-enum")
QUOTATION = dict(zip(MODES, ("$.totalCents", "$.totalCents", "$.totalCents", "$.tier"), strict=True))
RESERVATION = dict(zip(MODES, ("$.parcels", "$.quantity", "$.parcels", "$.warehouse"), strict=True))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("language", ["typescript", "python"])
def test_a_wrong_quotation_is_found_by_the_caller(language: str, mode: str) -> None:
    workers = {
        "typescript": lambda: typescript_worker("--misbehave", mode),
        "python": lambda: python_worker("the untyped worker", "untyped-pricing", "--misbehave", mode),
    }

    async def call(bus: Bus) -> Quotation:
        return await PricingClient(bus.bridge).quote(QuoteRequest(order_id="b-1", sku="bolt-000", quantity=3))

    assert_found(workers[language](), call, "pricing::quote", QUOTATION[mode])


@pytest.mark.parametrize("mode", MODES)
def test_a_wrong_reservation_is_found_by_the_caller(mode: str) -> None:
    async def call(bus: Bus) -> Reservation:
        return await InventoryClient(bus.bridge).reserve(ReserveRequest(order_id="b-1", sku="bolt-000", quantity=3))

    assert_found(rust_worker("--misbehave", mode), call, "inventory::reserve", RESERVATION[mode])


def assert_found(worker: Command, call: Any, function_id: str, path: str) -> None:
    with bus_with(worker) as bus, pytest.raises(ContractError) as caught:
        bus.run(call(bus))
    error = caught.value
    assert (error.function_id, error.side, error.path) == (function_id, Side.RESPONSE, path)
