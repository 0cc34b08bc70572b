"""Contracts for tests: proto text to registered betterproto2 classes, and to google's classes beside them."""

from __future__ import annotations

import builtins
import dataclasses
import datetime
import functools
import itertools
import keyword
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import betterproto2
import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc

from iii_bridge.abi import v1 as abi
from iii_bridge.contract.registry import class_of
from iii_codegen.validate_file import VALIDATE_FILE, validate_proto

FieldProto = descriptor_pb2.FieldDescriptorProto

_SCALARS = {
    FieldProto.TYPE_DOUBLE: (betterproto2.TYPE_DOUBLE, "float"),
    FieldProto.TYPE_FLOAT: (betterproto2.TYPE_FLOAT, "float"),
    FieldProto.TYPE_INT64: (betterproto2.TYPE_INT64, "int"),
    FieldProto.TYPE_UINT64: (betterproto2.TYPE_UINT64, "int"),
    FieldProto.TYPE_INT32: (betterproto2.TYPE_INT32, "int"),
    FieldProto.TYPE_FIXED64: (betterproto2.TYPE_FIXED64, "int"),
    FieldProto.TYPE_FIXED32: (betterproto2.TYPE_FIXED32, "int"),
    FieldProto.TYPE_BOOL: (betterproto2.TYPE_BOOL, "bool"),
    FieldProto.TYPE_STRING: (betterproto2.TYPE_STRING, "str"),
    FieldProto.TYPE_BYTES: (betterproto2.TYPE_BYTES, "bytes"),
    FieldProto.TYPE_UINT32: (betterproto2.TYPE_UINT32, "int"),
    FieldProto.TYPE_SFIXED32: (betterproto2.TYPE_SFIXED32, "int"),
    FieldProto.TYPE_SFIXED64: (betterproto2.TYPE_SFIXED64, "int"),
    FieldProto.TYPE_SINT32: (betterproto2.TYPE_SINT32, "int"),
    FieldProto.TYPE_SINT64: (betterproto2.TYPE_SINT64, "int"),
}

_UNWRAPPED = {
    "Timestamp": "datetime.datetime",
    "Duration": "datetime.timedelta",
    "BoolValue": "bool",
    "BytesValue": "bytes",
    "DoubleValue": "float",
    "FloatValue": "float",
    "Int32Value": "int",
    "Int64Value": "int",
    "StringValue": "str",
    "UInt32Value": "int",
    "UInt64Value": "int",
}

_module_numbers = itertools.count()


class Contract:
    """Compiled files: `cls` gives our class of a full name, `google` the reference's."""

    def __init__(self, descriptors: descriptor_pb2.FileDescriptorSet) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        for file in descriptors.file:
            self.pool.Add(file)
        for file in descriptors.file:
            if not file.name.startswith(("google/protobuf/", "google/api/", "buf/")):
                _Module(file).register()

    def cls(self, full_name: str) -> type[Any]:
        return class_of(full_name)

    def google(self, full_name: str) -> type[Any]:
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(full_name))


@functools.cache
def compile_proto(text: str, name: str = "test.proto") -> Contract:
    """Runs protoc in this process on one file that may import google's, and the rules of buf.validate."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, name), Path(folder, "out.pb")
        source.write_text(text)
        include = Path(grpc_tools.__file__).parent / "_proto"
        import google.api

        api = Path(next(iter(google.api.__path__))).parent.parent
        if VALIDATE_FILE in text:
            rules = Path(folder, VALIDATE_FILE)
            rules.parent.mkdir(parents=True)
            rules.write_text(validate_proto())
        arguments = ["protoc", f"-I{folder}", f"-I{include}", f"-I{api}", "--include_imports"]
        assert protoc.main([*arguments, f"--descriptor_set_out={output}", name]) == 0, "protoc failed; see its output"
        return Contract(descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()))


class _Module:
    """One file's classes, in a module of their own so that their type hints resolve."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        self._file = file
        self._module = types.ModuleType(f"contract_layer_{next(_module_numbers)}")
        vars(self._module).update(abi=abi, builtins=builtins, datetime=datetime)
        sys.modules[self._module.__name__] = self._module
        self._types: list[tuple[str, type]] = []

    def register(self) -> None:
        prefix = f"{self._file.package}." if self._file.package else ""
        for enum in self._file.enum_type:
            self._enum(enum, prefix)
        for message in self._file.message_type:
            self._message(message, prefix)
        abi.register(abi.File(self._file.name, self._file.SerializeToString(), tuple(self._types)))

    def _add(self, full_name: str, cls: type) -> None:
        vars(self._module)[_flat(full_name)] = cls
        self._types.append((full_name, cls))

    def _enum(self, enum: descriptor_pb2.EnumDescriptorProto, prefix: str) -> None:
        names = [(value.number, value.name) for value in reversed(enum.value)]

        def fill(body: dict[str, Any]) -> None:
            for value in enum.value:
                body[f"V_{value.name}"] = value.number  # renamed: the codec takes names from descriptors
            body["betterproto_value_to_renamed_proto_names"] = classmethod(lambda _cls: dict(names))
            body["betterproto_renamed_proto_names_to_value"] = classmethod(lambda _cls: {n: v for v, n in names})

        cls = types.new_class(enum.name, (betterproto2.Enum,), exec_body=fill)
        cls.__module__ = self._module.__name__
        self._add(prefix + enum.name, cls)

    def _message(self, message: descriptor_pb2.DescriptorProto, prefix: str) -> None:
        full_name = prefix + message.name
        entries = {f".{full_name}.{nested.name}": nested for nested in message.nested_type if nested.options.map_entry}
        for enum in message.enum_type:
            self._enum(enum, f"{full_name}.")
        for nested in message.nested_type:
            if not nested.options.map_entry:
                self._message(nested, f"{full_name}.")
        body: dict[str, Any] = {"__module__": self._module.__name__, "__annotations__": {}}
        for field in message.field:
            attribute = (
                field.name + "_"
                if keyword.iskeyword(field.name) or hasattr(betterproto2.Message, field.name)
                else field.name
            )
            body["__annotations__"][attribute], body[attribute] = self._field(field, message, entries)
        cls = type(message.name, (betterproto2.Message,), body)
        self._add(full_name, dataclasses.dataclass(eq=False, repr=False, kw_only=True)(cls))

    def _field(self, field: FieldProto, message: Any, entries: dict[str, Any]) -> tuple[str, Any]:
        if field.type_name in entries:
            key, value = entries[field.type_name].field
            key_type, key_hint, _ = self._value(key)
            value_type, value_hint, unwrap = self._value(value)
            meta = betterproto2.map_meta(key_type, value_type, unwrap_2=unwrap)
            field_ = betterproto2.field(field.number, betterproto2.TYPE_MAP, map_meta=meta)
            return f"builtins.dict[{key_hint}, {value_hint}]", field_
        proto_type, hint, unwrap = self._value(field)
        if field.label == FieldProto.LABEL_REPEATED:
            return f"builtins.list[{hint}]", betterproto2.field(field.number, proto_type, repeated=True, unwrap=unwrap)
        in_oneof = field.HasField("oneof_index") and not field.proto3_optional
        presence = in_oneof or field.proto3_optional or self._file.syntax != "proto3"
        options: dict[str, Any] = {"unwrap": unwrap}
        if in_oneof:
            options["group"] = message.oneof_decl[field.oneof_index].name
        elif presence:
            options["optional"] = True
        elif field.type == FieldProto.TYPE_ENUM:
            options["default_factory"] = self._zero(hint)
        if presence or proto_type == betterproto2.TYPE_MESSAGE:
            hint += " | None"
        return hint, betterproto2.field(field.number, proto_type, **options)

    def _zero(self, hint: str) -> Any:
        return lambda: (abi.NullValue if hint == "abi.NullValue" else vars(self._module)[hint])(0)

    def _value(self, field: FieldProto) -> tuple[str, str, Any]:
        if field.type in _SCALARS:
            proto_type, hint = _SCALARS[field.type]
            return proto_type, f"builtins.{hint}", None
        proto_type = betterproto2.TYPE_ENUM if field.type == FieldProto.TYPE_ENUM else betterproto2.TYPE_MESSAGE
        name = field.type_name.removeprefix(".google.protobuf.")
        if name == field.type_name:
            return proto_type, _flat(field.type_name.removeprefix(".")), None
        if name in _UNWRAPPED:
            hint = _UNWRAPPED[name]
            return proto_type, hint if "." in hint else f"builtins.{hint}", lambda: getattr(abi, name)
        return proto_type, f"abi.{name}", None


def _flat(full_name: str) -> str:
    return full_name.replace(".", "__")
