"""Schemas nobody would write: whatever they say, what comes out compiles, and nothing is raised."""

from __future__ import annotations

import random
from typing import Any

import pytest

from iii_codegen.importing.compiling import errors_of
from iii_codegen.importing.contract import import_functions
from iii_codegen.importing.draft import Binding, Function

MEMBERS = [
    "id", "orderId", "order_id", "Order", "type", "kind", "class", "x-y", "@type", "1a", "", "line", "Line", "lines",
    "choice", "value", "EUR", "message", "string", "google", "iii_bridge", "map", "_a", "a__b", "ä", "option",
]  # fmt: skip
TITLES = ["Line", "Order", "Place", "Page[Item]", "", "order line", "Empty", "Struct", "ShopClient", "ShopService", "ä"]
LEAVES: list[Any] = [
    {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "null"}, {}, True, False,
    None, 5, {"enum": ["A", "B"]}, {"enum": ["a b", "c"]}, {"enum": ["EUR", "USD"], "title": "Currency"}, {"enum": []},
    {"enum": ["EUR", "GBP"], "title": "Currency"}, {"enum": ["Line", "Order"]}, {"enum": ["A", "a"]}, {"enum": [None]},
    {"enum": ["KIND_A", "A"], "title": "Kind"}, {"const": 1}, {"const": "\x01\u2028"}, {"enum": [1, 2**70]},
    {"type": "string", "minLength": 5, "maxLength": 2}, {"type": "integer", "minimum": 10, "maximum": 1},
    {"type": "string", "pattern": "("}, {"type": "string", "format": "uuid", "pattern": "(?=x)"},
    {"type": "integer", "format": "uint64", "minimum": -5}, {"type": "integer", "minimum": 2**70},
    {"type": "string", "description": '*/ // "x"\n\nnext \\ line', "default": 'q"\\'}, {"$ref": "#/$defs/A"},
    {"$ref": "#/$defs/B"}, {"$ref": "#/nope"}, {"type": "integer", "minimum": 1.5, "maximum": 2.5},
]  # fmt: skip


class Schemas:
    """Draws schemas, and functions that have them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _some(self, share: float) -> bool:
        return self._random.random() < share

    def any(self, depth: int = 0) -> Any:
        """A schema, the deeper the plainer."""
        kind = self._random.random()
        if depth > 3 or kind < 0.45:
            return self._random.choice(LEAVES)
        if kind < 0.6:
            limits = {"minItems": self._random.choice([0, 5]), "maxItems": self._random.choice([0, 3])}
            return {"type": "array", "items": self.any(depth + 1), **(limits if self._some(0.4) else {})}
        if kind < 0.7:
            names = {"propertyNames": self.any(depth + 1)} if self._some(0.5) else {}
            return {"type": "object", "additionalProperties": self.any(depth + 1), **names}
        if kind < 0.8:
            union = self._random.choice(["anyOf", "oneOf", "allOf"])
            return {union: [self.any(depth + 1) for _ in range(self._random.randint(1, 3))]}
        return self.object(depth + 1)

    def object(self, depth: int = 0) -> dict[str, Any]:
        """An object with some members."""
        members = self._random.sample(MEMBERS, self._random.randint(0, 6))
        made: dict[str, Any] = {"type": "object", "properties": {name: self.any(depth + 1) for name in members}}
        if self._some(0.6):
            made["required"] = self._random.sample(members, self._random.randint(0, len(members)))
        if self._some(0.3):
            made["additionalProperties"] = self._random.choice([False, True, {"type": "string"}])
        if self._some(0.4):
            made["title"] = self._random.choice(TITLES)
        if self._some(0.2):
            made["not"] = self._random.choice([{"anyOf": [{"required": ["id", "line"]}]}, {"required": ["a"]}, True])
        return made

    def document(self) -> Any:
        """The whole description of one side."""
        made = self.object() if self._some(0.9) else self.any()
        return {**made, "$defs": {"A": self.object(1), "B": self.any(1)}} if isinstance(made, dict) else made

    def function(self, number: int) -> Function:
        """A function under some id, bound to something."""
        prefix = self._random.choice(["shop", "a::b", "google", "iii_bridge", "orders::v2", "ä"])
        name = self._random.choice(["place", "Order", "get-it", "x y", "1", "client"])
        path = self._random.choice(["/a/:id", "//", "/a/{x", "/:lines"])
        bindings = [
            (),
            (Binding("http", {"api_path": path, "http_method": "GET"}, adapted=self._some(0.5)),),
            (Binding("cron", {"expression": "x"}), Binding("q", {"a": None})),
        ]
        return Function(
            function_id=f"{prefix}::{name}{number}",
            description=self._random.choice(["", "does\n\nit */"]),
            metadata=self._random.choice([{}, {"a": "b", "c": {"d": 1}}]),
            request=self._random.choice([self.document(), self.document(), None]),
            response=self.document(),
            bindings=self._random.choice(bindings),
        )


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_in_compiles(seed: int) -> None:
    schemas = Schemas(seed)
    made = import_functions([schemas.function(number) for number in range(60)])
    assert made.files
    assert made.findings
    assert errors_of(made.files) == []
