"""Comments and positions of a file, by descriptor path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from iii_codegen.model.nodes import Place

__all__ = ["Sources"]


class Sources:
    """What `source_code_info` says; a plugin run without it gets empty answers."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self._file = file.name
        self._spans: dict[tuple[int, ...], Sequence[int]] = {}
        self._comments: dict[tuple[int, ...], str] = {}
        for location in file.source_code_info.location:
            path = tuple(location.path)
            self._spans.setdefault(path, location.span)
            text = location.leading_comments or location.trailing_comments
            if text:
                self._comments[path] = _clean(text.split("\n"))

    def place(self, path: tuple[int, ...]) -> Place:
        """The position of an element, or of the closest one around it."""
        for end in range(len(path), 0, -1):
            span = self._spans.get(path[:end])
            if span:
                return Place(self._file, span[0] + 1, span[1] + 1)
        return Place(self._file)

    def comment(self, path: tuple[int, ...]) -> str:
        """The comment above an element, or else behind it; empty when there is none."""
        return self._comments.get(path, "")


def _clean(lines: Iterable[str]) -> str:
    """Takes away the one space after `//`, and empty lines around the text."""
    return "\n".join(line.removeprefix(" ").rstrip() for line in lines).strip("\n")
