"""HTTP requests to messages and back, without an engine; tests/test_worker.py has one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec import Raw

from iii_bridge.aio.invocation import Invocation
from iii_bridge.bridge.http_adapter import HttpAdapter, check_http_binding
from iii_bridge.contract.spec import BindingSpec, HttpRule
from iii_bridge.errors import ContractError, InvocationTimeoutError, Outcome, Side, StatusError, UnsupportedError
from iii_bridge.status import StatusCode
from iii_bridge.wire import InvokeFunction
from tests.bridge.contracts import shop

PLACE = shop.OrdersClient.place.method
GET = shop.OrdersClient.get.method
STRICT = shop.StrictClient.get.method


async def echo_place(request: Any, context: Any) -> Any:
    at = request.at
    return shop.Receipt(
        order_id=request.sku, total=request.quantity, colour=request.colour, gift=request.gift, tags=request.tags, at=at
    )


async def echo_get(request: Any, context: Any) -> Any:
    return shop.Receipt(
        order_id=request.order_id,
        total=request.limit,
        colour=request.colour,
        gift=request.gift,
        tags=request.tags,
        at=request.at,
    )


def ask(spec: Any, handler: Any, /, **request: Any) -> tuple[int, Any]:
    adapter = HttpAdapter(spec, [binding for binding in spec.bindings if binding.http], handler)
    invocation_of = InvokeFunction(adapter.function_id, "i", Raw(json.dumps(request).encode()))

    async def main() -> Any:
        return await adapter.handle(Invocation("i", invocation_of))

    answer = json.loads(bytes(asyncio.run(main())))
    assert answer["headers"] == {"content-type": "application/json"}
    return answer["status_code"], answer["body"]


def post(body: Any, **request: Any) -> tuple[int, Any]:
    return ask(PLACE, echo_place, method="POST", path="/v1/orders", body=body, **request)


def put(body: Any, sku: str) -> tuple[int, Any]:
    return ask(PLACE, echo_place, method="put", path="v1/orders/:sku", body=body, path_params={"sku": sku})


def get(query: dict[str, str], order_id: str = "o") -> tuple[int, Any]:
    path = "/v1/orders/:order_id"
    return ask(GET, echo_get, method="GET", path=path, path_params={"order_id": order_id}, query_params=query)


def test_the_body_is_the_request() -> None:
    status, body = post({"sku": "a", "quantity": "9007199254740993", "tags": ["x", "y"]})
    assert status == 200
    assert body == {
        "orderId": "a",
        "total": "9007199254740993",
        "colour": "COLOUR_UNSPECIFIED",
        "gift": False,
        "tags": ["x", "y"],
    }


def test_path_parameters_are_decoded_and_added() -> None:
    assert put({"quantity": 3}, "a%20b%2Fc")[1]["orderId"] == "a b/c"
    assert put(None, "ab")[1]["orderId"] == "ab"
    assert put({}, 'quo"te')[1]["orderId"] == 'quo"te'


def test_a_member_given_twice_must_agree() -> None:
    assert put({"sku": "ab"}, "ab")[0] == 200
    status, body = put({"sku": "zz"}, "ab")
    assert (status, body["details"][0]["path"]) == (400, "$.sku")
    assert "the body and the path disagree" in body["message"]


@pytest.mark.parametrize("written", ['"\\u00e9/"', '"é\\/"', '"é/"'])
def test_escapes_make_no_difference(written: str) -> None:
    adapter = HttpAdapter(PLACE, [binding for binding in PLACE.bindings if binding.http], echo_place)
    request = '{"method":"PUT","path":"/v1/orders/:sku","path_params":{"sku":"%C3%A9%2F"},"body":{"sku":'
    frame = InvokeFunction(adapter.function_id, "i", Raw(f"{request}{written}}}}}".encode()))

    async def main() -> Any:
        return await adapter.handle(Invocation("i", frame))

    assert json.loads(bytes(asyncio.run(main())))["body"]["orderId"] == "é/"


@pytest.mark.parametrize("spelling", ["order_id", "orderId"])
def test_a_field_in_path_and_query_must_agree(spelling: str) -> None:
    assert get({spelling: "o"})[1]["orderId"] == "o"
    status, body = get({spelling: "other"})
    assert (status, body["details"][0]["path"]) == (400, f"$.{spelling}")
    assert "the query and the path disagree" in body["message"]


def test_scalars_come_from_the_query_by_either_spelling() -> None:
    status, body = get(
        {"limit": "7", "gift": "true", "colour": "COLOUR_RED", "tags": "x", "at": "2026-01-02T03:04:05Z"}
    )
    assert status == 200
    assert body == {
        "orderId": "o",
        "total": "7",
        "colour": "COLOUR_RED",
        "gift": True,
        "tags": ["x"],
        "at": "2026-01-02T03:04:05Z",
    }
    assert get({"colour": "1"})[1]["colour"] == "COLOUR_RED"


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"limit": "many"}, "$.limit"),
        ({"limit": "99999999999"}, "$.limit"),
        ({"gift": "1"}, "$.gift"),
        ({"gift": "True"}, "$.gift"),
        ({"colour": "GREEN"}, "$.colour"),
        ({"colour": "--1"}, "$.colour"),
        ({"colour": "-"}, "$.colour"),
        ({"colour": "9" * 5000}, "$.colour"),
        ({"colour": "9" * 20}, "$.colour"),
        ({"at": "yesterday"}, "$.at"),
        ({"address": "x"}, "$.address"),
        ({"address.street": "x"}, "$.address.street"),
    ],
)
def test_a_query_that_does_not_fit_names_its_place(query: dict[str, str], path: str) -> None:
    status, body = get(query)
    assert (status, body["code"]) == (400, "INVALID_ARGUMENT")
    detail = body["details"][0]
    assert (detail["function"], detail["side"], detail["path"]) == ("orders::get", "request", path)


def test_unknown_query_members_follow_the_contracts_policy() -> None:
    assert get({"utm_source": "x", "a.b": "y"})[0] == 200
    path = "/strict/:order_id"
    status, body = ask(
        STRICT, echo_get, method="GET", path=path, path_params={"order_id": "o"}, query_params={"novel": "x"}
    )
    assert (status, body["details"][0]["path"]) == (400, "$.novel")


@pytest.mark.parametrize(
    ("body", "headers", "status", "problem"),
    [
        (None, {}, 400, "missing at $.sku"),
        (None, {"content-length": "5"}, 400, "send it with content-type application/json at $"),
        (None, {"transfer-encoding": "chunked"}, 400, "send it with content-type application/json at $"),
        ([1], {}, 400, "at $"),
        ({"sku": 5}, {}, 400, "at $.sku"),
    ],
)
def test_a_bad_body_is_a_bad_request(body: Any, headers: dict[str, str], status: int, problem: str) -> None:
    code, answer = post(body, headers=headers)
    assert code == status
    assert answer["message"].endswith(problem)


def failing(error: Exception) -> Any:
    async def fail(request: Any, context: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StatusError(StatusCode.NOT_FOUND, "no such order", [{"a": 1}]), 404, "NOT_FOUND"),
        (StatusError(StatusCode.RESOURCE_EXHAUSTED, "slow down"), 429, "RESOURCE_EXHAUSTED"),
        (InvocationTimeoutError("pricing::quote", 2.0, Outcome.UNKNOWN), 504, "DEADLINE_EXCEEDED"),
        (ContractError("pricing::quote", Side.REQUEST, "$.sku", "bad"), 500, "INTERNAL"),
        (ContractError("pricing::quote", Side.RESPONSE, "$.sku", "bad"), 500, "INTERNAL"),
        (ZeroDivisionError("secret"), 500, "UNKNOWN"),
    ],
)
def test_what_the_method_raises_is_an_answer(error: Exception, status: int, code: str) -> None:
    request = {"method": "POST", "path": "/v1/orders", "body": {"sku": "a"}}
    got, body = ask(PLACE, failing(error), **request)
    assert (got, body["code"]) == (status, code)
    assert set(body) == {"code", "message", "details"}
    assert "secret" not in json.dumps(body)


def test_a_response_that_does_not_fit_is_our_fault() -> None:
    async def wrong(request: Any, context: Any) -> Any:
        return shop.Receipt(order_id="o", total="many")

    status, body = ask(PLACE, wrong, method="POST", path="/v1/orders", body={"sku": "a"})
    assert (status, body["details"][0]["side"], body["details"][0]["path"]) == (500, "response", "$.total")


def test_the_method_knows_which_binding_called() -> None:
    seen: list[Any] = []

    async def look(request: Any, context: Any) -> Any:
        seen.append(context.binding)
        return shop.Receipt(order_id="o")

    ask(PLACE, look, method="POST", path="/v1/orders", body={"sku": "a"})
    assert (seen[0].trigger_type, dict(seen[0].metadata)) == ("http", {})


@pytest.mark.parametrize("payload", [b"{}", b'{"method":"GET","path":"/other"}', b"[]", b'{"path":5}'])
def test_a_direct_call_is_refused(payload: bytes) -> None:
    adapter = HttpAdapter(GET, [binding for binding in GET.bindings if binding.http], echo_get)

    async def main() -> Any:
        return await adapter.handle(Invocation("i", InvokeFunction(adapter.function_id, "i", Raw(payload))))

    with pytest.raises(ContractError, match="answers http triggers only"):
        asyncio.run(main())


def test_the_adapter_is_internal_and_describes_itself() -> None:
    frame = HttpAdapter(GET, [], echo_get).registration()
    assert frame.id == "orders::get::http"
    assert json.loads(bytes(frame.metadata))["internal"] is True  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "template", ["/v1/orders/{order_id}", "/v1/orders/{order_id=*}", "/v1/a=b/{limit}", "/v1/{at}"]
)
def test_plain_paths_are_carried(template: str) -> None:
    fields = tuple(part.strip("{}").partition("=")[0] for part in template.split("/") if part.startswith("{"))
    rule = HttpRule("GET", template, path_fields=fields)
    check_http_binding(GET, BindingSpec(trigger_type="http", config={}, http=rule), rule)


@pytest.mark.parametrize(
    ("rule", "option"),
    [
        (HttpRule("GET", "/v1/{order_id=orders/*}", path_fields=("order_id",)), "a path pattern of GET /v1/"),
        (HttpRule("GET", "/v1/{order_id=**}", path_fields=("order_id",)), "a path pattern"),
        (HttpRule("GET", "/v1/*/orders"), "a path pattern"),
        (HttpRule("POST", "/v1/orders/{order_id}:cancel", "*", path_fields=("order_id",)), "a custom verb"),
        (HttpRule("POST", "/v1/orders", "address"), "body 'address'"),
        (HttpRule("POST", "/v1/orders", "*", "order_id"), "response_body 'order_id'"),
        (HttpRule("GET", "/v1/{address.street}", path_fields=("address.street",)), "path parameter 'address.street'"),
        (HttpRule("GET", "/v1/{address}", path_fields=("address",)), "path parameter 'address'"),
    ],
)
def test_other_forms_are_refused_by_name(rule: HttpRule, option: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        check_http_binding(GET, BindingSpec(trigger_type="http", config={}, http=rule), rule)
    assert str(caught.value).startswith(f"shop.v1.OrdersService/Get: {option}")
