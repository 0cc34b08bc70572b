"""Reads serialized descriptors, options and all. The options are found through the descriptors themselves.

A private pool resolves what a FileDescriptorProto leaves open: features of
editions, presence, and extensions of options, so no generated option classes
are needed and any version of the option files works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError, Message

from iii_bridge.types import Json

__all__ = ["DescriptorError", "Descriptors", "OptionError"]

_DESCRIPTOR_PROTO: Final = "google/protobuf/descriptor.proto"
_OWN_PACKAGE: Final = "iii_bridge.v1."


class OptionError(ValueError):
    """An option that does not fit its definition; the text says how."""


class DescriptorError(ValueError):
    """A file that protoc takes and the protobuf runtime does not, such as a map called `_1`."""

    def __init__(self, file: str, problem: str) -> None:
        self.file = file
        super().__init__(problem)


class Descriptors:
    """The files of one run, dependencies first."""

    def __init__(self, files: Sequence[bytes]) -> None:
        """Raises DescriptorError."""
        self.protos = [FileDescriptorProto.FromString(data) for data in files]
        self._pool = descriptor_pool.DescriptorPool()
        if all(proto.name != _DESCRIPTOR_PROTO for proto in self.protos):
            own = FileDescriptorProto()
            FileDescriptorProto.DESCRIPTOR.file.CopyToProto(own)
            self._pool.Add(own)  # type: ignore[no-untyped-call,unused-ignore]
        for proto, data in zip(self.protos, files, strict=True):
            try:
                self._pool.AddSerializedFile(data)
            except TypeError as error:
                raise DescriptorError(proto.name, str(error)) from error
        self._classes: dict[str, Any] = {}

    def file(self, path: str) -> FileDescriptor:
        """A file with its features resolved."""
        return self._pool.FindFileByName(path)

    def message(self, full_name: str) -> Descriptor:
        """A message with its features resolved. Raises KeyError."""
        return self._pool.FindMessageTypeByName(full_name)

    def enum_is_closed(self, full_name: str) -> bool:
        """Whether an enum refuses numbers it does not name. Raises KeyError."""
        return bool(self._pool.FindEnumTypeByName(full_name).is_closed)

    def options(self, options: Message) -> Mapping[str, Json]:
        """An option message in its ProtoJSON form, extensions as `[full.name]`. Raises OptionError."""
        if not options.ByteSize():
            return {}
        name = options.DESCRIPTOR.full_name
        try:
            cls = self._classes.get(name)
            if cls is None:
                cls = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))
                self._classes[name] = cls
            known = cls.FromString(options.SerializeToString())
            _refuse_unnamed(known)
            return json_format.MessageToDict(known, preserving_proto_field_name=True, descriptor_pool=self._pool)
        except OptionError:
            raise
        except (DecodeError, json_format.Error, ValueError, OverflowError) as error:
            raise OptionError(f"option does not fit its definition: {error}") from error


def _refuse_unnamed(message: Any) -> None:
    """protoc takes any number for an enum; in our options only the named ones mean something. Raises OptionError."""
    for field, value in message.ListFields():
        if field.enum_type is not None and field.enum_type.full_name.startswith(_OWN_PACKAGE):
            if value not in field.enum_type.values_by_number:
                raise OptionError(f"{field.name} is {value}, which {field.enum_type.full_name} does not name")
        elif field.message_type is not None and field.message_type.full_name.startswith(_OWN_PACKAGE):
            for item in value if field.is_repeated else (value,):
                if not field.message_type.GetOptions().map_entry:
                    _refuse_unnamed(item)
