"""What protoc makes of the text is the descriptor the text was made of."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from iii_codegen.proto_text import proto_text
from tests.codegen.support import descriptors

ODD = """
syntax = "proto3";
package odd.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { Note note = 50001; repeated string words = 50002; }
message Note {
  enum Size { option allow_alias = true; NONE = 0; SMALL = 1; LITTLE = 1; reserved 5 to 7; reserved "HUGE"; }
  message Inner { optional int32 number = 1; }
  reserved 9, 20 to 30;
  reserved "gone";
  string text = 1 [deprecated = true, (odd.v1.words) = "a \\"b\\"\\n", (odd.v1.words) = "ü"];
  oneof choice { bytes data = 2; Inner inner = 3; }
  repeated Size sizes = 4 [packed = false];
  oneof other { double number = 5; }
}
"""


def test_there_and_back() -> None:
    *imported, made = map(FileDescriptorProto.FromString, descriptors({"odd/v1/odd.proto": ODD}))
    text = proto_text(made, tuple(imported), "A comment.")
    again = FileDescriptorProto.FromString(descriptors({"odd/v1/odd.proto": text})[-1])
    made.ClearField("source_code_info")
    again.ClearField("source_code_info")
    assert again == made
    assert text.startswith('// A comment.\nsyntax = "proto3";\n\npackage odd.v1;\n')


SERVED = """
syntax = "proto3";
package served.v1;
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
import "iii_bridge/v1/contract.proto";
option (iii_bridge.v1.file) = { json: { int64: INT64_NUMBER } };
service OrdersService {
  option (iii_bridge.v1.service) = { prefix: "orders" metadata { key: "team" value: "shop \\"a\\"" } };
  rpc Order(.served.v1.Order) returns (stream .served.v1.Order) { option deprecated = true; }
  rpc Get(.served.v1.Order) returns (Line) {
    option (google.api.http) = { get: "/v1/{id}" additional_bindings { get: "/v2/{id}" } };
    option idempotency_level = NO_SIDE_EFFECTS;
  }
}
message Order {
  message Line { string sku = 1; Line parts = 2; }
  string id = 1;
  map<string, Line> lines = 2;
  map<int32, .google.protobuf.Timestamp> times = 3;
  optional int64 count = 4 [json_name = "n"];
  .served.v1.Line Line_ = 5;
  repeated .google.protobuf.Timestamp google = 6;
}
message Line { .served.v1.Order.Line Order = 1; .served.v1.Line Line = 2; }
"""


def test_services_maps_and_names_that_hide_others() -> None:
    *imported, made = map(FileDescriptorProto.FromString, descriptors({"served/v1/served.proto": SERVED}))
    comments = {"served.v1.OrdersService.Get": "Finds an order.\n\nOr none.", "served.v1.Order.id": "Its number."}
    text = proto_text(made, tuple(imported), "A comment.", comments)
    again = FileDescriptorProto.FromString(descriptors({"served/v1/served.proto": text})[-1])
    assert "  // Finds an order.\n  //\n  // Or none.\n  rpc Get(" in text
    assert "  // Its number.\n  string id = 1;\n  map<string, Order.Line> lines = 2;\n" in text
    made.ClearField("source_code_info")
    again.ClearField("source_code_info")
    assert again == made
