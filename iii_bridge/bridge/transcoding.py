"""google.api.http: the parts of an HTTP request to a method's request as JSON, and its response to a body.

Everything is put together as JSON text and decoded by the method's own codec
afterwards, so that every check applies to it. Where the path, the query and
the body speak of one field they have to agree.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from msgspec import Raw

from iii_bridge.contract.http_template import parse_template
from iii_bridge.contract.json_text import has_duplicates
from iii_bridge.contract.plan import FieldPlan, MessagePlan, Shape, plan_of
from iii_bridge.contract.protojson import CodecError, codec_for
from iii_bridge.contract.spec import Defaults, HttpRule, MethodSpec
from iii_bridge.errors import ContractError, Side
from iii_bridge.types import Json
from iii_bridge.wire import NULL

__all__ = ["Transcoder"]

_STRUCTURED: Final = frozenset({Shape.MESSAGE, Shape.STRUCT, Shape.VALUE, Shape.LIST, Shape.ANY})
_INTEGER: Final = re.compile(r"-?[0-9]{1,20}")  # longer ones are names that no enum has
_members_decoder: Final = msgspec.json.Decoder(dict[str, Raw])
_NO_BODY: Final = Raw(b"{}")


@dataclass(slots=True)
class _Leaf:
    """Values of one field, as they stood in the URL, and as JSON."""

    repeated: bool
    texts: list[str] = field(default_factory=list[str])
    encoded: list[bytes] = field(default_factory=list[bytes])

    def json(self) -> bytes:
        return b"[" + b",".join(self.encoded) + b"]" if self.repeated else self.encoded[-1]


@dataclass(slots=True)
class _Branch:
    """Fields of one message that the URL speaks of, by json_name; unknown ones by the name given."""

    plan: MessagePlan
    members: dict[str, _Leaf | _Branch] = field(default_factory=lambda: dict[str, "_Leaf | _Branch"]())


class Transcoder:
    """One rule of one method. Raises ContractError naming the method, side and path for what does not fit."""

    def __init__(self, method: MethodSpec[Any, Any], rule: HttpRule) -> None:
        self.template = parse_template(rule.template)
        self._method = method
        self._rule = rule
        request: type = method.request
        self._plan = plan_of(request)
        self._body_field = _field_of(self._plan, rule.body) if rule.body not in ("", "*") else None

    def request(self, path: Mapping[str, str], query: Iterable[tuple[str, str]], body: Raw | None) -> Raw:
        """The request as JSON. `path` and `query` hold decoded text, `body` is JSON, None when there is none."""
        tree = _Branch(self._plan)
        for name, value in path.items():
            self._add(tree, name, value)
        bound = {self._canonical(name) for name in path}
        if self._rule.body != "*":
            for name, value in query:
                self._add_query(tree, name, value, bound)
        return self._merge(self._document(body), tree, "$") if tree.members else self._document(body)

    def response(self, data: Raw) -> Raw:
        """The answer's body: the response, or the one field of it that `response_body` names."""
        if not self._rule.response_body:
            return data
        response: type = self._method.response
        found = _field_of(plan_of(response), self._rule.response_body)
        if found is None:
            return data
        members = _members_decoder.decode(data)
        for name in (found.schema.json_name, found.schema.name):
            if name in members:
                return members[name]
        return self._default_of(found)

    # --- the body ------------------------------------------------------------

    def _document(self, body: Raw | None) -> Raw:
        if self._rule.body == "*":
            return _NO_BODY if body is None else body
        if self._body_field is None or body is None:
            return _NO_BODY
        return Raw(b"{" + msgspec.json.encode(self._body_field.schema.json_name) + b":" + bytes(body) + b"}")

    def _default_of(self, found: FieldPlan) -> Raw:
        """A member the profile leaves out: its default value, null for one that is not set."""
        codec = codec_for(self._method.response, dataclasses.replace(self._method.json, defaults=Defaults.EMIT))
        try:
            members = _members_decoder.decode(codec.encode(self._method.response()))
        except CodecError:
            return NULL
        return members.get(found.schema.json_name, members.get(found.schema.name, NULL))

    # --- the URL -------------------------------------------------------------

    def _canonical(self, path: str) -> str:
        """A field path in proto names, whatever spelling was used."""
        plan: MessagePlan | None = self._plan
        names: list[str] = []
        for name in path.split("."):
            found = _field_of(plan, name) if plan else None
            names.append(found.schema.name if found else name)
            plan = _held(found)
        return ".".join(names)

    def _add_query(self, tree: _Branch, name: str, value: str, bound: set[str]) -> None:
        canonical = self._canonical(name)
        if canonical in bound:
            if self._leaf_texts(tree, canonical) != [value]:
                raise self._violation(f"$.{name}", "the query and the path disagree")
            return
        first = canonical.split(".", 1)[0]
        if self._body_field is not None and first == self._body_field.schema.name:
            raise self._violation(f"$.{name}", "the body holds this field; take it out of the query")
        self._add(tree, name, value)

    def _leaf_texts(self, tree: _Branch, canonical: str) -> list[str]:
        branch = tree
        *above, last = canonical.split(".")
        for name in above:
            held = branch.members.get(_key(branch.plan, name))
            if not isinstance(held, _Branch):
                return []
            branch = held
        leaf = branch.members.get(_key(branch.plan, last))
        return leaf.texts if isinstance(leaf, _Leaf) else []

    def _add(self, tree: _Branch, path: str, value: str) -> None:
        """Puts one value into the tree. A name the contract does not know stays whole: the codec's policy decides."""
        here = f"$.{path}"
        names = path.split(".") if _field_of(tree.plan, path.split(".", 1)[0]) else [path]
        branch = tree
        for name in names[:-1]:
            branch = self._step(branch, name, here)
        found = _field_of(branch.plan, names[-1])
        if found is None:
            branch.members[names[-1]] = _Leaf(False, [value], [msgspec.json.encode(value)])
            return
        if found.key is not None or found.element.shape in _STRUCTURED:
            raise self._violation(here, "only scalar fields fit into a URL; send a body")
        leaf = branch.members.setdefault(found.schema.json_name, _Leaf(found.schema.repeated))
        if not isinstance(leaf, _Leaf) or (leaf.texts and not leaf.repeated):
            raise self._violation(here, "the field is given twice")
        leaf.texts.append(value)
        leaf.encoded.append(self._scalar(found, value, here))

    def _step(self, branch: _Branch, name: str, here: str) -> _Branch:
        found = _field_of(branch.plan, name)
        held = _held(found)
        if found is None or held is None:
            raise self._violation(here, "only scalar fields fit into a URL; send a body")
        below = branch.members.setdefault(found.schema.json_name, _Branch(held))
        if not isinstance(below, _Branch):
            raise self._violation(here, "the field is given twice")
        return below

    def _scalar(self, found: FieldPlan, value: str, here: str) -> bytes:
        """Text from a URL as JSON. Numbers may stay strings: ProtoJSON takes them so."""
        shape = found.element.shape
        if shape is Shape.BOOL:
            if value not in ("true", "false"):
                raise self._violation(here, "neither true nor false")
            return value.encode()
        if shape is Shape.ENUM and _INTEGER.fullmatch(value):
            return str(int(value)).encode()
        return msgspec.json.encode(value)

    # --- both ----------------------------------------------------------------

    def _merge(self, data: Raw, tree: _Branch, path: str) -> Raw:
        """The object with the URL's members added. The body's own text is kept, so that the codec judges all of it."""
        try:
            present = _members_decoder.decode(data)
        except msgspec.DecodeError:
            what = "the body is not a JSON object" if path == "$" else "expected an object"
            raise self._violation(path, what) from None
        added: list[bytes] = []
        replaced: dict[str, Raw] = {}
        for name, node in tree.members.items():
            spelled = next((spelling for spelling in _spellings(tree.plan, name) if spelling in present), None)
            here = f"{path}.{spelled or name}"
            if isinstance(node, _Branch):
                inner = self._merge(_NO_BODY if spelled is None else present[spelled], node, here)
                if spelled is not None:
                    replaced[spelled] = inner
                    continue
                added.append(msgspec.json.encode(name) + b":" + bytes(inner))
            elif spelled is None:
                added.append(msgspec.json.encode(name) + b":" + node.json())
            elif not _agrees(node, present[spelled]):
                raise self._violation(here, "the body and the path disagree")
        if replaced:
            if has_duplicates(bytes(data)):
                raise self._violation(path, "a member occurs twice")
            data = Raw(msgspec.json.encode({**present, **replaced}))
        rest = bytes(data).strip()[1:]
        separator = b"," if added and present else b""
        return Raw(b"{" + b",".join(added) + separator + rest)

    def _violation(self, path: str, problem: str) -> ContractError:
        return ContractError(self._method.function_id, Side.REQUEST, path, problem)


def _field_of(plan: MessagePlan, name: str) -> FieldPlan | None:
    """By either spelling; a json_name never hides a field's own name."""
    by_name = next((found for found in plan.fields if found.schema.name == name), None)
    return by_name or next((found for found in plan.fields if found.schema.json_name == name), None)


def _held(found: FieldPlan | None) -> MessagePlan | None:
    """The message of a plain message field."""
    if found is None or found.schema.repeated or found.key is not None or found.element.cls is None:
        return None
    return plan_of(found.element.cls) if found.element.shape is Shape.MESSAGE else None


def _key(plan: MessagePlan, name: str) -> str:
    found = _field_of(plan, name)
    return found.schema.json_name if found else name


def _spellings(plan: MessagePlan, name: str) -> tuple[str, ...]:
    found = _field_of(plan, name)
    return (name,) if found is None else (found.schema.json_name, found.schema.name)


def _agrees(leaf: _Leaf, present: Raw) -> bool:
    written = bytes(present)
    if leaf.repeated:
        return written == leaf.json()
    return written in (leaf.encoded[0], leaf.texts[0].encode()) or _string(present) == leaf.texts[0]


def _string(data: Raw) -> Json:
    """The text of a JSON string however it is escaped; None for anything else."""
    try:
        return msgspec.json.decode(data, type=str)
    except msgspec.DecodeError:
        return None
