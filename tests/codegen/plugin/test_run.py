"""Bytes in, bytes out."""

from __future__ import annotations

import io

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import Edition, FileDescriptorProto

from iii_codegen.emit.file import OutputFile
from iii_codegen.plugin.run import run_plugin
from tests.codegen.support import Sources, descriptors, shop

PLAIN = {"shop/v1/shop.proto": 'syntax = "proto3"; package shop.v1; message M {}'}


def answer(sources: Sources, parameter: str = "", only: tuple[str, ...] = ()) -> tuple[CodeGeneratorResponse, str]:
    files = [FileDescriptorProto.FromString(data) for data in descriptors(sources)]
    request = CodeGeneratorRequest(file_to_generate=only or list(sources), parameter=parameter, proto_file=files)
    err = io.StringIO()
    data = run_plugin(
        request.SerializeToString(),
        {"a": ("b", "c"), "messages": ("betterproto2", "google")},
        lambda tree, options: [OutputFile(path, str(options)) for path in tree.generated],
        err,
    )
    return CodeGeneratorResponse.FromString(data), err.getvalue()


def test_files() -> None:
    response, err = answer(PLAIN, "a=c")
    assert [(file.name, file.content) for file in response.file] == [
        ("shop/v1/shop.proto", "{'a': 'c', 'messages': 'betterproto2'}")
    ]
    assert (response.error, err) == ("", "")


def test_features() -> None:
    response, _ = answer(PLAIN)
    assert response.supported_features == (
        CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL | CodeGeneratorResponse.FEATURE_SUPPORTS_EDITIONS
    )
    assert (response.minimum_edition, response.maximum_edition) == (Edition.EDITION_PROTO2, Edition.EDITION_2023)


def test_errors_stop_everything() -> None:
    response, _ = answer(shop("message R {}\nservice S { rpc M(R) returns (google.protobuf.Value); }"))
    assert "III204" in response.error
    assert not response.file
    assert answer(PLAIN, "message=google")[0].error == "unknown option message; did you mean messages?"


def test_rules_in_cel_need_google_messages() -> None:
    source = shop("message R { int32 a = 1 [(buf.validate.field).cel_expression = 'this > 1']; }")
    assert "III504" in answer(source)[0].error
    assert answer(source, "messages=google")[0].error == ""


def test_warnings_do_not() -> None:
    response, err = answer({"shop/shop.proto": 'syntax = "proto3"; package shop; message M {}'})
    assert [file.name for file in response.file] == ["shop/shop.proto"]
    assert "shop/shop.proto:1:1: warning III005" in err


def test_only_what_was_asked_for_and_library_files_that_are_used() -> None:
    sources = {
        "shop/v1/a.proto": 'syntax = "proto3"; package shop.v1; import "google/type/money.proto";'
        "message A { google.type.Money price = 1; }",
        "shop/v1/b.proto": 'syntax = "proto3"; package shop.v1; import "shop/v1/a.proto"; message B { A a = 1; }',
    }
    assert [file.name for file in answer(sources, only=("shop/v1/b.proto",))[0].file] == ["shop/v1/b.proto"]
    both = [file.name for file in answer(sources)[0].file]
    assert both == ["google/type/money.proto", "shop/v1/a.proto", "shop/v1/b.proto"]
    # Copies of library files among the contracts are no contracts.
    listed = (*sources, "google/type/money.proto", "iii_bridge/v1/contract.proto")
    assert [file.name for file in answer(sources, only=listed)[0].file] == both
