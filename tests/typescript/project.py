"""A project whose contract is generated in both languages and compiled, once for a test run."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from iii_codegen.driver import run

__all__ = ["HERE", "MODULES", "TSC", "compile_typescript", "generate", "write_project"]

HERE: Final = Path(__file__).parent
MODULES: Final = HERE.parent / "node" / "node_modules"
TSC: Final = {major: MODULES / f"typescript-{major}" / "bin" / "tsc" for major in (5, 7)}
"""The compiler by its major version."""

_STRICT: Final[Mapping[str, Any]] = {
    "target": "ES2022",
    "module": "NodeNext",
    "moduleResolution": "NodeNext",
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noFallthroughCasesInSwitch": True,
    "noImplicitOverride": True,
    "noImplicitReturns": True,
    "noPropertyAccessFromIndexSignature": False,
    "noUncheckedIndexedAccess": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "skipLibCheck": True,
    "types": ["node"],
}


def write_project(root: Path, proto: Path, *, kind: str = "module", **typescript: str) -> None:
    """A directory with contracts, settings for the generator and for the compiler, and the packages of tests/node."""
    shutil.copytree(proto, root / "proto")
    settings = "".join(f'{name} = "{value}"\n' for name, value in typescript.items())
    toml = f'[tool.iii-bridge]\nschemas = false\npython.out = "stubs"\n[tool.iii-bridge.typescript]\n{settings}'
    (root / "pyproject.toml").write_text(toml, encoding="utf-8")
    (root / "package.json").write_text(json.dumps({"type": kind, "private": True}), encoding="utf-8")
    (root / "node_modules").symlink_to(MODULES, target_is_directory=True)


def generate(root: Path) -> None:
    """As `iii-bridge codegen` does."""
    problems: list[str] = []
    assert run(root, check=False, out=lambda line: None, err=problems.append) == 0, problems


def compile_typescript(root: Path, major: int = 5, **options: Any) -> str:
    """Compiles `src` to `dist`; what the compiler says, empty when it is content."""
    settings = {"compilerOptions": {**_STRICT, "rootDir": "src", "outDir": "dist", **options}, "include": ["src"]}
    (root / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        ["node", str(TSC[major]), "--project", str(root)], capture_output=True, text=True, timeout=110, check=False
    )
    return (done.stdout + done.stderr).strip()
