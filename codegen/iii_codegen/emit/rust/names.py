"""Names as prost writes them, so that what we write can speak of its messages.

prost changes the case of names with the crate heck; the rules are repeated here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from iii_codegen.model.nodes import Tree

__all__ = ["identifier", "message_path", "package_modules", "snake_case", "upper_camel_case", "words"]

_RAW: Final = frozenset(
    """
    abstract as async await become box break const continue do dyn else enum false final fn for gen if impl in let
    loop macro match mod move mut override priv pub ref return static struct trait true try type typeof unsafe unsized
    use virtual where while yield
    """.split()  # noqa: SIM905 -- a list would be one word a line
)
_NEVER_RAW: Final = frozenset({"_", "super", "self", "Self", "extern", "crate"})

_WELL_KNOWN: Final = {
    "BoolValue": "bool",
    "BytesValue": "::prost::alloc::vec::Vec<u8>",
    "DoubleValue": "f64",
    "Empty": "()",
    "FloatValue": "f32",
    "Int32Value": "i32",
    "Int64Value": "i64",
    "StringValue": "::prost::alloc::string::String",
    "UInt32Value": "u32",
    "UInt64Value": "u64",
}
"""What prost has for messages of google.protobuf instead of a struct."""


def words(name: str) -> Iterator[str]:
    """The words of a name: they end at what is no letter or digit, and where the case says so."""
    for piece in "".join(char if char.isalnum() else " " for char in name).split():
        yield from _cased_words(piece)


def _cased_words(piece: str) -> Iterator[str]:
    start = 0
    mode = ""  # the case of the last letter of the word: "", "lower" or "upper"
    for index, char in enumerate(piece[:-1]):
        following = piece[index + 1]
        now = "lower" if char.islower() else "upper" if char.isupper() else mode
        if now == "lower" and following.isupper():
            yield piece[start : index + 1]
            start, mode = index + 1, ""
        elif mode == "upper" and char.isupper() and following.islower():
            yield piece[start:index]
            start, mode = index, ""
        else:
            mode = now
    yield piece[start:]


def identifier(name: str) -> str:
    """A name that Rust takes."""
    if name in _RAW:
        return f"r#{name}"
    if name in _NEVER_RAW:
        return f"{name}_"
    return f"_{name}" if name[:1].isdigit() else name


def snake_case(name: str) -> str:
    """The name of a module or a function."""
    return identifier("_".join(word.lower() for word in words(name)))


def upper_camel_case(name: str) -> str:
    """The name of a type."""
    return identifier("".join(word[0].upper() + word[1:].lower() for word in words(name)))


def package_modules(package: str) -> tuple[str, ...]:
    """The modules of a package, outermost first."""
    return tuple(snake_case(part) for part in package.split(".")) if package else ()


def message_path(tree: Tree, full_name: str, package: str) -> str:
    """The type of a message, as code in the module of `package` says it."""
    file = tree.files[tree.file_of[full_name]]
    inner = full_name[len(file.package) + 1 :] if file.package else full_name
    if file.package == "google.protobuf":
        return _WELL_KNOWN.get(inner, f"::prost_types::{inner}")
    *outer, name = inner.split(".")
    steps = [*(snake_case(part) for part in outer), upper_camel_case(name)]
    if file.package == package:
        return "::".join(steps)
    up = ["super"] * len(package_modules(package))
    return "::".join([*up, *package_modules(file.package), *steps])
