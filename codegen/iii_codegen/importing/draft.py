"""A contract in the making: what was read from schemas, before it has names and numbers.

Fields refer to the drafts of messages and enums themselves, so that names can
be given at the end, when it is known which messages are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from iii_bridge.types import Json

__all__ = ["Binding", "DraftEnum", "DraftField", "DraftMessage", "DraftMethod", "Finding", "Function", "Seen"]

Rules = dict[str, Any]
"""Options of `buf.validate.field`, nested as its messages are."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a contract cannot say, or says otherwise; in the file it is a comment."""

    function_id: str
    side: str
    """`request`, `response`, `binding` or `contract`."""
    path: str
    """The place in the payload, as a JSON path; `[]` and `{}` stand for any item and any member."""
    problem: str

    def __str__(self) -> str:
        return f"{self.function_id} {self.side}: {self.problem} at {self.path}"

    def as_json(self) -> dict[str, str]:
        """For programs: every part by name."""
        return {"function_id": self.function_id, "side": self.side, "path": self.path, "problem": self.problem}


@dataclass(frozen=True, slots=True)
class Binding:
    """One registered trigger of a function."""

    trigger_type: str
    config: dict[str, Json]
    adapted: bool = False
    """Whether an adapter stands between the trigger and the function, as http routes of contracts have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A live function as its catalogue describes it; schemas are decoded JSON, None where it has none."""

    function_id: str
    namespace: str = "default"
    description: str = ""
    metadata: dict[str, Json] = field(default_factory=lambda: dict[str, Json]())
    method: str = ""
    """The full name of the method it says it serves, empty for a function written by hand."""
    request: Json = None
    response: Json = None
    bindings: tuple[Binding, ...] = ()


@dataclass(slots=True)
class Seen:
    """How one schema speaks of a field's presence."""

    response: bool
    required: bool
    nullable: bool
    zero_default: bool
    """Whether leaving it out means the same as its default value in protobuf."""


@dataclass(slots=True, eq=False)
class DraftEnum:
    """An enum, whose first value is 0."""

    wanted: str
    values: list[tuple[str, str]]
    """Names and comments."""
    comment: str = ""
    name: str = ""
    parent: DraftMessage | None = None
    """The message it stands in, where its values cannot stand at the top."""

    def same(self, other: DraftEnum) -> bool:
        """Whether both have the same values."""
        return [name for name, _ in self.values] == [name for name, _ in other.values]


@dataclass(slots=True, eq=False)
class DraftField:
    """A field, known by the member it is in JSON."""

    member: str
    type: str | DraftMessage | DraftEnum = "string"
    """A scalar, a full name, or a draft."""
    repeated: bool = False
    key: str = ""
    """The scalar of a map's keys; empty for every other field."""
    long_number: bool = False
    """A 64-bit integer that is a JSON number."""
    long_text: bool = False
    """One that is a string, also as a map's value or an item."""
    rules: Rules = field(default_factory=lambda: Rules())
    comment: list[str] = field(default_factory=lambda: list[str]())
    behaviors: list[str] = field(default_factory=lambda: list[str]())
    deprecated: bool = False
    seen: list[Seen] = field(default_factory=lambda: list[Seen]())
    oneof: str = ""
    name: str = ""
    number: int = 0
    path: str = ""

    @property
    def plural(self) -> bool:
        """A list or a map, which has no presence."""
        return self.repeated or bool(self.key)


@dataclass(slots=True, eq=False)
class DraftMessage:
    """A message; `wanted` is the name it asks for, `name` the one it gets."""

    wanted: str
    fallback: str
    """A longer name, for when another message has the first."""
    fields: list[DraftField] = field(default_factory=lambda: list[DraftField]())
    comment: list[str] = field(default_factory=lambda: list[str]())
    closed: dict[bool, bool] = field(default_factory=lambda: dict[bool, bool]())
    """Whether members besides its own are refused: in requests (False) and in responses (True)."""
    deprecated: bool = False
    required_oneofs: set[str] = field(default_factory=lambda: set[str]())
    name: str = ""

    def reachable(self) -> Iterator[DraftMessage]:
        """Itself and every message below it, each once."""
        seen: set[int] = set()
        waiting: list[DraftMessage] = [self]
        while waiting:
            here = waiting.pop(0)
            if id(here) in seen:
                continue
            seen.add(id(here))
            yield here
            waiting.extend(item.type for item in here.fields if isinstance(item.type, DraftMessage))


@dataclass(slots=True, eq=False)
class DraftMethod:
    """A method: roots are full names of known messages, or drafts."""

    function: Function
    name: str
    request: str | DraftMessage
    response: str | DraftMessage
    options: dict[str, Any] = field(default_factory=lambda: dict[str, Any]())
    """Of `iii_bridge.v1.function`."""
    bindings: list[Binding] = field(default_factory=lambda: list[Binding]())
    comment: list[str] = field(default_factory=lambda: list[str]())

    def drafts(self) -> Iterator[DraftMessage]:
        """Every message of both sides that was drafted."""
        for root in (self.request, self.response):
            if isinstance(root, DraftMessage):
                yield from root.reachable()
