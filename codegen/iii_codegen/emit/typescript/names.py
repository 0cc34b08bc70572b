"""Names as protobuf-es 2.13 gives them, so that what it generated is found, and the files of the glue."""

from __future__ import annotations

import posixpath
import re
from typing import Final

__all__ = ["file_constant", "import_path", "method_name", "service_constant", "stem"]

_WORDS: Final = """
    break case catch class const continue debugger default delete do else export extends false finally for function if
    import in instanceof new null return super switch this throw true try typeof var void while with yield enum
    implements interface let package private protected public static Object bigint number boolean string object
    globalThis Uint8Array Partial
"""
_RESERVED: Final = frozenset(_WORDS.split())
_PROPERTIES: Final = frozenset(("constructor", "toString", "toJSON", "valueOf"))
_NO_IDENTIFIER: Final = re.compile(r"[^a-zA-Z0-9_]+")

EXTENSIONS: Final = {"js": ".js", "ts": ".ts", "none": ""}
"""What stands behind the path of an import, by the name of the setting."""


def stem(path: str) -> str:
    """Of the files generated from a `.proto` file, without their endings."""
    return path.removesuffix(".proto")


def service_constant(name: str) -> str:
    """The descriptor of a service."""
    return f"{name}$" if name in _RESERVED else name


def file_constant(path: str) -> str:
    """The descriptor of a file."""
    return "file_" + _NO_IDENTIFIER.sub("_", stem(path))


def method_name(name: str) -> str:
    """A method, on its service's descriptor and on ours."""
    lowered = name[:1].lower() + name[1:]
    return f"{lowered}$" if lowered in _PROPERTIES else lowered


def import_path(importing: str, imported: str, extension: str) -> str:
    """From one generated file to another, both without their endings."""
    relative = posixpath.relpath(imported, posixpath.dirname(importing) or ".")
    return f"{relative if relative.startswith('.') else './' + relative}{EXTENSIONS[extension]}"
