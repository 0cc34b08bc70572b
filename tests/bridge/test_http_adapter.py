"""HTTP requests to messages and back, without an engine; tests/test_worker.py has one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec import Raw

from iii_bridge.aio.invocation import Invocation
from iii_bridge.bridge.http_adapter import HttpAdapter, plan_http
from iii_bridge.errors import ContractError, InvocationTimeoutError, Outcome, Side, StatusError
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
    (adapter,) = plan_http([(spec, handler)])
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
    (adapter,) = plan_http([(PLACE, echo_place)])
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
        ({"address.street.name": "x"}, "$.address.street.name"),
        ({"limit.x": "1"}, "$.limit.x"),
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
    (adapter,) = plan_http([(GET, echo_get)])

    async def main() -> Any:
        return await adapter.handle(Invocation("i", InvokeFunction(adapter.function_id, "i", Raw(payload))))

    with pytest.raises(ContractError, match="answers http triggers only"):
        asyncio.run(main())


def test_the_adapter_is_internal_and_describes_itself() -> None:
    frame = HttpAdapter(GET).registration()
    assert frame.id == "orders::get::http"
    assert json.loads(bytes(frame.metadata))["internal"] is True  # type: ignore[arg-type]


class Things(shop.ThingsService):  # type: ignore[misc]
    """Says what it was asked for."""

    async def _say(self, request: Any, context: Any, /) -> Any:
        return shop.Thing(said=json.dumps(request.to_dict(), sort_keys=True), address=request.address, tags=["t"])

    get = find = cancel = approve = move = read = part = parts = _say


def things(http_method: str, path: str, **request: Any) -> tuple[int, Any]:
    """What a request to one route of ThingsService is understood as; the route is one of an adapter's bindings."""
    service = Things()
    methods = [(method, getattr(service, method.name)) for method in shop.ThingsService._service.methods]
    (adapter,) = [
        adapter
        for adapter in plan_http(methods)
        if (http_method, path)
        in [(bound.spec.config["http_method"], bound.spec.config["api_path"]) for bound in adapter.bindings]
    ]
    frame = InvokeFunction(
        adapter.function_id, "i", Raw(json.dumps({"method": http_method, "path": path, **request}).encode())
    )

    async def main() -> Any:
        return await adapter.handle(Invocation("i", frame))

    answer = json.loads(bytes(asyncio.run(main())))
    said = answer["body"].get("said") if isinstance(answer["body"], dict) else None
    return answer["status_code"], json.loads(said) if said else answer["body"]


@pytest.mark.parametrize(
    ("http_method", "path", "request_parts", "understood"),
    [
        # A field of a message in the path, and others of it in the query.
        (
            "GET",
            "/streets/:address__street",
            {
                "path_params": {"address__street": "High%20St"},
                "query_params": {"address.zip": "7", "name": "n", "address.people": "ann"},
            },
            {"address": {"street": "High St", "zip": 7, "people": ["ann"]}, "name": "n"},
        ),
        # A pattern of several segments, literals among them.
        (
            "GET",
            "/v1/shops/:name__2/things/:name__4",
            {"path_params": {"name__2": "a%2Fb", "name__4": "c%20d"}},
            {"name": "shops/a%2Fb/things/c d"},
        ),
        # The rest of a path, however long.
        ("GET", "/files", {}, {"name": "files"}),
        (
            "GET",
            "/files/:name__2__1/:name__2__2",
            {"path_params": {"name__2__1": "a", "name__2__2": "b.txt"}},
            {"name": "files/a/b.txt"},
        ),
        # Custom verbs: two methods share one route of the engine.
        (
            "POST",
            "/things/:name",
            {"path_params": {"name": "x:cancel"}, "body": {"limit": 1}},
            {"limit": 1, "name": "x"},
        ),
        ("POST", "/things/:name", {"path_params": {"name": "x:approve"}}, {"name": "x"}),
        ("POST", "/things:find", {"body": {"limit": 2}}, {"limit": 2}),
        # One field as the body; the others come from path and query.
        (
            "PUT",
            "/things/:name/address",
            {"path_params": {"name": "x"}, "query_params": {"limit": "5"}, "body": {"street": "s", "zip": 1}},
            {"address": {"street": "s", "zip": 1}, "limit": 5, "name": "x"},
        ),
        (
            "PUT",
            "/things/:name/address",
            {"path_params": {"name": "x"}, "query_params": {"limit": "5"}},
            {"limit": 5, "name": "x"},
        ),
    ],
)
def test_transcoding(http_method: str, path: str, request_parts: dict[str, Any], understood: Any) -> None:
    assert things(http_method, path, **request_parts) == (200, understood)


@pytest.mark.parametrize(
    ("http_method", "path", "request_parts", "problem"),
    [
        (
            "GET",
            "/streets/:address__street",
            {"path_params": {"address__street": "a"}, "query_params": {"address.street": "b"}},
            "the query and the path disagree at $.address.street",
        ),
        (
            "GET",
            "/streets/:address__street",
            {"path_params": {"address__street": "a"}, "query_params": {"address": "b"}},
            "only scalar fields fit into a URL; send a body at $.address",
        ),
        (
            "GET",
            "/streets/:address__street",
            {"path_params": {"address__street": "a"}, "query_params": {"address.zip": "b"}},
            "at $.address.zip",
        ),
        (
            "GET",
            "/streets/:address__street",
            {"path_params": {"address__street": "a"}, "query_params": {"labels": "b"}},
            "only scalar fields fit into a URL; send a body at $.labels",
        ),
        (
            "PUT",
            "/things/:name/address",
            {"path_params": {"name": "x"}, "query_params": {"address.zip": "5"}, "body": {}},
            "the body holds this field; take it out of the query at $.address.zip",
        ),
        ("PUT", "/things/:name/address", {"path_params": {"name": "x"}, "body": [1]}, "at $.address"),
        (
            "PATCH",
            "/streets/:address__street",
            {"path_params": {"address__street": "a"}, "body": {"address": 5}},
            "expected an object at $.address",
        ),
        (
            "PATCH",
            "/streets/:address__street",
            {"path_params": {"address__street": "a"}, "body": {"address": {"street": "b"}}},
            "the body and the path disagree at $.address.street",
        ),
    ],
)
def test_transcoding_names_what_does_not_fit(
    http_method: str, path: str, request_parts: dict[str, Any], problem: str
) -> None:
    status, body = things(http_method, path, **request_parts)
    assert (status, body["code"]) == (400, "INVALID_ARGUMENT")
    assert body["message"].endswith(problem)


def test_a_path_goes_into_a_message_of_the_body() -> None:
    parts = {"path_params": {"address__street": "a"}, "body": {"address": {"zip": 3}, "limit": 1}}
    understood = {"address": {"street": "a", "zip": 3}, "limit": 1}
    assert things("PATCH", "/streets/:address__street", **parts) == (200, understood)
    assert things("PATCH", "/streets/:address__street", path_params={"address__street": "a"}, body={"limit": 1}) == (
        200,
        {"address": {"street": "a"}, "limit": 1},
    )


def test_a_verb_nobody_has_is_not_found() -> None:
    status, body = things("POST", "/things/:name", path_params={"name": "x:explode"})
    assert (status, body["code"]) == (404, "NOT_FOUND")
    assert things("POST", "/things/:name", path_params={"name": "x"})[0] == 404


@pytest.mark.parametrize(
    ("path", "request_parts", "body"),
    [
        ("/parts/:name/tags", {"path_params": {"name": "x"}}, ["t"]),
        (
            "/parts/:name/address",
            {"path_params": {"name": "x"}, "query_params": {"address.zip": "5"}},
            {"street": "", "zip": 5, "people": []},
        ),
        ("/parts/:name/address", {"path_params": {"name": "x"}}, None),
    ],
)
def test_one_field_of_the_response_is_the_body(path: str, request_parts: dict[str, Any], body: Any) -> None:
    assert things("GET", path, **request_parts) == (200, body)


def test_rules_that_share_a_route_keep_their_own_methods() -> None:
    service = Things()
    methods = [(method, getattr(service, method.name)) for method in shop.ThingsService._service.methods]
    adapters = plan_http(methods)
    routes = [bound.spec.config["api_path"] for adapter in adapters for bound in adapter.bindings]
    assert routes.count("/things/:name") == 1
    assert [adapter.function_id for adapter in adapters] == [
        "things::get::http",
        "things::find::http",
        "things::cancel::http",
        "things::move::http",
        "things::read::http",
        "things::part::http",
        "things::parts::http",
    ]
