"""The parties in Python: our codec on both message libraries, and google's json_format as the referee."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from google.protobuf import json_format

from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.protojson import codec_for
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names
from tests.vectors.contracts import google_class, stubs
from tests.vectors.documents import Answer, Document

__all__ = ["answers_of_codec", "answers_of_referee", "canonical_of"]

_PROFILES: Final = {
    "default": JsonProfile(),
    "canonical": JsonProfile(defaults=Defaults.OMIT),
    "proto-names": JsonProfile(names=Names.PROTO),
    "enum-numbers": JsonProfile(enums=Enums.NUMBER),
    "int64-numbers": JsonProfile(int64=Int64.NUMBER),
}
_REFEREE: Final[dict[str, dict[str, Any]]] = {
    "default": {"always_print_fields_with_no_presence": True},
    "canonical": {},
    "proto-names": {"always_print_fields_with_no_presence": True, "preserving_proto_field_name": True},
}  # not numbers of enums, among which it counts NullValue


def answers_of_codec(library: str, documents: list[Document]) -> list[Answer]:
    """Of our codec, on the classes of `betterproto2` or `google`."""

    def cls(name: str) -> type[Any]:
        return google_class(name) if library == "google" else getattr(stubs(), name)

    return [_guarded(_of_codec, cls(document.type), document) for document in documents]


def answers_of_referee(documents: list[Document]) -> list[Answer]:
    """Of google.protobuf and its json_format."""
    return [_guarded(_of_referee, google_class(document.type), document) for document in documents]


def _guarded(answer: Callable[[Any, Document], Answer], cls: Any, document: Document) -> Answer:
    try:
        return answer(cls, document)
    except (ValueError, json_format.Error) as error:
        return Answer(error=f"{type(error).__name__}: {error}")


def _of_codec(cls: Any, document: Document) -> Answer:
    backend = backend_of(cls)
    if document.binary is not None:
        message = backend.parse(cls, document.binary)
    else:
        assert document.json is not None
        message = codec_for(cls).decode(document.json)
    texts = {name: codec_for(cls, profile).encode(message).decode() for name, profile in _PROFILES.items()}
    return Answer(binary=backend.serialize(message), json=texts)


def _of_referee(cls: Any, document: Document) -> Answer:
    message, pool = cls(), cls.DESCRIPTOR.file.pool
    if document.binary is not None:
        message.MergeFromString(document.binary)
    else:
        json_format.Parse(document.json, message, descriptor_pool=pool)
    texts = {name: _print(message, **options) for name, options in _REFEREE.items()}
    return Answer(binary=message.SerializeToString(deterministic=True), json=texts)


def canonical_of(name: str, binary: bytes) -> str:
    """A message in binary as the referee prints it."""
    return _print(google_class(name).FromString(binary))


def _print(message: Any, **options: Any) -> str:
    """On one line, in an order that is always the same."""
    pool = message.DESCRIPTOR.file.pool
    text: str = json_format.MessageToJson(
        message, descriptor_pool=pool, indent=None, ensure_ascii=False, sort_keys=True, **options
    )
    return text
