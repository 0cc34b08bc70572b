"""Functions the engine invokes over HTTP: the request, the answer, and what may not be called (wire.md 9)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import uuid
from typing import Any

import pytest
from msgspec import Raw

from iii_bridge.engine.builtins import BuiltinFailure
from iii_bridge.engine.http_functions import HttpFunctions, HttpSecurity
from iii_bridge.protocol.engine_state import FunctionEntry
from iii_bridge.wire import ApiKeyAuth, BearerAuth, HmacAuth, HttpInvocation
from tests.http_endpoint import Answer, Asked, endpoint

ANYWHERE = HttpSecurity(block_private_ips=False, require_https=False)
SECRETS = {"TOKEN": "t0k", "KEY": "k3y", "SECRET": "s3c"}


def entry(url: str, **invocation: Any) -> FunctionEntry:
    return FunctionEntry("default", "x::y", None, invocation=HttpInvocation(url, **invocation))


def call(function: FunctionEntry, data: bytes = b'{"a":1.50}', security: HttpSecurity = ANYWHERE) -> Any:
    async def main() -> Any:
        functions = HttpFunctions(security, SECRETS)
        try:
            result = await functions.call(function, Raw(data))
            return None if result is None else bytes(result)
        finally:
            await functions.close()

    return asyncio.run(main())


def failure(function: FunctionEntry, **options: Any) -> tuple[str, str]:
    with pytest.raises(BuiltinFailure) as caught:
        call(function, **options)
    return caught.value.body.code, caught.value.body.message


def answers(status: int, body: bytes) -> Any:
    return endpoint(lambda asked: (status, body))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_the_payload_is_the_body_whatever_the_method(method: str) -> None:
    with answers(200, b'{"ok": 1.50}') as server:
        assert call(entry(f"{server.url}/p?q=1", method=method, headers={"X-Own": "1"})) == b'{"ok": 1.50}'
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == (method, "/p?q=1", b'{"a":1.50}')
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-iii-function-path"] == "x::y"
    assert uuid.UUID(asked.headers["x-iii-invocation-id"])
    assert asked.headers["x-iii-timestamp"].isdecimal()
    assert asked.headers["x-own"] == "1"


def test_credentials_come_from_the_engines_environment() -> None:
    with answers(200, b"1") as server:
        call(entry(server.url, auth=BearerAuth("TOKEN")))
        call(entry(server.url, auth=ApiKeyAuth("X-Key", "KEY")))
        call(entry(server.url, auth=HmacAuth("SECRET")), data=b'{"a":"\xc3\xbc"}')
    bearer, api_key, signed = (asked.headers for asked in server.asked)
    assert bearer["authorization"] == "Bearer t0k"
    assert api_key["x-key"] == "k3y"
    text = f"{signed['x-iii-timestamp']}:".encode() + base64.b64encode(server.asked[2].body)
    assert signed["x-iii-signature"] == "sha256=" + hmac.new(b"s3c", text, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("answer", "result"), [((200, b"null"), b"null"), ((204, b""), None), ((302, b""), None), ((302, b"<a>"), None)]
)
def test_success_may_be_empty_and_a_redirect_counts_as_one(answer: Answer, result: bytes | None) -> None:
    with endpoint(lambda asked: answer) as server:
        assert call(entry(server.url)) == result
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        ((404, b'{"error":{"code":"NOT_FOUND","message":"no such order"}}'), "NOT_FOUND", "no such order"),
        ((500, b'{"error":{}}'), "http_error", "HTTP request failed"),
        ((500, b"<html>"), "http_error", "HTTP 500"),
        ((429, b"[" * 100_000), "http_error", "HTTP 429"),
        ((200, b"<html>"), "invalid_response", "the answer is not JSON"),
        ((200, b'"\xff"'), "invalid_response", "the answer is not JSON"),
        (None, "http_response_failed", ""),
    ],
)
def test_failures_have_the_codes_of_the_real_engine(answer: Answer | None, code: str, message: str) -> None:
    with endpoint(lambda asked: answer) as server:
        said = failure(entry(server.url))
    assert said[0] == code
    assert message in said[1]


def test_a_slow_endpoint_is_given_up_and_a_missing_one_said() -> None:
    release = threading.Event()

    def slowly(asked: Asked) -> Answer:
        release.wait(20)
        return 200, b"1"

    with endpoint(slowly) as server:
        code, message = failure(entry(server.url, timeout_ms=50))
        release.set()
    assert (code, "no answer within 0.05 s" in message) == ("http_request_failed", True)
    assert failure(entry("http://127.0.0.1:9"))[0] == "http_request_failed"


@pytest.mark.parametrize(
    ("url", "security", "problem"),
    [
        ("nonsense", HttpSecurity(), "Invalid URL"),
        ("ftp://a.test/", HttpSecurity(), "Invalid URL"),
        ("https://[::1", HttpSecurity(), "Invalid URL"),
        ("http://a.test/", HttpSecurity(), "HTTPS is required"),
        ("https://a.test/", HttpSecurity(url_allowlist=["*.b.test"]), "URL not in allowlist"),
        ("https://no.such.host.invalid/", HttpSecurity(), "DNS lookup failed"),
        *(
            (f"https://{host}/", HttpSecurity(), "Private IP blocked")
            for host in ("127.0.0.1", "10.1.1.1", "169.254.1.1", "192.0.2.1", "0.0.0.0", "255.255.255.255")  # noqa: S104 -- refused, not bound
        ),
        *(
            (f"https://[{host}]/", HttpSecurity(), "Private IP blocked")
            for host in ("::1", "fe80::1", "fd00::1", "ff02::1", "::", "::ffff:127.0.0.1")
        ),
    ],
)
def test_what_may_not_be_called_is_neither_registered_nor_called(
    url: str, security: HttpSecurity, problem: str
) -> None:
    assert (
        asyncio.run(HttpFunctions(security, SECRETS).problem(HttpInvocation(url)))
        == f"{problem} [url_validation_failed]"
    )
    assert failure(entry(url), security=security) == ("url_validation_failed", problem)


@pytest.mark.parametrize("host", ["8.8.8.8", "[2001:4860:4860::8888]", "[::ffff:8.8.8.8]", "A.b.test"])
def test_public_addresses_may(host: str) -> None:
    security = HttpSecurity(
        url_allowlist=["8.*", "2001:*", "::ffff:*", "*.B.test"], block_private_ips="test" not in host
    )
    assert asyncio.run(HttpFunctions(security, SECRETS).problem(HttpInvocation(f"https://{host}/"))) is None


def test_a_secret_that_is_missing_and_a_method_that_is_none_are_found_at_registration() -> None:
    functions = HttpFunctions(ANYWHERE, {})
    for auth, code in (
        (BearerAuth("TOKEN"), "token_not_found"),
        (ApiKeyAuth("X", "KEY"), "api_key_not_found"),
        (HmacAuth("SECRET"), "secret_not_found"),
    ):
        problem = asyncio.run(functions.problem(HttpInvocation("http://a.test", auth=auth)))
        assert problem is not None
        assert code in problem
    assert "none of DELETE" in (asyncio.run(functions.problem(HttpInvocation("http://a.test", method="post"))) or "")


def test_a_registration_that_cannot_be_called_is_dropped_and_its_caller_told() -> None:
    from tests.bridge.support import bench, run_really

    async def main() -> None:
        with answers(200, json.dumps({"n": 1}).encode()) as server:
            async with bench(http_functions=ANYWHERE) as b:
                bridge = await b.bridge("w")
                for name, url in (("x::good", server.url), ("x::bad", "ftp://a.test")):
                    register_over_http(bridge, name, url)
                await bridge.confirm("x::good")
                assert await bridge.call("x::good", {"a": 1}) == {"n": 1}
                assert json.loads(server.asked[0].body) == {"a": 1, "_caller_worker_id": bridge.worker_id}
                with pytest.raises(Exception, match="function_not_found"):
                    await bridge.call("x::bad", {})
                info = await bridge.call("engine::functions::info", {"function_ids": ["x::good", "x::bad"]})
                assert [row.get("error") for row in info["functions"]] == [None, "not_found"]

    run_really(main())


def register_over_http(bridge: Any, function_id: str, url: str) -> None:
    from iii_bridge.wire import RegisterFunction

    bridge._session.protocol.register_function(RegisterFunction(function_id, invocation=HttpInvocation(url)))
    bridge._session.poke()
