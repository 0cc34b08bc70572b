"""What `iii-bridge breaking` does: read both versions of the contracts and show what changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from iii_codegen.against import AgainstError, older_version
from iii_codegen.compile import Compiled, CompileError, shown_path
from iii_codegen.config import Config, ConfigError
from iii_codegen.driver import show_findings
from iii_codegen.generate import read_contracts
from iii_codegen.model.breaking import breaking
from iii_codegen.model.breaking_changes import Change
from iii_codegen.model.breaking_codes import BREAKS
from iii_codegen.model.build import build
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.library import user_files
from iii_codegen.model.nodes import Tree
from iii_codegen.show import load_settings
from iii_codegen.text import Format, annotation

__all__ = ["show_breaking"]


def show_breaking(
    project: Path,
    *,
    against: str,
    proto: Path | None,
    accepted: Sequence[str],
    form: Format,
    out: Callable[[str], None],
    err: Callable[[str], None],
) -> int:
    """Gives `out` every change since the older version, but for those whose code is `accepted`.

    Returns the exit code: 0, 1 when a change breaks somebody, 2 when the
    versions cannot be compared.
    """
    unknown = sorted(set(accepted) - BREAKS.keys())
    if unknown:
        err(f"error: there is no code {unknown[0]}; docs/reference/breaking-changes.md lists them")
        return 2
    try:
        config = load_settings(project, proto)
        new, report = read_contracts(config)
        if report.errors:
            show_findings(config, report.errors, err)
            return 2
        old = _tree(older_version(against, config))
    except (ConfigError, AgainstError) as error:
        err(f"error: {error}")
        return 2
    except CompileError as error:
        err(str(error))
        return 2
    changes = [_placed(change, config) for change in breaking(old, new) if change.code not in accepted]
    for line in _lines(changes, form):
        out(line)
    breaks = sum(change.breaks for change in changes)
    if form is Format.TEXT:
        err(f"{breaks} breaking changes and {len(changes) - breaks} notes since {against}")
    return 1 if breaks else 0


def _tree(compiled: Compiled) -> Tree:
    """The older version, whatever is wrong with it by the rules of today."""
    return build(compiled.files, user_files(compiled.to_generate), Report(), follow=lambda _: True)


def _placed(change: Change, config: Config) -> Change:
    return change.below(shown_path(config.proto))


def _lines(changes: Sequence[Change], form: Format) -> list[str]:
    match form:
        case Format.JSON:
            return [json.dumps([change.as_json() for change in changes], indent=2, ensure_ascii=False)]
        case Format.GITHUB:
            return [_annotation(change) for change in changes]
        case Format.TEXT:
            return [str(change) for change in changes]


def _annotation(change: Change) -> str:
    text = f"{change.problem}; instead: {change.rule.cure}"
    return annotation("error" if change.breaks else "notice", change.place, change.code, text)
