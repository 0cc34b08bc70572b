"""docs/contract-options.md describes every option of contract.proto, and nothing else."""

from __future__ import annotations

import functools
import importlib.resources
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from tests.docs.pages import DOCS, ROOT

PAGE = DOCS / "contract-options.md"


@functools.cache
def contract() -> descriptor_pb2.FileDescriptorProto:
    """contract.proto as protoc sees it."""
    google = importlib.resources.files("grpc_tools") / "_proto"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set.binpb"
        status = protoc.main(
            [
                "protoc",
                f"-I{ROOT / 'proto'}",
                f"-I{google}",
                f"--descriptor_set_out={out}",
                "iii_bridge/v1/contract.proto",
            ]
        )
        assert status == 0
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
    return files[0]


def messages() -> Iterator[tuple[str, descriptor_pb2.DescriptorProto]]:
    def walk(
        prefix: str, found: descriptor_pb2.DescriptorProto
    ) -> Iterator[tuple[str, descriptor_pb2.DescriptorProto]]:
        if not found.options.map_entry:
            yield prefix + found.name, found
            for nested in found.nested_type:
                yield from walk(f"{prefix}{found.name}.", nested)

    for message in contract().message_type:
        yield from walk("", message)


def enums() -> Iterator[descriptor_pb2.EnumDescriptorProto]:
    yield from contract().enum_type
    for _, message in messages():
        yield from message.enum_type


MESSAGES = list(messages())
ENUMS = list(enums())


def table_of(title: str) -> list[str]:
    """First cells of the table of four columns right below a heading."""
    parts = re.split(rf"^#+ {re.escape(title)}$", PAGE.read_text(), flags=re.MULTILINE)
    assert len(parts) == 2, f"{title} needs exactly one heading in {PAGE.name}"
    below = re.split(r"^#", parts[1], flags=re.MULTILINE)[0]
    return re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$", below, re.MULTILINE)


@pytest.mark.parametrize(("name", "message"), MESSAGES, ids=[name for name, _ in MESSAGES])
def test_a_message_has_a_row_for_each_field(name: str, message: descriptor_pb2.DescriptorProto) -> None:
    assert table_of(name) == [field.name for field in message.field]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.name)
def test_every_value_is_explained(enum: descriptor_pb2.EnumDescriptorProto) -> None:
    text = PAGE.read_text()
    assert [value.name for value in enum.value if f"`{value.name}`" not in text] == []


def test_every_extension_is_named() -> None:
    named = set(re.findall(r"^\| `\(iii_bridge\.v1\.(\w+)\)` \|", PAGE.read_text(), re.MULTILINE))
    assert named == {extension.name for extension in contract().extension}
