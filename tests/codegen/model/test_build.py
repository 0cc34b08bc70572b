"""Descriptors become nodes: fields, presence, comments, places, editions."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from iii_codegen.model.nodes import Cardinality, Element, Field, Kind, Message, Place
from tests.codegen.support import codes, model, shop, tree_of


def message(body: str, name: str = "shop.v1.M") -> Message:
    return tree_of(shop(body)).messages[name]


def fields(body: str) -> dict[str, Field]:
    return {field.name: field for field in message(body).fields}


def test_fields() -> None:
    found = fields(
        """
        enum E { ZERO = 0; }
        message M {
          int32 plain = 1;
          optional string maybe = 2;
          repeated M many = 3;
          map<int64, E> table = 4 [json_name = "tab"];
          oneof choice { bytes left = 5; google.protobuf.Timestamp right = 6; }
          M nested = 7 [deprecated = true];
        }
        """
    )
    shapes = {
        name: (f.number, f.cardinality, f.element, f.key, f.explicit_presence, f.oneof) for name, f in found.items()
    }
    singular, message_type = Cardinality.SINGULAR, Element(Kind.MESSAGE, "shop.v1.M")
    assert shapes == {
        "plain": (1, singular, Element(Kind.INT32), None, False, ""),
        "maybe": (2, singular, Element(Kind.STRING), None, True, ""),
        "many": (3, Cardinality.REPEATED, message_type, None, False, ""),
        "table": (4, Cardinality.MAP, Element(Kind.ENUM, "shop.v1.E"), Kind.INT64, False, ""),
        "left": (5, singular, Element(Kind.BYTES), None, True, "choice"),
        "right": (6, singular, Element(Kind.MESSAGE, "google.protobuf.Timestamp"), None, True, "choice"),
        "nested": (7, singular, message_type, None, True, ""),
    }
    assert (found["table"].json_name, found["nested"].deprecated) == ("tab", True)


def test_required_by_field_behavior() -> None:
    found = fields(
        """
        message M {
          string a = 1 [(google.api.field_behavior) = REQUIRED, (google.api.field_behavior) = INPUT_ONLY];
          string b = 2 [(google.api.field_behavior) = OUTPUT_ONLY];
        }
        """
    )
    assert (found["a"].required, found["a"].behaviors) == (True, ("REQUIRED", "INPUT_ONLY"))
    assert (found["b"].required, found["b"].behaviors) == (False, ("OUTPUT_ONLY",))


VALIDATE = """
syntax = "proto2";
package buf.validate;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }
message FieldRules { optional bool required = 25; }
"""


def test_required_by_buf_validate() -> None:
    source = """
    syntax = "proto3";
    package shop.v1;
    import "buf/validate/validate.proto";
    message M { string a = 1 [(buf.validate.field).required = true]; string b = 2; }
    """
    tree = tree_of({"buf/validate/validate.proto": VALIDATE, "shop/v1/shop.proto": source})
    assert [field.required for field in tree.messages["shop.v1.M"].fields] == [True, False]


def test_comments_and_places() -> None:
    found = message("// About M.\n//  Indented.\nmessage M {\n  string x = 1; // about x\n}")
    assert found.comment == "About M.\n Indented."
    assert (found.fields[0].comment, found.fields[0].place) == ("about x", Place("shop/v1/shop.proto", 17, 10))


def test_nested_types_keep_their_place() -> None:
    tree = tree_of(shop("message M { message N { enum E { Z = 0; } E e = 1; } map<string, N> ns = 1; }"))
    assert [item.full_name for item in tree.files["shop/v1/shop.proto"].all_messages()] == ["shop.v1.M", "shop.v1.M.N"]
    assert "shop.v1.M.N.E" in tree.enums
    assert not any("NsEntry" in name for name in tree.messages)


def test_the_descriptor_is_kept_without_source_info() -> None:
    file = tree_of(shop("// Comment.\nmessage M { string x = 1; }")).files["shop/v1/shop.proto"]
    proto = FileDescriptorProto.FromString(file.descriptor)
    assert not proto.HasField("source_code_info")
    assert [item.name for item in proto.message_type] == ["M"]


def test_files_whose_types_are_used_are_followed() -> None:
    sources = {
        "shop/v1/shop.proto": 'syntax = "proto3"; package shop.v1; import "google/type/money.proto";'
        'import "google/type/date.proto"; message M { google.type.Money price = 1; }'
    }
    assert tree_of(sources).generated == ("google/type/money.proto", "shop/v1/shop.proto")


EDITION = """
edition = "2023";
package shop.v1;
message M {
  string explicit = 1;
  string implicit = 2 [features.field_presence = IMPLICIT];
}
enum Open { A = 0; }
enum Closed { option features.enum_type = CLOSED; B = 1; }
"""


def test_editions() -> None:
    tree = tree_of({"shop/v1/shop.proto": EDITION})
    assert [field.explicit_presence for field in tree.messages["shop.v1.M"].fields] == [True, False]
    assert [tree.enums[f"shop.v1.{name}"].closed for name in ("Open", "Closed")] == [False, True]


def test_proto2() -> None:
    message_text = "message M { optional int32 a = 1; required int32 b = 2; } enum E { X = 3; }"
    source = f'syntax = "proto2"; package shop.v1; {message_text}'
    tree = tree_of({"shop/v1/shop.proto": source})
    assert [field.explicit_presence for field in tree.messages["shop.v1.M"].fields] == [True, True]
    assert [field.required for field in tree.messages["shop.v1.M"].fields] == [False, True]
    assert tree.enums["shop.v1.E"].closed


def test_what_is_not_supported_is_refused() -> None:
    def proto2(body: str) -> list[str]:
        return codes({"shop/v1/shop.proto": f'syntax = "proto2"; package shop.v1; {body}'})

    assert proto2("message M { optional group G = 1 { optional int32 a = 1; } }") == ["III002"]
    assert proto2("message M { extensions 100 to max; } extend M { optional int32 x = 100; }") == ["III003"]
    assert proto2("message M { extensions 100; message N { extend M { optional int32 x = 100; } } }") == ["III003"]
    assert proto2("message M { optional int32 a = 1 [default = 5]; }") == ["III004"]
    edition = 'edition = "2023"; package shop.v1; message M { M m = 1 [features.message_encoding = DELIMITED]; }'
    assert codes({"shop/v1/shop.proto": edition}) == ["III002"]


def test_problems_of_imported_files_are_not_reported() -> None:
    tree, report = model({"shop/v1/shop.proto": 'syntax = "proto3"; package shop.v1; import "google/api/http.proto";'})
    assert report.diagnostics == []
    assert tree.generated == ("shop/v1/shop.proto",)
