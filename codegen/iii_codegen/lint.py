"""What `iii-bridge lint` does: read the contracts and show everything that is wrong or unwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from iii_codegen.compile import CompileError
from iii_codegen.config import ConfigError
from iii_codegen.driver import placed
from iii_codegen.generate import read_contracts
from iii_codegen.model.check_bus import check_bus
from iii_codegen.model.codes import CODES
from iii_codegen.model.diagnostics import Diagnostic
from iii_codegen.show import load_settings
from iii_codegen.text import Format, annotation

__all__ = ["show_lints"]


def show_lints(
    project: Path,
    *,
    proto: Path | None,
    accepted: Sequence[str],
    form: Format,
    out: Callable[[str], None],
    err: Callable[[str], None],
) -> int:
    """Gives `out` every finding, errors and warnings, but for those whose code is `accepted`.

    Returns the exit code: 0, 1 when there are findings, 2 when the contracts
    cannot be read.
    """
    unknown = sorted(set(accepted) - CODES.keys())
    if unknown:
        err(f"error: there is no code {unknown[0]}; docs/reference/diagnostics.md lists them")
        return 2
    try:
        config = load_settings(project, proto)
        tree, report = read_contracts(config)
    except ConfigError as error:
        err(f"error: {error}")
        return 2
    except CompileError as error:
        err(str(error))
        return 2
    check_bus(tree, report)
    found = [placed(config, item) for item in report.diagnostics if item.code not in accepted]
    for line in _lines(found, form):
        out(line)
    return 1 if found else 0


def _lines(found: Sequence[Diagnostic], form: Format) -> list[str]:
    match form:
        case Format.JSON:
            return [json.dumps([item.as_json() for item in found], indent=2, ensure_ascii=False)]
        case Format.GITHUB:
            texts = [(item, f"{item.problem}; {item.hint}") for item in found]
            return [annotation(item.severity.value, item.place, item.code, text) for item, text in texts]
        case Format.TEXT:
            return [str(item) for item in found]
