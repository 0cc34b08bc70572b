"""Writes a generated tree: atomic, unchanged files untouched, files of ours that are no longer wanted removed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from iii_codegen.emit.file import MARK, OutputFile

__all__ = ["Changes", "plan", "write"]


@dataclass(slots=True)
class Changes:
    """What a directory needs to hold the generated files; `str` lists it."""

    root: Path
    create: dict[Path, str] = field(default_factory=lambda: dict[Path, str]())
    update: dict[Path, str] = field(default_factory=lambda: dict[Path, str]())
    remove: list[Path] = field(default_factory=lambda: list[Path]())
    foreign: list[Path] = field(default_factory=lambda: list[Path]())
    """Files that stand where ours would, and that we did not write; `write` refuses to touch them."""
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.create or self.update or self.remove)

    def lines(self, relative_to: Path) -> Iterator[str]:
        """One line for each file that differs."""
        marked = [("missing", path) for path in self.create]
        marked += [("changed", path) for path in self.update]
        marked += [("stale", path) for path in self.remove]
        for what, path in sorted(marked, key=lambda item: item[1]):
            shown = path.relative_to(relative_to) if path.is_relative_to(relative_to) else path
            yield f"{what}: {shown.as_posix()}"


def plan(root: Path, files: Iterable[OutputFile], suffix: str | tuple[str, ...]) -> Changes:
    """Compares a directory with what it should hold; only files that end in `suffix` may be stale."""
    changes = Changes(root)
    wanted: set[Path] = set()
    for file in files:
        path = root / file.path
        wanted.add(path)
        current = _read(path)
        if current is None:
            changes.create[path] = file.content
        elif current == file.content or (file.only_if_missing and not _is_ours(current)):
            changes.unchanged += 1
        elif current and not _is_ours(current):
            changes.foreign.append(path)
        else:
            changes.update[path] = file.content
    changes.remove = sorted(path for path in _below(root, suffix) if path not in wanted and _is_ours(_read(path) or ""))
    return changes


def write(changes: Changes) -> None:
    """Carries out a plan. Each file appears whole or not at all.

    Raises FileExistsError, before anything is written, when a file of somebody else's is in the way; OSError.
    """
    if changes.foreign:
        raise FileExistsError(f"{changes.foreign[0]} was not generated; move it away, or name another `out`")
    for path, content in (*changes.create.items(), *changes.update.items()):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            temporary.write_text(content, encoding="utf-8", newline="\n")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    for path in changes.remove:
        path.unlink()
        _remove_empty(path.parent, changes.root)


def _below(root: Path, suffix: str | tuple[str, ...]) -> Iterator[Path]:
    """Files below a directory, without hidden directories and virtual environments."""
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".") and name != "__pycache__"]
        if "pyvenv.cfg" in files:
            names.clear()
            continue
        yield from (Path(directory) / name for name in files if name.endswith(suffix))


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return "not ours"


def _is_ours(content: str) -> bool:
    return any(MARK in line and "DO NOT EDIT" in line for line in content.split("\n", 4)[:4])


def _remove_empty(directory: Path, root: Path) -> None:
    """Removes directories that hold nothing but compiled leftovers of removed modules."""
    while directory != root and directory.is_relative_to(root):
        cache = directory / "__pycache__"
        if any(path != cache for path in directory.iterdir()):
            return
        if cache.is_dir():
            for leftover in cache.iterdir():
                leftover.unlink()
            cache.rmdir()
        directory.rmdir()
        directory = directory.parent
