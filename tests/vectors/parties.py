"""Everyone who reads and writes the vectors, by name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.vectors.documents import Answer, Document
from tests.vectors.programs import node, rust
from tests.vectors.python import answers_of_codec, answers_of_referee

__all__ = ["OURS", "Party", "parties"]

Party = Callable[[list[Document]], list[Answer]]

OURS = ("betterproto2", "google", "typescript", "rust")
"""Python on both message libraries, TypeScript, Rust. `json_format` is the referee."""


def parties(project: Path) -> Mapping[str, Party]:
    """All of them; the project is that of the program for node."""
    return {
        "betterproto2": functools.partial(answers_of_codec, "betterproto2"),
        "google": functools.partial(answers_of_codec, "google"),
        "typescript": functools.partial(node, project),
        "rust": rust,
        "json_format": answers_of_referee,
    }
