"""Functions that the engine invokes over HTTP, from the contract (wire.md 9).

The engine calls the endpoint; this worker only registers it. What invokes the
function besides direct calls is bound here, like every binding, and passes the
event on to the function.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Raw, UnsetType

from iii_bridge.aio.invocation import Invocation
from iii_bridge.bridge.calls import Calls
from iii_bridge.bridge.handlers import MethodBody
from iii_bridge.contract.spec import HttpAuth, HttpEndpointSpec, MethodSpec
from iii_bridge.errors import UnsupportedError
from iii_bridge.types import Context
from iii_bridge.wire import ApiKeyAuth, BearerAuth, HmacAuth, HttpInvocation

__all__ = ["forwarding_body", "http_invocation", "refuse_invocation"]


def http_invocation(endpoint: HttpEndpointSpec) -> HttpInvocation:
    """The `invocation` of a registration. Raises UnsupportedError for a kind of credentials that is not known."""
    return HttpInvocation(
        url=endpoint.url,
        method=endpoint.method,
        timeout_ms=UNSET if endpoint.timeout is None else max(1, round(endpoint.timeout * 1000)),
        headers=dict(endpoint.headers) if endpoint.headers else UNSET,
        auth=UNSET if endpoint.auth is None else _auth(endpoint.auth),
    )


def forwarding_body(method: MethodSpec[Any, Any], calls: Calls) -> MethodBody:
    """What a binding of the method runs: a checked call of the function, which the engine takes to its endpoint."""

    async def forward(request: Any, context: Context) -> Any:
        return await calls.call_checked(method, request, timeout=None, metadata=context.metadata, namespace=None)

    return forward


async def refuse_invocation(invocation: Invocation) -> Raw | None:
    """The handler of such a function: the engine invokes the endpoint, never this worker (sdks.md 1.11)."""
    raise UnsupportedError(f"{invocation.function_id} is invoked over http by the engine, and not by this worker")


def _auth(auth: HttpAuth) -> HmacAuth | BearerAuth | ApiKeyAuth | UnsetType:
    if auth.kind == "bearer":
        return BearerAuth(auth.env)
    if auth.kind == "api_key":
        return ApiKeyAuth(auth.header, auth.env)
    if auth.kind == "hmac":
        return HmacAuth(auth.env)
    raise UnsupportedError(f"credentials of kind {auth.kind!r} are not known; use bearer, api_key or hmac")
