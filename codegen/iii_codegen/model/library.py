"""Files that belong to a library, not to the user: code is written for them only where their types are used."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from iii_codegen.model.nodes import Tree

__all__ = ["is_library", "library_descriptors", "user_files"]


def is_library(path: str) -> bool:
    """Whether a file is one of google's, of buf's, or our own, wherever a copy of it lies."""
    return path.startswith(("google/", "buf/", "iii_bridge/"))


def user_files(paths: Iterable[str]) -> list[str]:
    """The files of a run that are the user's."""
    return [path for path in paths if not is_library(path)]


def library_descriptors(tree: Tree) -> bytes:
    """A serialized FileDescriptorSet of the files of libraries in a tree, but for those of google.protobuf."""
    files = (file for file in tree.files.values() if is_library(file.path))
    wanted = (file.descriptor for file in files if not file.path.startswith("google/protobuf/"))
    return FileDescriptorSet(file=map(FileDescriptorProto.FromString, wanted)).SerializeToString()
