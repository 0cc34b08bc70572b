"""Where the option, google and validate `.proto` files are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import iii_bridge
from iii_codegen.libraries import package_directory
from iii_codegen.validate_file import VALIDATE_FILE, is_installed, validate_proto

__all__ = ["import_paths", "own_protos", "vendored_files"]

_OPTION_FILES = ("iii_bridge/v1/contract.proto", "iii_bridge/v1/engine.proto", "iii_bridge/v1/events.proto")
_API_FILES = tuple(f"google/api/{name}.proto" for name in ("annotations", "field_behavior", "http", "httpbody"))


@cache
def own_protos() -> Path:
    """The import path of `iii_bridge/v1/contract.proto`: the directory our wheel, or the checkout, is in."""
    above = Path(iii_bridge.__file__).parent.parent
    for root in (above, above / "proto"):
        if (root / _OPTION_FILES[0]).is_file():
            return root
    raise FileNotFoundError(f"{_OPTION_FILES[0]} is missing from the installation; reinstall iii-bridge")


@cache
def import_paths() -> tuple[Path, ...]:
    """What protoc needs beside the user's own directory, in order."""
    found = [own_protos()]
    tools = package_directory("grpc_tools")
    if tools is not None:
        found.append(tools / "_proto")
    api = package_directory("google.api")
    if api is not None:
        found.append(api.parent.parent)
    return tuple(dict.fromkeys(found))


def vendored_files() -> Iterator[tuple[str, bytes]]:
    """The files a project may want a copy of: import name and content."""
    wanted = [*_OPTION_FILES, *_API_FILES]
    tools = package_directory("grpc_tools")
    if tools is not None:
        google = tools / "_proto" / "google" / "protobuf"
        wanted += [f"google/protobuf/{path.name}" for path in sorted(google.glob("*.proto"))]
    for name in wanted:
        place = next((root / name for root in import_paths() if (root / name).is_file()), None)
        if place is not None:
            yield name, place.read_bytes()
    if is_installed():
        yield VALIDATE_FILE, validate_proto().encode()
