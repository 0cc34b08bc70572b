"""The glue of a whole tree: modules beside those of protobuf-es, and the support code once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from iii_bridge.contract.spec import MethodSchemas
from iii_codegen.emit.file import OutputFile, header
from iii_codegen.emit.typescript.contract import contract_module
from iii_codegen.emit.typescript.literal import text
from iii_codegen.emit.typescript.names import EXTENSIONS, file_constant, import_path, stem
from iii_codegen.emit.typescript.services import REGISTRY, RUNTIME, glue_module
from iii_codegen.model.nodes import Tree
from iii_codegen.model.registration import service_registration

__all__ = ["emit_typescript"]

_SOURCES: Final = Path(__file__).parent / "runtime"
_IMPORT: Final = re.compile(r'(from "\./[\w/]+)\.js"')
_WELL_KNOWN: Final = ("any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers")


def emit_typescript(tree: Tree, schemas: Mapping[str, MethodSchemas], *, extension: str = "js") -> Iterator[OutputFile]:
    """Every file of ours; messages are protobuf-es'. `schemas` holds those of each method by full name.

    `extension` is what imports end in: `js`, `ts` or `none`.
    """
    served = [file for file in tree.generated_files() if file.services]
    for file in served:
        own = f"{stem(file.path)}_iii"
        registrations = [service_registration(tree, service, schemas) for service in file.services]
        runtime = import_path(own, f"{RUNTIME}/contract", extension)
        yield OutputFile(f"{own}.ts", glue_module(file, extension))
        yield OutputFile(f"{own}_contract.ts", contract_module(file.path, runtime, registrations))
    if served:
        yield OutputFile(f"{REGISTRY}.ts", _registry(tree, extension))
        yield from _runtime(extension)


def _registry(tree: Tree, extension: str) -> str:
    """Every message of the tree by name, and the well-known types."""
    paths = [path for path in tree.generated if not path.startswith("google/protobuf/")]
    known = [f"file_google_protobuf_{name}" for name in _WELL_KNOWN]
    lines = [f"// {header()}", "/* eslint-disable */", "", 'import { createRegistry } from "@bufbuild/protobuf";']
    lines.append(f'import {{ {", ".join(known)} }} from "@bufbuild/protobuf/wkt";')
    for path in paths:
        module = import_path(REGISTRY, f"{stem(path)}_pb", extension)
        lines.append(f"import {{ {file_constant(path)} }} from {text(module)};")
    lines += ["", "/** What a google.protobuf.Any may hold. */", "export const registry = createRegistry("]
    lines += [f"    {name}," for name in (*known, *(file_constant(path) for path in paths))]
    return "\n".join([*lines, ");"]) + "\n"


def _runtime(extension: str) -> Iterator[OutputFile]:
    for source in sorted(_SOURCES.glob("*.ts")):
        content = _IMPORT.sub(rf'\1{EXTENSIONS[extension]}"', source.read_text(encoding="utf-8"))
        yield OutputFile(f"{RUNTIME}/{source.name}", f"// {header()}\n/* eslint-disable */\n\n{content}")
