"""Files that belong to a library, not to the user: code is written for them only where their types are used."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["is_library", "user_files"]


def is_library(path: str) -> bool:
    """Whether a file is one of google's, of buf's, or our own, wherever a copy of it lies."""
    return path.startswith(("google/", "buf/", "iii_bridge/"))


def user_files(paths: Iterable[str]) -> list[str]:
    """The files of a run that are the user's."""
    return [path for path in paths if not is_library(path)]
