"""A server whose contract was not written for iii."""

from __future__ import annotations

from pathlib import Path

from iii_bridge.dynamic import contracts_of_protos

HELLO = """syntax = "proto3";
package helloworld;
message HelloRequest { string name = 1; }
message HelloReply { string message = 1; }
service Greeter {
  rpc SayHello (HelloRequest) returns (HelloReply) {}
}
"""


def test_a_package_without_version_and_options_has_function_ids(tmp_path: Path) -> None:
    (tmp_path / "hello.proto").write_text(HELLO)
    assert [method.function_id for method in contracts_of_protos(tmp_path).methods()] == ["greeter::say-hello"]
