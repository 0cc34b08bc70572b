"""Objects of a schema as messages, their members as fields, and what becomes of lists, maps and unions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from iii_bridge.contract.compat.document import as_object, is_array
from iii_codegen.importing.draft import DraftEnum, DraftField, DraftMessage, Rules, Seen
from iii_codegen.importing.names import pascal, singular
from iii_codegen.importing.oneofs import oneof_members
from iii_codegen.importing.schema import Node, Reader
from iii_codegen.importing.unions import ANYTHING, choices_of_texts, is_object_node, listed, one_kind, tagged
from iii_codegen.importing.values import LONG_PATTERNS, Value, leftovers, scalar

__all__ = ["Types"]

_STRUCT: Final = "google.protobuf.Struct"
_LIST: Final = "google.protobuf.ListValue"
_EMPTY: Final = "google.protobuf.Empty"
_ANY: Final = "google.protobuf.Any"
_ROOTS: Final = (_STRUCT, _EMPTY, _ANY)
_OBJECT_KEYS: Final = ("properties", "required", "additionalProperties", "propertyNames", "not")
_RESERVED: Final = ("_caller_worker_id", "iii-bridge")
_ZEROES: Final[tuple[Any, ...]] = (None, False, 0, "", [], {})
_SHOWN: Final = 60
_DEPTH: Final = 64

Report = Callable[[str, str], None]
"""Takes a path and a problem."""


class Types:
    """Reads one schema document, the request or the response of one function."""

    def __init__(self, document: Any, *, response: bool, method: str, report: Report) -> None:
        self._reader = Reader(document)
        self._response = response
        self._method = method
        self._report = report
        self._known: dict[int, DraftMessage] = {}
        self._open: list[int] = []

    def root(self) -> str | DraftMessage | None:
        """The message of the whole document; None when its values are no objects."""
        node = self._reader.root()
        side = "Response" if self._response else "Request"
        node.name = pascal(node.name) or f"{self._method}{side}"
        value = self._value(node, node.name)
        for problem in value.problems:
            self._report("$", problem)
        if node.nullable:
            self._report("$", "null is possible, which no message is")
        if value.key:
            self._report("$", "its members may have any name, which only a field of type map has")
            return _STRUCT
        if value.type == ANYTHING and not node.kind:
            self._report("$", "any value is possible; a contract has objects")
            return _STRUCT
        if value.type == "google.protobuf.NullValue" and self._response:
            return _EMPTY
        kind = value.type
        if value.repeated or isinstance(kind, DraftEnum) or (isinstance(kind, str) and kind not in _ROOTS):
            return None
        return kind

    # --- values --------------------------------------------------------------

    def _value(self, node: Node, hint: str) -> Value:
        known = node.identity and node.identity in self._known
        if not known and (node.identity in self._open or len(self._open) > _DEPTH):
            return Value(ANYTHING, problems=["it holds itself, or is nested too deep"])
        mark = node.identity or id(node)
        self._open.append(mark)
        value = self._value_of(node, hint)
        self._open.remove(mark)
        value.problems += node.problems
        return value

    def _value_of(self, node: Node, hint: str) -> Value:
        for union in ("anyOf", "oneOf"):
            if node.keys.get(union) and not node.properties():
                return self._union(node, node.keys[union], hint)
        found = listed(node, hint) or scalar(node)
        if found is not None:
            return found
        if node.kind == "object":
            return self._object(node, hint)
        if node.kind == "array":
            return self._array(node, hint)
        problems = leftovers(node, ())
        if isinstance(node.keys.get("type"), list):
            problems.append(f"it is one of several types: {', '.join(node.keys['type'])}")
        return Value(ANYTHING, problems=problems)

    def _union(self, node: Node, choices: Sequence[Any], hint: str) -> Value:
        nodes = [self._reader.read(choice, node.path) for choice in choices]
        found = choices_of_texts(nodes, hint, node.name) or one_kind(nodes)
        if found is not None:
            return found
        if all(is_object_node(item) for item in nodes):
            return Value(self._merged(node, nodes, hint))
        return Value(ANYTHING, problems=["it is one of several types"])

    def _array(self, node: Node, hint: str) -> Value:
        items = node.keys.get("items")
        problems = leftovers(node, ("items", "minItems", "maxItems", "uniqueItems"))
        if not as_object(items) or "prefixItems" in node.keys:
            if any(key in node.keys for key in ("minItems", "maxItems", "uniqueItems")):
                problems.append("how many items there may be is not said of lists of anything")
            return Value(_LIST, problems=problems)
        child = self._reader.read(items, f"{node.path}[]")
        element = self._element(child, singular(hint), "an item")
        rules = _counts(node, ("minItems", "min_items"), ("maxItems", "max_items"))
        if node.keys.get("uniqueItems") is True:
            if isinstance(element.type, str) and "." not in element.type:
                rules["unique"] = True
            else:
                problems.append("items have to differ, which is no rule of messages and enums")
        if element.rules:
            rules["items"] = element.rules
        return self._plural(element, {"repeated": rules} if rules else {}, problems)

    def _object(self, node: Node, hint: str) -> Value:
        more = node.keys.get("additionalProperties")
        if list(node.properties()) == ["@type"]:
            return Value(_ANY)
        if node.properties():
            return Value(self._message(node, hint))
        patterns = as_object(node.keys.get("patternProperties")) or {}
        if as_object(more) and not patterns:
            return self._map(node, more, node.keys.get("propertyNames"), hint)
        if len(patterns) == 1 and more in (None, False):
            ((pattern, shape),) = patterns.items()
            del node.keys["patternProperties"]
            return self._map(node, shape, {"pattern": pattern}, hint)
        named = (node.defined or node.path == "$") and bool(node.name) and more is None
        if "properties" in node.keys or more is False or named:
            if node.name in ("Struct", "Empty") and not node.keys.keys() - {"type", "title", "description"}:
                return Value(_STRUCT if node.name == "Struct" else _EMPTY)
            return Value(self._message(node, hint))
        return Value(_STRUCT, problems=leftovers(node, ("additionalProperties",)))

    def _map(self, node: Node, values: Any, names: Any, hint: str) -> Value:
        problems = leftovers(node, ("additionalProperties", "propertyNames", "minProperties", "maxProperties"))
        element = self._element(self._reader.read(values, f"{node.path}{{}}"), singular(hint), "a member")
        rules = _counts(node, ("minProperties", "min_pairs"), ("maxProperties", "max_pairs"))
        key, key_rules = self._key(names, problems)
        if key_rules:
            rules["keys"] = key_rules
        if element.rules:
            rules["values"] = element.rules
        made = self._plural(element, {"map": rules} if rules else {}, problems)
        made.repeated, made.key = False, key
        return made

    def _key(self, names: Any, problems: list[str]) -> tuple[str, Rules]:
        if as_object(names) is None:
            return "string", {}
        node = self._reader.read(names, "$")
        node.keys.setdefault("type", "string")
        pattern, values = node.keys.get("pattern"), node.keys.get("enum")
        if pattern in LONG_PATTERNS:
            return LONG_PATTERNS[pattern], {}
        if is_array(values):
            plain = [value for value in values if isinstance(value, str)]
            return ("bool", {}) if set(plain) == {"true", "false"} else ("string", {"string": {"in": plain}})
        found = scalar(node) or Value("string")
        problems += found.problems
        return "string", found.rules if found.type == "string" else {}

    def _element(self, node: Node, hint: str, what: str) -> Value:
        """An item of a list or a value of a map, which cannot be a list or a map itself."""
        value = self._value(node, hint)
        if node.nullable:
            value.problems.append(f"{what} may be null")
        if value.repeated or value.key:
            kind = _LIST if value.repeated else _STRUCT
            return Value(kind, problems=[*value.problems, f"what {what} holds is not said: lists and maps do not nest"])
        return value

    @staticmethod
    def _plural(element: Value, rules: Rules, problems: Iterable[str]) -> Value:
        return Value(
            element.type,
            repeated=True,
            rules=rules,
            long_number=element.long_number,
            long_text=element.long_text,
            problems=[*problems, *element.problems],
        )

    # --- messages ------------------------------------------------------------

    def _message(self, node: Node, hint: str) -> DraftMessage:
        known = self._known.get(node.identity) if node.identity else None
        if known is not None:
            return known
        draft = self._draft(node, hint)
        self._known[node.identity or id(draft)] = draft
        for problem in leftovers(node, _OBJECT_KEYS):
            self._say(draft, node.path, problem)
        more = node.keys.get("additionalProperties")
        if as_object(more):
            self._say(draft, node.path, "members that are not named have a type, which is not said")
        draft.closed[self._response] = more is False
        oneofs, problems = oneof_members(node)
        for problem in problems:
            self._say(draft, node.path, problem)
        for member, raw in node.properties().items():
            field = self._field(draft, node, member, raw)
            if field is not None:
                field.oneof = oneofs.get(member, "")
                draft.fields.append(field)
        self._without_lists(draft, node.path)
        return draft

    def _without_lists(self, draft: DraftMessage, path: str) -> None:
        """A oneof holds no lists and no maps; one that would is none."""
        for group in {field.oneof for field in draft.fields if field.oneof and field.plural}:
            for field in draft.fields:
                field.oneof = "" if field.oneof == group else field.oneof
            draft.required_oneofs.discard(group)
            self._say(draft, path, "of several members, one of them a list or a map, one only may be there")

    def _draft(self, node: Node, hint: str) -> DraftMessage:
        wanted = pascal(node.name) or pascal(hint) or "Message"
        side = "Response" if self._response else "Request"
        draft = DraftMessage(wanted, f"{self._method}{side}" if node.path == "$" else f"{self._method}{wanted}")
        if node.description:
            draft.comment.append(node.description)
        draft.deprecated = node.keys.get("deprecated") is True
        return draft

    def _say(self, draft: DraftMessage, path: str, problem: str) -> None:
        draft.comment.append(f"Not in this contract: {problem}.")
        self._report(path, problem)

    def _field(self, draft: DraftMessage, node: Node, member: str, raw: Any) -> DraftField | None:
        path = f"{node.path}.{member}"
        if member in _RESERVED:
            self._say(draft, path, f"the member {member} belongs to the engine or to iii-bridge")
            return None
        child = self._reader.read(raw, path)
        field = field_of(member, self._value(child, member), path)
        field.seen.append(self._seen(child, member in node.required()))
        self._notes(field, child)
        return field

    def _seen(self, child: Node, required: bool) -> Seen:
        zero = "default" in child.keys and any(_same(child.keys["default"], zero) for zero in _ZEROES)
        null = zero and child.keys["default"] is None
        return Seen(self._response, required, child.nullable, zero and not null)

    def _notes(self, field: DraftField, child: Node) -> None:
        own = isinstance(field.type, str) or child.keys.get("description") != _described(field)
        if child.description and own:
            field.comment.insert(0, child.description)
        field.deprecated = child.keys.get("deprecated") is True
        for keyword, behavior in (("readOnly", "OUTPUT_ONLY"), ("writeOnly", "INPUT_ONLY")):
            if child.keys.get(keyword) is True:
                field.behaviors.append(behavior)
        if "default" in child.keys and not any(_same(child.keys["default"], zero) for zero in _ZEROES):
            shown = json.dumps(child.keys["default"], ensure_ascii=False)
            shown = f"{shown[:_SHOWN]}..." if len(shown) > _SHOWN else shown
            _remark(field, f"its default is {shown}")
        for problem in [item.removeprefix("Not in this contract: ").removesuffix(".") for item in _remarks(field)]:
            self._report(field.path, problem)

    def _merged(self, node: Node, nodes: Sequence[Node], hint: str) -> DraftMessage:
        known = self._known.get(node.identity) if node.identity else None
        if known is not None:
            return known
        draft = self._draft(node, hint)
        self._known[node.identity or id(draft)] = draft
        draft.closed[self._response] = all(item.keys.get("additionalProperties") is False for item in nodes)
        members = [(member, item, raw) for item in nodes for member, raw in item.properties().items()]
        always = set[str].intersection(*(item.required() for item in nodes))
        group = _group_name({member for member, _, _ in members}) if tagged(nodes) else ""
        if group:
            draft.required_oneofs.add(group)
        else:
            self._say(draft, node.path, "it is one of several objects; which members go together is not said")
        for member in dict.fromkeys(member for member, _, _ in members):
            own = [(item, raw) for name, item, raw in members if name == member]
            field = self._joined(draft, member, own)
            if field is not None:
                field.oneof = group
                field.seen = [Seen(self._response, member in always and not group, False, False)]
                draft.fields.append(field)
        self._without_lists(draft, node.path)
        return draft

    def _joined(self, draft: DraftMessage, member: str, own: Sequence[tuple[Node, Any]]) -> DraftField | None:
        """A member that several choices have: texts of a list add up, types that differ are anything."""
        path = f"{own[0][0].path}.{member}"
        children = [self._reader.read(raw, path) for _, raw in own]
        texts = choices_of_texts(children, member, "") if len(children) > 1 else None
        if texts is not None:
            field = field_of(member, texts, path)
            self._notes(field, children[0])
            return field
        fields = [self._field(draft, item, member, raw) for item, raw in own]
        first = fields[0]
        if first is None or all(other is not None and alike(first, other) for other in fields):
            return first
        field = field_of(member, Value(ANYTHING, problems=["its type depends on the other members"]), path)
        self._notes(field, children[0])
        return field


def field_of(member: str, value: Value, path: str) -> DraftField:
    """A field of what a schema became."""
    made = DraftField(
        member,
        value.type,
        repeated=value.repeated,
        key=value.key,
        long_number=value.long_number,
        long_text=value.long_text,
        rules=value.rules,
        path=path,
    )
    for problem in dict.fromkeys(value.problems):
        _remark(made, problem)
    return made


def alike(one: DraftField, other: DraftField) -> bool:
    """Whether two fields have the same type, by name where it was drafted."""
    mine, theirs = one.type, other.type
    same = mine == theirs if isinstance(mine, str) or isinstance(theirs, str) else mine.wanted == theirs.wanted
    return same and (one.repeated, one.key, one.rules) == (other.repeated, other.key, other.rules)


def _described(field: DraftField) -> Any:
    kind = field.type
    return (
        None
        if isinstance(kind, str)
        else kind.comment[0]
        if kind.comment and isinstance(kind.comment, list)
        else kind.comment
    )


def _remark(field: DraftField, problem: str) -> None:
    field.comment.append(f"Not in this contract: {problem}.")


def _remarks(field: DraftField) -> list[str]:
    return [line for line in field.comment if line.startswith("Not in this contract: ")]


def _counts(node: Node, *limits: tuple[str, str]) -> Rules:
    rules: Rules = {}
    for keyword, rule in limits:
        value = node.keys.get(keyword)
        if isinstance(value, int | float) and not isinstance(value, bool) and (value or rule.startswith("max")):
            rules[rule] = int(value)
    return rules


def _group_name(members: set[str]) -> str:
    return next(name for name in ("kind", "choice", "variant", "one_of") if name not in members)


def _same(value: Any, zero: Any) -> bool:
    """Equal and of one type, for 0 is False and 0.0 is 0."""
    if isinstance(value, bool) or isinstance(zero, bool):
        return value is zero
    return bool(value == zero) and not (isinstance(value, Mapping) ^ isinstance(zero, Mapping))
