"""The contracts the codec's tests use."""

from __future__ import annotations

from tests.contract_layer.cases.structure import SPELLINGS
from tests.contract_layer.dynamic import Contract, compile_proto

__all__ = ["ORDERS", "everything", "orders", "rules", "spellings"]


def orders() -> Contract:
    """An ordinary order: what the benchmark and most tests use."""
    return compile_proto(ORDERS, "orders.proto")


def everything() -> Contract:
    """Every kind of field there is."""
    return compile_proto(_EVERYTHING, "everything.proto")


def rules() -> Contract:
    """REQUIRED, redaction, spellings and names."""
    return compile_proto(_RULES, "rules.proto")


def spellings() -> Contract:
    """Fields whose names are cased in every way."""
    fields = "".join(f"int32 {name} = {number};" for number, (name, _) in enumerate(SPELLINGS, 1))
    return compile_proto(f'syntax = "proto3"; package spell.v1; message Spellings {{ {fields} }}', "spellings.proto")


ORDERS = """
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";

enum Status { STATUS_UNSPECIFIED = 0; STATUS_OPEN = 1; STATUS_PAID = 2; }
message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }
message Line { string sku = 1; int32 quantity = 2; Money price = 3; }
message Order {
  string order_id = 1;
  int64 customer_number = 2;
  Status status = 3;
  repeated Line lines = 4;
  google.protobuf.Timestamp placed_at = 5;
  google.protobuf.Duration ship_within = 6;
  bytes signature = 7;
  map<string, string> labels = 8;
  map<string, int32> counts = 9;
  repeated string tags = 10;
  double weight = 11;
  bool gift = 12;
  optional string note = 13;
  oneof payment { string card_token = 14; string invoice_number = 15; }
}
"""

_EVERYTHING = """
syntax = "proto3";
package every.v1;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

enum Color {
  option allow_alias = true;
  COLOR_UNSPECIFIED = 0; RED = 1; CRIMSON = 1; NEGATIVE = -3; GREEN = 7;
}
message Small { int32 number = 1; string text = 2; }
message Node { int32 number = 1; Node child = 2; repeated Node children = 3; map<string, Node> named = 4; }
message Ping { Pong pong = 1; }
message Pong { Ping ping = 1; google.protobuf.Struct data = 2; }
message Everything {
  message Inner { enum Deep { ZERO = 0; ONE = 1; } Deep deep = 1; }
  double a_double = 1; float a_float = 2;
  int32 an_int32 = 3; int64 an_int64 = 4; uint32 a_uint32 = 5; uint64 a_uint64 = 6;
  sint32 a_sint32 = 7; sint64 a_sint64 = 8;
  fixed32 a_fixed32 = 9; fixed64 a_fixed64 = 10; sfixed32 a_sfixed32 = 11; sfixed64 a_sfixed64 = 12;
  bool a_bool = 13; string a_string = 14; bytes a_bytes = 15; Color a_color = 16; Small a_small = 17;
  Inner inner = 18; Everything again = 19;

  repeated double doubles = 21; repeated float floats = 22;
  repeated int32 int32s = 23; repeated int64 int64s = 24; repeated uint32 uint32s = 25; repeated uint64 uint64s = 26;
  repeated bool bools = 33; repeated string strings = 34; repeated bytes bytess = 35; repeated Color colors = 36;
  repeated Small smalls = 37;

  optional double maybe_double = 41; optional float maybe_float = 42; optional int32 maybe_int32 = 43;
  optional int64 maybe_int64 = 44; optional uint64 maybe_uint64 = 46; optional bool maybe_bool = 53;
  optional string maybe_string = 54; optional bytes maybe_bytes = 55; optional Color maybe_color = 56;

  map<string, string> by_string = 61; map<int32, int64> by_int32 = 62; map<int64, double> by_int64 = 63;
  map<uint32, bytes> by_uint32 = 64; map<uint64, Color> by_uint64 = 65; map<bool, Small> by_bool = 66;
  map<string, google.protobuf.Timestamp> times_by_name = 67; map<string, google.protobuf.Value> values_by_name = 68;
  map<sint32, bool> by_sint32 = 69; map<fixed64, uint32> by_fixed64 = 70; map<string, float> floats_by_name = 71;
  map<string, google.protobuf.Int64Value> wrapped_by_name = 72;

  google.protobuf.Timestamp timestamp = 81; google.protobuf.Duration duration = 82;
  google.protobuf.FieldMask mask = 83; google.protobuf.Struct struct = 84; google.protobuf.Value value = 85;
  google.protobuf.ListValue list = 86; google.protobuf.Any any = 87; google.protobuf.Empty empty = 88;
  google.protobuf.NullValue null = 89;
  repeated google.protobuf.Timestamp timestamps = 91; repeated google.protobuf.Duration durations = 92;
  repeated google.protobuf.Value values = 95; repeated google.protobuf.Struct structs = 96;
  repeated google.protobuf.Int32Value wrapped_int32s = 97; repeated google.protobuf.Any anys = 98;

  google.protobuf.DoubleValue wrapped_double = 101; google.protobuf.FloatValue wrapped_float = 102;
  google.protobuf.Int64Value wrapped_int64 = 103; google.protobuf.UInt64Value wrapped_uint64 = 104;
  google.protobuf.Int32Value wrapped_int32 = 105; google.protobuf.UInt32Value wrapped_uint32 = 106;
  google.protobuf.BoolValue wrapped_bool = 107; google.protobuf.StringValue wrapped_string = 108;
  google.protobuf.BytesValue wrapped_bytes = 109;

  oneof choice {
    int32 choice_number = 111; string choice_text = 112; Small choice_small = 113; bool choice_bool = 114;
    google.protobuf.NullValue choice_null = 115; google.protobuf.Value choice_value = 116;
    google.protobuf.Timestamp choice_time = 117; google.protobuf.StringValue choice_wrapped = 118;
    Color choice_color = 119; google.protobuf.Empty choice_empty = 120; double choice_double = 121;
  }
  oneof other { uint64 other_number = 131; bytes other_bytes = 132; }
}
"""

_RULES = """
syntax = "proto3";
package rules.v1;
import "google/api/field_behavior.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";

message Request {
  string sku = 1 [(google.api.field_behavior) = REQUIRED];
  int64 quantity = 2;
  google.protobuf.Timestamp since = 3 [(google.api.field_behavior) = IMMUTABLE, (google.api.field_behavior) = REQUIRED];
  repeated string tags = 4 [(google.api.field_behavior) = REQUIRED];
  optional int32 limit = 5 [(google.api.field_behavior) = REQUIRED];
  Item item = 6;
}
message Item { bool ready = 1 [(google.api.field_behavior) = REQUIRED]; }
message Needy {
  google.protobuf.Value value = 1 [(google.api.field_behavior) = REQUIRED];
  google.protobuf.NullValue null = 2 [(google.api.field_behavior) = REQUIRED];
  map<string, Item> items = 3 [(google.api.field_behavior) = REQUIRED];
  oneof choice { string text = 4 [(google.api.field_behavior) = REQUIRED]; Item other = 5; }
  google.protobuf.Int32Value wrapped = 6 [(google.api.field_behavior) = REQUIRED];
  Item item = 7 [(google.api.field_behavior) = REQUIRED];
}
message Secret {
  map<string, int32> tokens = 1 [debug_redact = true];
  Box box = 2 [debug_redact = true];
  google.protobuf.Struct data = 3 [debug_redact = true];
}
message Box { int32 number = 1; map<string, int32> by_name = 2; }
message Names {
  string from = 1; int32 class = 2; string x_y = 3 [json_name = "custom"]; int32 a1b2_c3 = 4; string _lead = 5;
  string Odd_Case = 6; int32 parse = 7; string with_at = 8 [json_name = "@odd name"]; int32 None = 9;
}
"""
