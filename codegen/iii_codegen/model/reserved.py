"""What a contract says of types beside their fields: reservations, labels and the JSON format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FeatureSet,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from iii_codegen.model.nodes import File

__all__ = ["Aside", "asides"]


@dataclass(frozen=True, slots=True)
class Aside:
    """Of one message or enum."""

    names: frozenset[str]
    """Reserved names."""
    ranges: tuple[tuple[int, int], ...]
    """Reserved numbers, both ends included."""
    labelled: frozenset[int]
    """Numbers of the fields with the label `required` (proto2), or the feature of that name."""
    strict_json: bool
    """Whether protoc holds the type to a JSON form without ambiguity."""

    def reserves(self, number: int) -> bool:
        """Whether a number is reserved."""
        return any(low <= number <= high for low, high in self.ranges)

    def covers(self, low: int, high: int) -> bool:
        """Whether a whole range is reserved, by whatever ranges."""
        for first, last in sorted(self.ranges):
            if first <= low <= last:
                low = last + 1
        return low > high


def asides(file: File) -> dict[str, Aside]:
    """By the full name of each message and enum of a file."""
    proto = FileDescriptorProto.FromString(file.descriptor)
    strict = _json(proto.options.features, proto.syntax in ("proto3", "editions"))
    prefix = f"{proto.package}." if proto.package else ""
    found = {f"{prefix}{item.name}": _of_enum(item, strict) for item in proto.enum_type}
    for item in proto.message_type:
        found.update(_of_message(item, prefix, strict))
    return found


def _of_message(proto: DescriptorProto, prefix: str, strict: bool) -> Iterator[tuple[str, Aside]]:
    strict = _json(proto.options.features, strict)
    required = FieldDescriptorProto.LABEL_REQUIRED
    by_feature = FeatureSet.LEGACY_REQUIRED
    labelled = (
        item.number
        for item in proto.field
        if item.label == required or item.options.features.field_presence == by_feature
    )
    ranges = tuple((item.start, item.end - 1) for item in proto.reserved_range)
    yield prefix + proto.name, Aside(frozenset(proto.reserved_name), ranges, frozenset(labelled), strict)
    inner = f"{prefix}{proto.name}."
    for enum in proto.enum_type:
        yield inner + enum.name, _of_enum(enum, strict)
    for message in proto.nested_type:
        yield from _of_message(message, inner, strict)


def _of_enum(proto: EnumDescriptorProto, strict: bool) -> Aside:
    ranges = tuple((item.start, item.end) for item in proto.reserved_range)
    strict = _json(proto.options.features, strict)
    return Aside(frozenset(proto.reserved_name), ranges, frozenset(), strict)


def _json(features: FeatureSet, inherited: bool) -> bool:
    if features.json_format == FeatureSet.JSON_FORMAT_UNKNOWN:
        return inherited
    return features.json_format == FeatureSet.ALLOW
