"""The typed clients of the three workers."""

from __future__ import annotations

from typing import Final

from example_contracts.examples.types.v1 import PythonTypesClient, RustTypesClient, TypescriptTypesClient
from tests.contract.bus import Bus

__all__ = ["LANGUAGES", "client"]

LANGUAGES: Final = ("python", "typescript", "rust")
_CLIENTS = {"python": PythonTypesClient, "typescript": TypescriptTypesClient, "rust": RustTypesClient}


def client(bus: Bus, language: str) -> PythonTypesClient | TypescriptTypesClient | RustTypesClient:
    """The client whose worker is written in `language`."""
    return _CLIENTS[language](bus.bridge)
