"""What stands behind the http routes of a service that another worker implements: calls to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from iii_bridge.bridge.handlers import MethodBody
from iii_bridge.contract.caller import Caller
from iii_bridge.contract.spec import MethodSpec
from iii_bridge.errors import FunctionNotFoundError, StatusError
from iii_bridge.status import StatusCode
from iii_bridge.types import Context

__all__ = ["forwarding"]


def forwarding(caller: Caller, namespace: str | None) -> Callable[[MethodSpec[Any, Any]], MethodBody]:
    """Makes bodies that call a method by its contract, with the request's metadata; deadline and trace are ambient.

    The contract knows the function, so that nobody serves it at the moment is
    UNAVAILABLE, not a method that does not exist.
    """

    def body(method: MethodSpec[Any, Any]) -> MethodBody:
        async def forward(request: Any, context: Context) -> Any:
            try:
                return await caller.call_method(
                    method, request, timeout=None, metadata=context.metadata, namespace=namespace
                )
            except FunctionNotFoundError as error:
                problem = f"no worker serves {method.function_id} at the moment"
                raise StatusError(StatusCode.UNAVAILABLE, problem) from error

        return forward

    return body
