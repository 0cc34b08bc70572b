"""The contracts live workers tell, as `.proto` files, with the comments their functions are registered with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

from iii_bridge.contract.compat.document import as_object
from iii_bridge.types import Json
from iii_codegen.compile import with_libraries
from iii_codegen.importing.draft import Function
from iii_codegen.model.library import is_library
from iii_codegen.proto_text import proto_text

__all__ = ["reflected_files"]


def reflected_files(descriptors: bytes, functions: Sequence[Function], comment: str) -> dict[str, str]:
    """The text of each file of a serialized FileDescriptorSet by its path, but for those of libraries.

    Descriptors carry no comments; descriptions come from the catalogue and
    the schemas of `functions`. Raises CompileError where a library is missing.
    """
    told = FileDescriptorSet.FromString(descriptors).file
    files = [FileDescriptorProto.FromString(data) for data in with_libraries([f.SerializeToString() for f in told])]
    comments = _comments(files, functions)
    found: dict[str, str] = {}
    for index, file in enumerate(files):
        if not is_library(file.name):
            found[file.name] = proto_text(file, tuple(files[:index]), comment, comments)
    return found


def _comments(files: Sequence[FileDescriptorProto], functions: Sequence[Function]) -> dict[str, str]:
    messages = {name: message for file in files for name, message in _messages(file)}
    by_key = {name.replace(".", "_"): name for name in messages}
    methods = {
        f"{_dotted(file.package, service.name)}/{method.name}": method
        for file in files
        for service in file.service
        for method in service.method
    }
    found: dict[str, str] = {}
    for function in functions:
        method = methods.get(function.method)
        if method is None:
            continue
        if function.description:
            found[function.method.replace("/", ".")] = function.description
        for root, schema in ((method.input_type[1:], function.request), (method.output_type[1:], function.response)):
            for name, described in _described(root, schema, by_key):
                _describe(name, described, messages, found)
    return found


def _described(root: str, schema: Json, by_key: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Full names of messages, and their schemas, in a schema we made."""
    whole = as_object(schema) or {}
    yield root, whole
    for word in ("$defs", "definitions"):
        for key, value in (as_object(whole.get(word)) or {}).items():
            if key in by_key:
                yield by_key[key], as_object(value) or {}


def _describe(
    name: str, schema: Mapping[str, Any], messages: Mapping[str, DescriptorProto], found: dict[str, str]
) -> None:
    message = messages.get(name)
    if message is None:
        return
    members = as_object(schema.get("properties")) or {}
    texts = {name: schema.get("description")}
    for field in message.field:
        member = as_object(members.get(field.json_name)) or as_object(members.get(field.name)) or {}
        texts[f"{name}.{field.name}"] = member.get("description")
    for place, text in texts.items():
        if isinstance(text, str):
            found.setdefault(place, text)


def _messages(file: FileDescriptorProto) -> Iterator[tuple[str, DescriptorProto]]:
    def below(scope: str, items: Any) -> Iterator[tuple[str, DescriptorProto]]:
        for item in items:
            name = _dotted(scope, item.name)
            yield name, item
            yield from below(name, item.nested_type)

    yield from below(file.package, file.message_type)


def _dotted(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name
