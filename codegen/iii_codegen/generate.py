"""The whole way of one run: compile, build, check, emit, and compare with what is there."""

from __future__ import annotations

from dataclasses import dataclass

from iii_codegen.compile import Compiled, compile_protos
from iii_codegen.config import Config
from iii_codegen.emit.jsonschema.files import emit_schemas, method_schemas
from iii_codegen.emit.python.google import check_google_names
from iii_codegen.emit.python.package import emit_python
from iii_codegen.emit.rust.package import emit_rust
from iii_codegen.emit.typescript.package import emit_typescript
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.check_rules import check_cel
from iii_codegen.model.diagnostics import Diagnostic, Report
from iii_codegen.model.library import user_files
from iii_codegen.model.nodes import Tree
from iii_codegen.protobuf_es import emit_messages
from iii_codegen.write import Changes, plan

__all__ = ["Outcome", "generate", "read_contracts"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found; `changes` is empty when there are errors."""

    diagnostics: list[Diagnostic]
    failed: bool
    changes: list[Changes]


def read_contracts(config: Config) -> tuple[Tree, Report]:
    """The model of the contracts, and what is wrong with them. Raises CompileError."""
    return _read(compile_protos(config.proto, config.include))


def _read(compiled: Compiled) -> tuple[Tree, Report]:
    report = Report()
    tree = build(compiled.files, user_files(compiled.to_generate), report, follow=lambda _: True)
    check(tree, report)
    return tree, report


def generate(config: Config) -> Outcome:
    """Reads the contracts and plans what to write; writes nothing.

    Raises CompileError; ConfigError when a generator of a language's own is missing.
    """
    compiled = compile_protos(config.proto, config.include)
    tree, report = _read(compiled)
    if config.python is not None and config.python.messages == "google":
        check_google_names(tree, report)
    elif config.python is not None:
        check_cel(tree, report)
    if report.errors:
        return Outcome(report.diagnostics, failed=True, changes=[])
    changes: list[Changes] = []
    if config.python is not None:
        python = emit_python(tree, method_schemas(tree), messages=config.python.messages)
        changes.append(plan(config.python.out, python, (".py", ".pyi")))
    if config.schemas is not None:
        settings = config.schemas
        files = emit_schemas(tree, dialects=settings.dialects, profile=settings.profile, of=settings.of)
        changes.append(plan(settings.out, files, ".json"))
    if config.typescript is not None:
        out, extension = config.typescript.out, config.typescript.import_extension
        messages = emit_messages(compiled.files, out, extension=extension)
        glue = emit_typescript(tree, method_schemas(tree), extension=extension)
        changes.append(plan(out, (*messages, *glue), ".ts"))
    if config.rust is not None:
        changes.append(plan(config.rust.out, emit_rust(tree, method_schemas(tree)), (".rs", ".json")))
    return Outcome(report.diagnostics, failed=False, changes=changes)
