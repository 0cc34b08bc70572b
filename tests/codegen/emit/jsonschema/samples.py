"""One contract with every kind of field, its schemas as validators, and random messages of it."""

from __future__ import annotations

import functools
import json
import random
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator

from iii_bridge.contract.spec import JsonProfile, UnknownMembers
from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.shapes import Shapes, View
from iii_codegen.model.nodes import Tree
from tests.codegen.support import descriptors, load, shop, tree_of
from tests.contract_layer.random_messages import Randomizer

DEFAULT = JsonProfile()
VALIDATORS = {"2020-12": Draft202012Validator, "draft-07": Draft7Validator}

SOURCE = shop(
    """
    enum Color { COLOR_UNSPECIFIED = 0; RED = 1; NEGATIVE = -3; }
    // A node.
    message Node { int32 number = 1; Node child = 2; repeated Node children = 3; map<string, Node> named = 4; }
    message All {
      double a_double = 1; float a_float = 2; int32 an_int32 = 3; int64 an_int64 = 4; uint32 a_uint32 = 5;
      uint64 a_uint64 = 6; sint32 a_sint32 = 7; sint64 a_sint64 = 8; fixed32 a_fixed32 = 9; fixed64 a_fixed64 = 10;
      sfixed32 a_sfixed32 = 11; sfixed64 a_sfixed64 = 12; bool a_bool = 13; string a_string = 14; bytes a_bytes = 15;
      Color a_color = 16; Node a_node = 17; All again = 18;
      repeated double doubles = 21; repeated int64 longs = 22; repeated bytes blobs = 23; repeated Color colors = 24;
      repeated Node nodes = 25; repeated google.protobuf.Timestamp times = 26;
      map<string, string> by_string = 31; map<int32, int64> by_int = 32; map<uint64, Color> by_long = 33;
      map<bool, bytes> by_bool = 34; map<sint64, google.protobuf.Duration> by_signed = 35;
      optional int64 maybe_long = 41; optional string maybe_text = 42; optional Color maybe_color = 43;
      oneof choice { string left = 51; Node middle = 52; int64 right = 53; google.protobuf.Timestamp moment = 54; }
      oneof other { bool yes = 61; bool no = 62; }
      google.protobuf.Timestamp time = 71; google.protobuf.Duration span = 72; google.protobuf.FieldMask mask = 73;
      google.protobuf.Struct object = 74; google.protobuf.Value value = 75; google.protobuf.ListValue list = 76;
      google.protobuf.Any any = 77; repeated google.protobuf.Value values = 70;
      oneof nulls { google.protobuf.NullValue null_a = 63; google.protobuf.NullValue null_b = 64; }
      google.protobuf.Empty nothing = 78; google.protobuf.NullValue null = 79;
      google.protobuf.BoolValue box_bool = 81; google.protobuf.Int32Value box_int = 82;
      google.protobuf.UInt64Value box_long = 83; google.protobuf.StringValue box_text = 84;
      google.protobuf.BytesValue box_bytes = 85; google.protobuf.DoubleValue box_double = 86;
      repeated google.protobuf.Int64Value boxes = 87;
      string renamed = 91 [json_name = "other-name"];
      string deprecated = 92 [deprecated = true];
    }
    message Required {
      string text = 1 [(google.api.field_behavior) = REQUIRED];
      string other_text = 6 [(google.api.field_behavior) = REQUIRED];
      Node node = 2 [(google.api.field_behavior) = REQUIRED];
      optional int32 number = 3 [(google.api.field_behavior) = REQUIRED];
      string free = 4 [(google.api.field_behavior) = OUTPUT_ONLY];
      repeated string tags = 5;
    }
    """
)


@functools.cache
def tree() -> Tree:
    return tree_of(SOURCE)


@functools.cache
def package() -> ModuleType:
    """The generated classes."""
    return load(Path(tempfile.mkdtemp()), SOURCE, "shop.v1")


def schema(
    root: str,
    dialect: str = "2020-12",
    *,
    profile: JsonProfile = DEFAULT,
    response: bool = False,
    unknown: UnknownMembers = UnknownMembers.IGNORE,
    wide: bool = False,
) -> dict[str, Any]:
    """The schema of a message of the contract, as it would be written and read."""
    shapes = Shapes(tree(), View(profile, response, unknown, wide))
    text = json.dumps(document(shapes, f"shop.v1.{root}", DIALECTS[dialect]))
    found: dict[str, Any] = json.loads(text)
    return found


@functools.cache
def validator(root: str, dialect: str = "2020-12", **view: Any) -> Validator:
    """A validator, its schema checked against the metaschema."""
    kind = VALIDATORS[dialect]
    found = schema(root, dialect, **view)
    kind.check_schema(found)
    return kind(found)


class KnownValues(Randomizer):
    """Random messages whose enums hold values the contract names: others are what `canonical` leaves out."""

    def _scalar(self, field: Any) -> Any:
        if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
            return field.enum_type.values[
                random.Random(repr(self._random.random())).randrange(len(field.enum_type.values))
            ].number
        return super()._scalar(field)


def random_messages(count: int, seed: int = 0) -> list[Any]:
    """Random messages of our generated class."""
    pool = descriptor_pool.DescriptorPool()
    for data in descriptors(SOURCE):
        pool.AddSerializedFile(data)
    google = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.v1.All"))
    randomizer = KnownValues(seed, fill=0.3)
    cls = package().All
    return [cls.parse(randomizer.message(google).SerializeToString()) for _ in range(count)]
