"""Random contracts: the classes of the codec and of google, and the schemas of each message."""

from __future__ import annotations

import functools
import json
import random
from dataclasses import dataclass
from typing import Any

from google.api import field_behavior_pb2

from iii_bridge.contract.spec import JsonProfile, UnknownEnumNames, UnknownMembers
from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.shapes import Shapes, View
from iii_codegen.model.build import build
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Tree
from tests.codegen.emit.jsonschema.samples import KnownValues
from tests.contract_layer.contracts import everything
from tests.contract_layer.dynamic import Contract, compile_proto
from tests.contract_layer.random_contracts import Author

__all__ = ["SEEDS", "RandomContract", "RequiredValues", "contract_of", "random_contract"]

SEEDS = range(24)
"""Of the random contracts."""


@dataclass(frozen=True)
class RandomContract:
    contract: Contract
    tree: Tree
    messages: tuple[str, ...]

    def schema(self, message: str, dialect: str, view: View) -> dict[str, Any]:
        """A schema as it would be written and read."""
        found: dict[str, Any] = json.loads(json.dumps(document(Shapes(self.tree, view), message, DIALECTS[dialect])))
        return found

    def protojson(self, message: str, dialect: str, *policies: Any) -> dict[str, Any]:
        """The schema of what is read; `policies` are those of `codec_for`."""
        unknown, names = policies or (UnknownMembers.IGNORE, UnknownEnumNames.REJECT)
        return self.schema(message, dialect, View(JsonProfile(), False, unknown, True, names))


@functools.cache
def random_contract(seed: int) -> RandomContract:
    """The contract of a seed; of the one after the last, the contract that has every kind of field."""
    if seed not in SEEDS:
        contract, names = everything(), ("every.v1.Everything",)
        return RandomContract(contract, _tree(contract, "everything.proto"), names)
    text, found = Author(seed, beyond=True).write()
    return contract_of(text, f"beyond{seed}.proto", tuple(found))


def contract_of(text: str, name: str, messages: tuple[str, ...]) -> RandomContract:
    """A contract given as text, registered under the name of its file."""
    contract = compile_proto(text, name)
    return RandomContract(contract, _tree(contract, name), messages)


def _tree(contract: Contract, name: str) -> Tree:
    files: dict[str, bytes] = {}

    def collect(file: Any) -> None:
        for dependency in file.dependencies:
            collect(dependency)
        files[file.name] = file.serialized_pb

    collect(contract.pool.FindFileByName(name))
    report = Report()
    tree = build(tuple(files.values()), [name], report)
    assert report.errors == []
    return tree


class RequiredValues(KnownValues):
    """Random messages that can be written: what is REQUIRED is set; every enum has a name unless `unnamed` is said."""

    def __init__(self, seed: int, fill: float, anys: tuple[type[Any], ...] = (), *, unnamed: bool = False) -> None:
        super().__init__(seed, fill=fill, anys=anys)
        self._unnamed = unnamed

    def _leaves_out(self, field: Any, depth: int) -> bool:
        behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        required = field.is_required or field_behavior_pb2.REQUIRED in behaviors
        return not required and super()._leaves_out(field, depth)

    def _scalar(self, field: Any) -> Any:
        if (
            self._unnamed
            and field.enum_type is not None
            and not field.enum_type.is_closed
            and self._random.random() < 0.3
        ):
            return random.Random(self._random.random()).choice((99, -7))
        return super()._scalar(field)
