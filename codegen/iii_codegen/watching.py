"""What `iii-bridge codegen --watch` does: generate, and again whenever a contract or a setting changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from watchfiles import watch as file_changes

from iii_codegen.compile import shown_path
from iii_codegen.config import Config, ConfigError, load_config
from iii_codegen.driver import run

__all__ = ["watch"]

_DEBOUNCE: Final = 300
"""Milliseconds in which changes are taken together: editors and git write many files at once."""
_STEP: Final = 50
_LOOK: Final = 1000
"""Milliseconds after which settings, and directories that were missing, are looked at again."""


def watch(project: Path, *, out: Callable[[str], None], err: Callable[[str], None], stop: threading.Event) -> None:
    """Generates the code of a project until `stop` is set.

    What is wrong is shown, and watching goes on. `out` and `err` are given
    lines, as in `driver.run`.
    """
    seen: _Settings | None = None
    while not stop.is_set():
        now = _settings(project)
        if now != seen:
            seen = now
            run(project, check=False, out=out, err=err)
            out(f"watching {shown_path(_proto(project))}; Ctrl+C ends it")
        for _ in _changes(project, now, stop):
            run(project, check=False, out=out, err=err)


_Settings = tuple[float, tuple[Path, ...]]
"""When the settings were written, and which of the directories they name are there."""


def _changes(project: Path, seen: _Settings, stop: threading.Event) -> Iterator[None]:
    """Once for every set of changes below the contracts, until the settings are no longer those that were `seen`."""
    places = seen[1]
    if not places:
        stop.wait(_LOOK / 1000)
        return
    changes = file_changes(
        *places,
        watch_filter=lambda _, path: path.endswith(".proto"),
        debounce=_DEBOUNCE,
        step=_STEP,
        stop_event=stop,
        rust_timeout=_LOOK,
        yield_on_timeout=True,
    )
    for found in changes:
        if _settings(project) != seen:
            return
        if found:
            yield


def _settings(project: Path) -> _Settings:
    path = project / "pyproject.toml"
    return (path.stat().st_mtime if path.is_file() else 0.0), _directories(project)


def _directories(project: Path) -> tuple[Path, ...]:
    config = _config(project)
    wanted = (project / "proto",) if config is None else (config.proto, *config.include)
    return tuple(path for path in wanted if path.is_dir())


def _proto(project: Path) -> Path:
    config = _config(project)
    return project.resolve() / "proto" if config is None else config.proto


def _config(project: Path) -> Config | None:
    try:
        return load_config(project)
    except ConfigError:
        return None
