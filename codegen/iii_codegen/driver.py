"""What `iii-bridge codegen` does: generate, show what was found, write or compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from iii_codegen.compile import CompileError, shown_path
from iii_codegen.config import Config, ConfigError, load_config
from iii_codegen.generate import generate
from iii_codegen.model.diagnostics import Diagnostic
from iii_codegen.write import write

__all__ = ["placed", "run", "show_findings"]


def run(project: Path, *, check: bool, out: Callable[[str], None], err: Callable[[str], None]) -> int:
    """Generates the code of a project and returns the exit code.

    0 is success and 2 settings that cannot be used; 1 is a contract with errors
    or, with `check`, which writes nothing, a file that differs.
    `out` and `err` are given lines for the two outputs of a program.
    """
    try:
        config = load_config(project)
        outcome = generate(config)
    except (ConfigError, OSError) as error:
        err(f"error: {error}")
        return 2
    except CompileError as error:
        err(str(error))
        return 1
    show_findings(config, outcome.diagnostics, err)
    if outcome.failed:
        return 1
    foreign = [path for changes in outcome.changes for path in changes.foreign]
    for path in foreign:
        err(f"error: {shown_path(path)} was not generated; move it away, or name another `out` in [tool.iii-bridge]")
    if foreign:
        return 2
    if check:
        stale = [line for changes in outcome.changes for line in changes.lines(config.project)]
        for line in stale:
            err(line)
        if stale:
            err(f"{len(stale)} generated files differ from the contracts; run `iii-bridge codegen`")
        return 1 if stale else 0
    for changes in outcome.changes:
        try:
            write(changes)
        except OSError as error:
            err(f"error: {changes.root} cannot be written: {error.strerror}: {error.filename}")
            return 2
        written, removed = len(changes.create) + len(changes.update), len(changes.remove)
        out(f"{changes.root}: {written} written, {removed} removed, {changes.unchanged} unchanged")
    return 0


def show_findings(config: Config, diagnostics: list[Diagnostic], err: Callable[[str], None]) -> None:
    """Writes each finding with the path of its file as it is called from here."""
    for diagnostic in diagnostics:
        err(str(placed(config, diagnostic)))


def placed(config: Config, diagnostic: Diagnostic) -> Diagnostic:
    """The finding with the path of its file as it is called from here."""
    own = (config.proto / diagnostic.place.file).is_file()  # or a file from a directory to import from
    return diagnostic.below(shown_path(config.proto)) if own else diagnostic
