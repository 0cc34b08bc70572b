"""python-types: one message with every kind of value, echoed and relayed."""

from __future__ import annotations

from example_contracts.examples.types.v1 import (
    Everything,
    PythonTypesClient,
    PythonTypesService,
    RelayRequest,
    RustTypesClient,
    TypescriptTypesClient,
)
from iii_bridge import Bridge, Context, StatusCode, StatusError

__all__ = ["PythonTypes"]


class PythonTypes(PythonTypesService):
    """Relays to the typed client of whichever language is asked for."""

    def __init__(self, bridge: Bridge) -> None:
        self._echoes = {
            "python-types::echo": PythonTypesClient(bridge).echo,
            "typescript-types::echo": TypescriptTypesClient(bridge).echo,
            "rust-types::echo": RustTypesClient(bridge).echo,
        }

    async def echo(self, request: Everything, context: Context, /) -> Everything:
        """Answers with what it was sent."""
        return request

    async def relay(self, request: RelayRequest, context: Context, /) -> Everything:
        """INVALID_ARGUMENT for a function that is no echo."""
        echo = self._echoes.get(request.function_id)
        if echo is None or request.value is None:
            raise StatusError(StatusCode.INVALID_ARGUMENT, f"relay knows only {', '.join(self._echoes)}")
        return await echo(request.value)
