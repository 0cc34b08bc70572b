"""How messages, enums and scalars are written as Python types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from iii_codegen.emit.python.module import ABI, BUILTINS, DATETIME, Import, Module
from iii_codegen.emit.python.names import member_name, module_name, path_names, type_name
from iii_codegen.model.nodes import Element, Kind, Tree

__all__ = ["EXTERN_PACKAGE", "SCALARS", "WELL_KNOWN", "Names", "is_extern", "qualified_name"]

SCALARS: Final = {
    Kind.BOOL: "bool",
    Kind.BYTES: "bytes",
    Kind.DOUBLE: "float",
    Kind.FLOAT: "float",
    Kind.STRING: "str",
}
"""The builtin type of a scalar; every other one is an int."""

WELL_KNOWN: Final = frozenset(
    [
        "Any",
        "BoolValue",
        "BytesValue",
        "DoubleValue",
        "Duration",
        "Empty",
        "FieldMask",
        "FloatValue",
        "Int32Value",
        "Int64Value",
        "ListValue",
        "NullValue",
        "StringValue",
        "Struct",
        "Timestamp",
        "UInt32Value",
        "UInt64Value",
        "Value",
    ]
)
"""Types of google.protobuf that `iii_bridge.abi.v1` holds, once for every tree."""

_WELL_KNOWN_FILES: Final = frozenset(
    f"google/protobuf/{name}.proto"
    for name in ("any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers")
)
EXTERN_PACKAGE: Final = "iii_bridge.v1"
"""Our own contracts: generated once, into our package, and reached through the abi."""

_UNWRAPPED: Final = {
    "BoolValue": (BUILTINS, "bool"),
    "BytesValue": (BUILTINS, "bytes"),
    "DoubleValue": (BUILTINS, "float"),
    "Duration": (DATETIME, "timedelta"),
    "FloatValue": (BUILTINS, "float"),
    "Int32Value": (BUILTINS, "int"),
    "Int64Value": (BUILTINS, "int"),
    "StringValue": (BUILTINS, "str"),
    "Timestamp": (DATETIME, "datetime"),
    "UInt32Value": (BUILTINS, "int"),
    "UInt64Value": (BUILTINS, "int"),
}


def is_extern(path: str) -> bool:
    """Whether the types of a file live in our package, so that no code is generated for it."""
    return path in _WELL_KNOWN_FILES or path.startswith("iii_bridge/v1/")


def qualified_name(package: str, full_name: str) -> str:
    """A type's name inside its module: `shop.v1.Order.Line` -> `Order.Line`, escaped."""
    first, *rest = full_name.removeprefix(f"{package}." if package else "").split(".")
    return ".".join([type_name(first), *(member_name(part) for part in rest)])


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A well-known type that users see as a plain value."""

    python: str
    message: str


class Names:
    """Writes references to types from one module."""

    ending = "_pb"
    """How the modules end that other files' types are taken from."""

    def __init__(self, tree: Tree, path: str, module: Module, *, own_package: bool = False) -> None:
        """`own_package` is set when our own contracts are generated: their types are siblings then."""
        self._tree = tree
        self._path = path
        self._module = module
        self._own_package = own_package
        self._scope: frozenset[str] = frozenset()
        self.shadowed: dict[str, str] = {}
        """Aliases the module needs: a class hides the name of a type it refers to."""

    def enter(self, members: Iterable[str]) -> frozenset[str]:
        """Says which names the class being written has; returns the ones before, for `leave`."""
        before, self._scope = self._scope, frozenset(members)
        return before

    def leave(self, before: frozenset[str]) -> None:
        """Goes back to the class around."""
        self._scope = before

    def type(self, full_name: str) -> str:
        """A message or an enum."""
        google, _, name = full_name.rpartition(".")
        if google == "google.protobuf" and name in WELL_KNOWN:
            return self.well_known(name)
        path = self._tree.file_of[full_name]
        qualified = self.qualified(self._tree.files[path].package, full_name)
        if path == self._path:
            return self._local(qualified)
        if is_extern(path) and not self._own_package:
            return self.extern(qualified)
        return f"{self.import_file(path)}.{qualified}"

    def well_known(self, name: str) -> str:
        """A type of google.protobuf by its bare name."""
        return f"{self._module.use(ABI)}.{name}"

    def qualified(self, package: str, full_name: str) -> str:
        """A type's name inside its module."""
        return qualified_name(package, full_name)

    def extern(self, qualified: str) -> str:
        """A type of our own contracts."""
        return f"{self._module.use(ABI)}.bridge_v1.{qualified}"

    def import_file(self, path: str) -> str:
        """The module of another generated file."""
        return self._module.use(self._sibling(path))

    def _local(self, qualified: str) -> str:
        head, dot, rest = qualified.partition(".")
        if head not in self._scope:
            return qualified
        alias = self.shadowed.setdefault(head, f"_{head}_type")
        return f"{alias}{dot}{rest}"

    def _sibling(self, path: str) -> Import:
        own, other = path_names(self._path), path_names(path)
        common = 0
        while common < min(len(own), len(other)) and own[common] == other[common]:
            common += 1
        module = "." * (len(own) - common + 1) + ".".join(other[common:])
        name = f"{module_name(path)}{self.ending}"
        return Import(3, module, name, "_" + "_".join([*other, name]))

    def unwrapped(self, element: Element) -> Unwrapped | None:
        """How a well-known type is seen by users; None where the message itself is."""
        package, _, name = element.type_name.rpartition(".")
        if package != "google.protobuf" or name not in _UNWRAPPED:
            return None
        needed, plain = _UNWRAPPED[name]
        return Unwrapped(f"{self._module.use(needed)}.{plain}", f"{self._module.use(ABI)}.{name}")

    def element(self, element: Element) -> str:
        """The Python type of one value."""
        unwrapped = self.unwrapped(element)
        if unwrapped:
            return unwrapped.python
        if element.type_name:
            return self.type(element.type_name)
        return self.scalar(element.kind)

    def scalar(self, kind: Kind) -> str:
        """The Python type of a scalar."""
        return f"{self._module.use(BUILTINS)}.{SCALARS.get(kind, 'int')}"
