"""What protoc makes of the text is the descriptor the text was made of."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2
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
    assert text.startswith('// A comment.\nsyntax = "proto3";\npackage odd.v1;\n')


def test_services_are_not_written() -> None:
    file = FileDescriptorProto(
        name="a.proto", package="a.v1", service=[descriptor_pb2.ServiceDescriptorProto(name="S")]
    )
    with pytest.raises(ValueError, match=r"a\.proto has services"):
        proto_text(file, (), "")
