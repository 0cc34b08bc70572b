"""Documents made from a schema: what it accepts, and the same with something about it changed."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

__all__ = ["Documents", "Token", "spell"]


class Token(str):
    """A number, as it is written."""

    __slots__ = ()


def spell(tree: Any) -> str:
    """The JSON text of a tree."""
    if isinstance(tree, Token):
        return str(tree)
    if isinstance(tree, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{spell(member)}" for name, member in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(map(spell, tree)) + "]"
    return json.dumps(tree)


_NUMBERS = [
    *("0", "1", "-1", "-0", "0.0", "-0.0", "1.0", "1.5", "1e2", "1E+2", "100e-2", "1e-1", "0e5", "1e309", "-1e400"),
    *("2147483647", "2147483648", "-2147483649", "4294967295", "4294967296", "4294967295.0", "9223372036854775807"),
    *("-9223372036854775808", "18446744073709551615", "36893488147419103232", "-36893488147419103232"),
    *("3.4028235e38", "-3.5e38", "1.7976931348623157e308", "123456789012345678901234567890"),
]
_TEXTS = [
    *("", " ", "x", "a_b", "aB.c", "a,b", "a,,b", "A", "null", "true", "false", "NaN", "-Infinity", "+Infinity", "RED"),
    *("ZERO", "UNO", "NULL_VALUE", "01", "+1", "1 ", "1.", ".5", "0x1", "1e", "1e1.5", "-", "--1", "1.0000", "-0.00"),
    *("AA", "AA==", "AA=", "AAA", "AAAA", "A", "_-8", "+/8=", "+_8=", "=", "====", "A A=", "AA\n"),
    *("1s", "1.5s", "-0s", "007s", "1.s", "1S", "315576000000s", "315576000000.1s", "0000315576001s", "1.1234567890s"),
    *("2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2000-02-29T24:00:00Z"),
    *("0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2024-04-31T00:00:00Z", "2024-01-01t00:00:00z"),
    *("2024-01-01T00:00:00+23:59", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00"),
    *("type.googleapis.com/google.protobuf.Empty", "日本", "😀", "\x00"),
]
_HOSTILE: list[Any] = [
    *(None, True, False, [], {}, [None], {"": None}, {"@type": None}, {"value": Token("1")}),
    *(Token(text) for text in _NUMBERS),
    *_NUMBERS,
    *_TEXTS,
]


class Documents:
    """Strategies for one schema, of either dialect."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root = schema
        self._names = sorted({name for node in _nodes(schema) for name in node.get("properties", {})} | {"@type", "x"})

    def valid(self) -> SearchStrategy[Any]:
        """Trees the schema accepts, but for what its `not` refuses."""
        return self._reference("#")

    def changed(self) -> SearchStrategy[Any]:
        """Trees that were valid, with up to three things about them changed."""
        return st.builds(_change, self.valid(), st.lists(self._changes(), max_size=3))

    def _changes(self) -> SearchStrategy[Any]:
        new = st.sampled_from(_HOSTILE) | self.valid()
        return st.tuples(st.integers(0, 40), st.sampled_from(["value", "name", "add", "drop"]), self._name(), new)

    def _name(self) -> SearchStrategy[str]:
        return st.sampled_from(self._names)

    @functools.cache  # noqa: B019 -- lives as long as one test
    def _reference(self, reference: str) -> SearchStrategy[Any]:
        schema: Any = self._root
        for part in reference.removeprefix("#").strip("/").split("/"):
            schema = schema[part] if part else schema
        return st.deferred(lambda: self._of(schema))

    def _of(self, schema: dict[str, Any]) -> SearchStrategy[Any]:
        if "$ref" in schema:
            return self._reference(schema["$ref"])
        if "allOf" in schema:
            return self._of(schema["allOf"][0])
        if "enum" in schema:
            return st.sampled_from(schema["enum"]).map(lambda value: Token(value) if type(value) is int else value)
        if "anyOf" in schema:
            return st.one_of([self._of(choice) for choice in schema["anyOf"]])
        kind = schema.get("type", "anything")
        made: SearchStrategy[Any] = getattr(self, f"_{kind}")(schema)
        return made

    def _anything(self, _schema: dict[str, Any]) -> SearchStrategy[Any]:
        return st.sampled_from(_HOSTILE)

    def _null(self, _schema: dict[str, Any]) -> SearchStrategy[Any]:
        return st.none()

    def _boolean(self, _schema: dict[str, Any]) -> SearchStrategy[Any]:
        return st.booleans()

    def _integer(self, schema: dict[str, Any]) -> SearchStrategy[Any]:
        forms = st.sampled_from(["{}", "{}.0", "{}e0", "{}0e-1"])
        plain = st.integers(schema["minimum"], schema["maximum"]).map(str)
        small = st.integers(max(-1000, schema["minimum"]), 1000).filter(bool).map(str)
        return st.one_of(plain, st.builds(str.format, forms, small)).map(Token)

    def _number(self, schema: dict[str, Any]) -> SearchStrategy[Any]:
        most = schema.get("maximum", schema.get("exclusiveMaximum"))
        return st.floats(-most, most, exclude_max="maximum" not in schema).map(lambda value: Token(repr(value)))

    def _string(self, schema: dict[str, Any]) -> SearchStrategy[Any]:
        if "pattern" not in schema:
            return st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
        return st.from_regex(schema["pattern"].removesuffix("$") + r"\Z").filter(lambda text: len(text) < 60)

    def _array(self, schema: dict[str, Any]) -> SearchStrategy[Any]:
        return st.lists(self._of(schema.get("items", {})), max_size=3)

    def _object(self, schema: dict[str, Any]) -> SearchStrategy[Any]:
        properties = {name: self._of(value) for name, value in schema.get("properties", {}).items()}
        required = schema.get("required", [])
        needed = st.fixed_dictionaries({name: properties[name] for name in required})
        names = st.lists(st.sampled_from(list(properties)), max_size=6) if properties else st.just([])
        free = names.flatmap(lambda chosen: st.fixed_dictionaries({name: properties[name] for name in chosen}))
        more = schema.get("additionalProperties", True)
        keys = self._of({"type": "string", **schema.get("propertyNames", {})})
        others = st.just({}) if more in (True, False) else st.dictionaries(keys, self._of(more), max_size=3)
        return st.builds(
            lambda *parts: {name: value for part in parts for name, value in part.items()}, needed, free, others
        )


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(item)


def _change(tree: Any, changes: list[tuple[int, str, str, Any]]) -> Any:
    for position, kind, name, new in changes:
        places = list(_places(tree, ()))
        path = places[position % len(places)]
        tree = _changed(tree, path, kind, name, new)
    return tree


def _places(tree: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield from _places(value, (*path, key))


def _changed(tree: Any, path: tuple[Any, ...], kind: str, name: str, new: Any) -> Any:
    if len(path) > 1:
        inner = _changed(tree[path[0]], path[1:], kind, name, new)
        return _with(tree, path[0], path[0], inner)
    if not path:
        return {**tree, name: new} if isinstance(tree, dict) else new
    if kind == "drop":
        return {key: value for key, value in tree.items() if key != path[0]} if isinstance(tree, dict) else []
    if kind == "add" and isinstance(tree, dict):
        return {**tree, name: new}
    if kind == "name" and isinstance(tree, dict):
        return _with(tree, path[0], name, tree[path[0]])
    return _with(tree, path[0], path[0], new)


def _with(tree: Any, key: Any, new_key: Any, value: Any) -> Any:
    if isinstance(tree, list):
        return [value if index == key else item for index, item in enumerate(tree)]
    return {new_key if name == key else name: value if name == key else member for name, member in tree.items()}
