"""The vectors' contracts: generated stubs on betterproto2, and google's classes of the same descriptors."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from typing import Any, Final

from iii_bridge.contract.spec import MethodSpec
from iii_bridge.dynamic import Contracts, contracts_of_protos
from tests.bridge.contracts import generate

__all__ = ["PACKAGE", "PROTO", "google_class", "google_method", "stubs"]

PROTO: Final = Path(__file__).parent / "proto"
PACKAGE: Final = "vectors.v1"


@functools.cache
def stubs() -> Any:
    """The package of generated stubs, on betterproto2."""
    generate(PROTO, "vector_stubs")
    return importlib.import_module(f"vector_stubs.{PACKAGE}")


@functools.cache
def _contracts() -> Contracts:
    return contracts_of_protos(PROTO)


def google_class(name: str) -> type[Any]:
    """The class of google.protobuf of a message of `vectors.v1`."""
    return _contracts().message_class(f"{PACKAGE}.{name}")


def google_method(service: str, name: str) -> MethodSpec[Any, Any]:
    """A method of `vectors.v1` on google's messages: its service in full, its name as clients have it."""
    methods = _contracts().services[f"{PACKAGE}.{service}"].methods
    return next(method for method in methods if method.name == name)
