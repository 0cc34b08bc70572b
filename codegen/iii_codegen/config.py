"""`[tool.iii-bridge]` of pyproject.toml. Every key has a default, so an empty or missing table works.

[tool.iii-bridge]
proto = "proto"              # everything below it is compiled
include = []                 # further directories to import from; "package:acme/proto" is one of an installed package
messages = "betterproto2"    # or "google": the library that messages belong to

[tool.iii-bridge.python]     # or `python = false`
out = "contracts"            # a Python package is written here

[tool.iii-bridge.schemas]    # or `schemas = false`
out = "schemas"
dialects = ["2020-12", "draft-07"]
profile = "canonical"        # or "protojson": everything a conforming parser accepts
of = "functions"             # or "messages", or "all"

[tool.iii-bridge.typescript] # nothing is written without this table
out = "src/gen"
import_extension = "js"      # or "ts", or "none": what the paths of imports end in

[tool.iii-bridge.rust]       # nothing is written without this table
out = "src/contracts"        # a module of a crate is written here
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from iii_codegen.libraries import package_directory

__all__ = ["Config", "ConfigError", "PythonConfig", "RustConfig", "SchemasConfig", "TypescriptConfig", "load_config"]

_KEYS: Final = ("include", "messages", "proto", "python", "rust", "schemas", "typescript")
_PACKAGE: Final = "package:"
_MESSAGES: Final = ("betterproto2", "google")
_DIALECTS: Final = ("2020-12", "draft-07")
_PROFILES: Final = ("canonical", "protojson")
_OF: Final = ("functions", "messages", "all")
_EXTENSIONS: Final = ("js", "ts", "none")


class ConfigError(ValueError):
    """A table that cannot be used; the text names the key and the fix."""


@dataclass(frozen=True, slots=True)
class PythonConfig:
    """`[tool.iii-bridge.python]`, and `messages` of the table above it."""

    out: Path
    messages: str = "betterproto2"


@dataclass(frozen=True, slots=True)
class SchemasConfig:
    """`[tool.iii-bridge.schemas]`."""

    out: Path
    dialects: tuple[str, ...] = _DIALECTS
    profile: str = "canonical"
    of: str = "functions"


@dataclass(frozen=True, slots=True)
class TypescriptConfig:
    """`[tool.iii-bridge.typescript]`."""

    out: Path
    import_extension: str = "js"


@dataclass(frozen=True, slots=True)
class RustConfig:
    """`[tool.iii-bridge.rust]`."""

    out: Path


@dataclass(frozen=True, slots=True)
class Config:
    """What to read and what to write; every path is absolute. An output that is None is turned off."""

    project: Path
    proto: Path
    include: tuple[Path, ...]
    python: PythonConfig | None
    schemas: SchemasConfig | None
    typescript: TypescriptConfig | None = None
    rust: RustConfig | None = None


def load_config(project: Path) -> Config:
    """Reads `pyproject.toml` in `project`. Raises ConfigError; a missing file is an empty table."""
    project = project.resolve()
    table = _Table(_read(project / "pyproject.toml"), "tool.iii-bridge", project)
    table.check_keys(_KEYS)
    messages = table.text("messages", "betterproto2")
    table.check_choice("messages", messages, _MESSAGES)
    config = Config(
        project=project,
        proto=table.path("proto", "proto"),
        include=tuple(_include(project, item) for item in table.texts("include", ())),
        python=_python(table.child("python"), messages),
        schemas=_schemas(table.child("schemas")),
        typescript=_typescript(table.child("typescript", on=False)),
        rust=_rust(table.child("rust", on=False)),
    )
    _check_outputs(config)
    return config


def _include(project: Path, item: str) -> Path:
    """A directory of the project, or of an installed package: `package:acme_contracts/proto`."""
    if not item.startswith(_PACKAGE):
        return project / item
    name, _, inside = item.removeprefix(_PACKAGE).partition("/")
    directory = package_directory(name)
    if directory is None:
        raise ConfigError(f"tool.iii-bridge.include names {item}, and no package {name} is installed; install it")
    if not (directory / inside).is_dir():
        raise ConfigError(f"tool.iii-bridge.include names {item}, and package {name} has no directory {inside}")
    return directory / inside


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}") from error
    tool = document.get("tool", {})
    table = tool.get("iii-bridge", {}) if isinstance(tool, dict) else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if not isinstance(table, dict):
        raise ConfigError("tool.iii-bridge in pyproject.toml is not a table; write [tool.iii-bridge]")
    return table  # pyright: ignore[reportUnknownVariableType]


def _python(table: _Table | None, messages: str) -> PythonConfig | None:
    if table is None:
        return None
    table.check_keys(("out",))
    return PythonConfig(table.path("out", "contracts"), messages)


def _schemas(table: _Table | None) -> SchemasConfig | None:
    if table is None:
        return None
    table.check_keys(("dialects", "of", "out", "profile"))
    dialects = table.texts("dialects", _DIALECTS)
    for dialect in dialects:
        table.check_choice("dialects", dialect, _DIALECTS)
    profile, of = table.text("profile", "canonical"), table.text("of", "functions")
    table.check_choice("profile", profile, _PROFILES)
    table.check_choice("of", of, _OF)
    return SchemasConfig(table.path("out", "schemas"), dialects, profile, of)


def _typescript(table: _Table | None) -> TypescriptConfig | None:
    if table is None:
        return None
    table.check_keys(("import_extension", "out"))
    extension = table.text("import_extension", "js")
    table.check_choice("import_extension", extension, _EXTENSIONS)
    return TypescriptConfig(table.path("out", "src/gen"), extension)


def _rust(table: _Table | None) -> RustConfig | None:
    if table is None:
        return None
    table.check_keys(("out",))
    return RustConfig(table.path("out", "src/contracts"))


def _check_outputs(config: Config) -> None:
    """Generated files that are no longer wanted are removed, so outputs need directories of their own."""
    outputs = (
        ("python", config.python),
        ("schemas", config.schemas),
        ("typescript", config.typescript),
        ("rust", config.rust),
    )
    for name, output in outputs:
        if output is None:
            continue
        if config.project.is_relative_to(output.out):
            raise ConfigError(f"tool.iii-bridge.{name}.out holds the whole project; name a directory inside it")
        if output.out.is_relative_to(config.proto) or config.proto.is_relative_to(output.out):
            raise ConfigError(f"tool.iii-bridge.{name}.out and proto are inside each other; separate them")


@dataclass(frozen=True, slots=True)
class _Table:
    values: Mapping[str, Any]
    name: str
    project: Path

    def check_keys(self, known: tuple[str, ...]) -> None:
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
                raise ConfigError(f"unknown key {self.name}.{key} in pyproject.toml; did you mean {near[0]}?")

    def check_choice(self, key: str, value: str, known: tuple[str, ...]) -> None:
        if value not in known:
            raise ConfigError(f"{self.name}.{key} in pyproject.toml is {value}; choose from {', '.join(known)}")

    def child(self, key: str, *, on: bool = True) -> _Table | None:
        """A table below this one, None when it is turned off; `on` says what it is where nothing is said."""
        value = self.values.get(key, on)
        if value is False:
            return None
        if value is True:
            value = {}
        if not isinstance(value, dict):
            raise ConfigError(f"{self.name}.{key} in pyproject.toml is neither a table nor a boolean")
        return _Table(value, f"{self.name}.{key}", self.project)  # pyright: ignore[reportUnknownArgumentType]

    def text(self, key: str, default: str) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{self.name}.{key} in pyproject.toml is not a text")
        return value

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value: Any = self.values.get(key, default)
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):  # pyright: ignore[reportUnknownVariableType]
            raise ConfigError(f"{self.name}.{key} in pyproject.toml is not a list of texts")
        return tuple(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]

    def path(self, key: str, default: str) -> Path:
        return (self.project / self.text(key, default)).resolve()
