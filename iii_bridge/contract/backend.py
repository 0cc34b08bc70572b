"""What the codec needs of a message library, and which library a class belongs to.

A backend answers questions about classes, and gives functions and lines of
source that handle their messages. It is asked when a codec is compiled, never
per message. A library is added by one module that fulfils `MessageBackend`.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from iii_bridge.contract.schema import EnumSchema, MessageSchema

if TYPE_CHECKING:
    from iii_bridge.contract.plan import Element, FieldPlan, Shape

__all__ = [
    "FieldAccess",
    "Item",
    "MessageBackend",
    "MessageSource",
    "ScalarForm",
    "add_backend",
    "backend_of",
]


class FieldAccess(NamedTuple):
    """How one field is reached on its message."""

    attribute: str
    cls: type | None = None
    """The class behind a message or enum: of the value, of a list's items or of a map's values.

    An enum's class makes a value of a number.
    """
    enum: EnumSchema | None = None
    """What the contract says of an enum."""


class ScalarForm(NamedTuple):
    """How one single value is read from JSON and written. Both raise Problem for what does not fit."""

    read: Callable[[Any], Any]
    """A value of `json_text` to what the field holds."""
    write: Callable[[Any], Any]
    """What the field holds to a JSON value."""


Item = Callable[[str, str], str]
"""(name of a variable with a decoded value, where a message is to be filled) to the expression for one value.

The second is empty for values that are no messages, and where messages are not filled in place.
"""


class MessageSource(Protocol):
    """The lines of compiled functions that touch messages.

    In the lines `m` is the message and `v` one field's value, decoded by
    msgspec or as the library holds it. Names of the library's own come from
    `names`.
    """

    @property
    def names(self) -> Mapping[str, Any]:
        """What the lines need: functions by name."""
        ...

    @property
    def fills(self) -> bool:
        """Whether a message inside another is filled where it stands, because it cannot be stored there."""
        ...

    @property
    def trusted(self) -> bool:
        """Whether the library keeps every field within its type, so that encoders check little.

        Strings may still be `bytes`, where the library found no text, and doubles infinite.
        """
        ...

    def begin(self, type_name: str) -> list[str]:
        """Makes `m` a message of the class called `type_name` whose fields are all still to be set.

        With `fills`, `m` is given and empty.
        """
        ...

    def create(self, type_name: str) -> str:
        """The expression for an empty message; asked for with `fills` only."""
        ...

    def read(self, element: Element, value: str, target: str) -> str | None:
        """The expression for a value that is no number, text or plain message; None to use the exact codec's."""
        ...

    def absent(self, field: FieldPlan, default: str) -> list[str]:
        """What is done about a field that the document leaves out."""
        ...

    def store(self, field: FieldPlan, key: str, item: Item) -> list[str]:
        """Puts the decoded `v` into a field; `key` is the expression for the map key `k`."""
        ...

    def load(self, field: FieldPlan) -> str:
        """The expression for what a field without presence holds."""
        ...

    def if_present(self, field: FieldPlan, then: list[str]) -> list[str]:
        """For a field with presence: `then`, with `v`, when it is set. An `else:` may follow."""
        ...

    def write(self, element: Element, value: str) -> str | None:
        """The expression for the JSON of a value that is no plain message; None to use the exact codec's."""
        ...

    def unboxed(self, value: str) -> str:
        """The plain value of a wrapper; asked for where wrappers are messages."""
        ...

    def listed(self, value: str) -> str:
        """A list's expression as a `list` that msgspec writes; asked for with `trusted` only."""
        ...

    def entries(self, value: str) -> str:
        """What follows `for` in a comprehension over a map's keys `k` and values `x`; asked for with `trusted` only."""
        ...


class MessageBackend(Protocol):
    """A message library, as the codec sees it. Serialized bytes are the common ground between libraries."""

    def __hash__(self) -> int:
        """By identity: readers and writers are kept per backend."""
        ...

    @property
    def name(self) -> str:
        """The name users choose it by."""
        ...

    @property
    def source(self) -> MessageSource:
        """The lines of compiled functions."""
        ...

    @property
    def boxes(self) -> bool:
        """Whether a field of a wrapper type holds the wrapper, and not its plain value."""
        ...

    def owns(self, message_type: type) -> bool:
        """Whether the class is one of this library's messages."""
        ...

    def schema(self, message_type: type) -> MessageSchema:
        """What the contract says of a message class. Raises KeyError for one that stands in no contract."""
        ...

    def fields(self, message_type: type) -> Mapping[int, FieldAccess]:
        """How each field is reached, by field number. Raises UnsupportedError for fields the library lacks."""
        ...

    def class_of(self, full_name: str, near: type) -> type:
        """The message class of a protobuf full name, as `near`, a class of Any, knows it. Raises KeyError."""
        ...

    def loader(self, field: FieldPlan) -> Callable[[Any], Any]:
        """A function from a message to a field's value: a `list`, a `dict`, None for an unset field with presence."""
        ...

    def storer(self, field: FieldPlan) -> Callable[[Any, Any], None]:
        """A function that puts a value into a field of a message."""
        ...

    def scalar_form(self, element: Element) -> ScalarForm | None:
        """How a Timestamp, Duration or FieldMask is held; None for other values."""
        ...

    def make(self, shape: Shape, cls: type, content: Any) -> Any:
        """A well-known message of its content.

        Of a STRUCT the content is a dict of plain values, of a LIST a list of
        them, of a VALUE one: None, bool, float, str, list or dict. Of an ANY
        it is its type URL and bytes; of a wrapper, where wrappers are
        messages, the plain value.
        """
        ...

    def open(self, shape: Shape, value: Any) -> Any:
        """The other way round, one level at a time. Raises Problem for a value of another class.

        Of a STRUCT a dict of values, of a LIST a list of them, of a VALUE the
        name of the field that is set and its value.
        """
        ...

    def unbox(self, message: Any) -> Any:
        """What a field of the message's type holds (a datetime, for a Timestamp). Raises Problem if nothing can."""
        ...

    def box(self, message_type: type, value: Any) -> Any:
        """The other way round: the message of what a field holds."""
        ...

    def serialize(self, message: Any) -> bytes:
        """The message in binary."""
        ...

    def parse(self, message_type: type, data: bytes) -> Any:
        """A message from binary.

        Raises Problem for a value that the library's types do not hold, another ValueError for bytes that are none.
        """
        ...


_OURS: Final = {
    "betterproto2": "iii_bridge.contract.betterproto",
    "google": "iii_bridge.contract.google_messages",
}
"""Our own backends by name: the module that holds each as `BACKEND`. The first is the default."""

_added: Final[list[MessageBackend]] = []


def add_backend(backend: MessageBackend) -> None:
    """Makes one more message library known; classes that another backend owns stay with that."""
    _added.append(backend)


@functools.cache
def backend_of(message_type: type) -> MessageBackend:
    """The backend that owns a class. Raises TypeError for a class that is no message."""
    for module in _OURS.values():
        backend: MessageBackend = importlib.import_module(module).BACKEND
        if backend.owns(message_type):
            return backend
    for backend in _added:
        if backend.owns(message_type):
            return backend
    raise TypeError(f"{message_type.__name__} is not a generated message class; generate it from its contract")
