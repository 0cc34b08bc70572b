"""The libraries of the extra `codegen`: whether they are installed, and where."""

from __future__ import annotations

import importlib.util
from pathlib import Path

__all__ = ["package_directory", "require_libraries"]

_LIBRARIES = ("croniter", "google.api", "grpc_tools")


def package_directory(name: str) -> Path | None:
    """The directory of an installed package; None when it is not installed."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def require_libraries() -> None:
    """Raises ModuleNotFoundError naming the first library of the extra `codegen` that is not installed."""
    for name in _LIBRARIES:
        if package_directory(name) is None:
            raise ModuleNotFoundError(
                f"{name} is not installed; install it with: pip install 'iii-bridge[codegen]'", name=name
            )
