"""Where the option, google and validate files are."""

from __future__ import annotations

from iii_codegen.protos import import_paths, own_protos, vendored_files


def test_import_paths_hold_what_contracts_import() -> None:
    for name in (
        "iii_bridge/v1/contract.proto",
        "iii_bridge/v1/events.proto",
        "google/api/annotations.proto",
        "google/api/field_behavior.proto",
        "google/protobuf/timestamp.proto",
        "google/type/money.proto",
    ):
        assert any((path / name).is_file() for path in import_paths()), name


def test_our_own_files_come_first_and_are_not_empty() -> None:
    assert import_paths()[0] == own_protos()
    assert "extend google.protobuf.MethodOptions" in (own_protos() / "iii_bridge/v1/contract.proto").read_text()


def test_vendored_files() -> None:
    found = dict(vendored_files())
    assert {"iii_bridge/v1/contract.proto", "google/api/http.proto", "google/protobuf/descriptor.proto"} <= set(found)
    assert b"message FieldRules {" in found["buf/validate/validate.proto"]
    assert all(content.lstrip().startswith((b"//", b"syntax")) for content in found.values())
