"""Comments and positions, with and without source info."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from iii_codegen.model.nodes import Place
from iii_codegen.model.sources import Sources


def sources() -> Sources:
    file = FileDescriptorProto(name="a.proto")
    file.source_code_info.location.add(
        path=[4, 0], span=[4, 0, 9, 1], leading_comments=" One\u2028line\x0b.\n\n Two. \n"
    )
    file.source_code_info.location.add(path=[4, 0, 2, 1], span=[6, 2, 30], trailing_comments=" Behind.\n")
    return Sources(file)


def test_places_fall_back_to_what_is_around() -> None:
    found = sources()
    assert found.place((4, 0)) == Place("a.proto", 5, 1)
    assert found.place((4, 0, 2, 1)) == Place("a.proto", 7, 3)
    assert found.place((4, 0, 2, 1, 8, 51310)) == Place("a.proto", 7, 3)
    assert found.place((4, 0, 2, 0)) == Place("a.proto", 5, 1)
    assert found.place((6, 0)) == Place("a.proto")


def test_comments() -> None:
    found = sources()
    assert found.comment((4, 0)) == "One\u2028line\x0b.\n\nTwo."
    assert found.comment((4, 0, 2, 1)) == "Behind."
    assert found.comment((4, 0, 2, 0)) == ""
