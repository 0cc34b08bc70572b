"""What `iii-bridge schema` does: read the contracts and show one schema."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

from iii_codegen.compile import CompileError
from iii_codegen.config import Config, ConfigError, load_config
from iii_codegen.driver import show_findings
from iii_codegen.emit.jsonschema.lookup import NotFoundError, schema_of
from iii_codegen.generate import read_contracts

__all__ = ["load_settings", "show_schema"]


def show_schema(
    project: Path,
    name: str,
    *,
    profile: str,
    dialect: str,
    response: bool,
    proto: Path | None,
    out: Callable[[str], None],
    err: Callable[[str], None],
) -> int:
    """Gives `out` the schema of a message or a method of a project's contracts, or of those below `proto`.

    Returns the exit code: 0, 1 for a contract with errors, 2 for settings that
    cannot be used or a name that is not there.
    """
    try:
        config = load_settings(project, proto)
        tree, report = read_contracts(config)
        if report.errors:
            show_findings(config, report.errors, err)
            return 1
        schema = schema_of(tree, name, profile=profile, dialect=dialect, response=response)
    except CompileError as error:
        err(str(error))
        return 1
    except (ConfigError, NotFoundError) as error:
        err(f"error: {error}")
        return 2
    out(json.dumps(schema, indent=2, ensure_ascii=False))
    return 0


def load_settings(project: Path, proto: Path | None) -> Config:
    """The settings of a project, with the contracts of another directory if one is named. Raises ConfigError."""
    config = load_config(project)
    return config if proto is None else dataclasses.replace(config, proto=proto.resolve())
