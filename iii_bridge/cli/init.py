"""`iii-bridge init`: a working project in one command."""

from __future__ import annotations

import dataclasses
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from iii_codegen.compile import shown_path
from iii_codegen.config import load_config
from iii_codegen.generate import generate
from iii_codegen.libraries import require_libraries
from iii_codegen.write import write

__all__ = ["init"]

require_libraries()

_TEMPLATES: Final = Path(__file__).parent / "init_files"
_NAME: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_TAKEN: Final = frozenset({"contracts", "iii", "iii_bridge", "proto", "schemas", "test", "tests", "typescript", "rust"})


@dataclass(frozen=True, slots=True)
class _Part:
    """What a language adds: files by their template, and texts for places in the common ones."""

    files: dict[str, str]
    texts: dict[str, str]


_COMMON: Final = _Part(
    files={
        "greeter.proto": "proto/@module@/greeter/v1/greeter.proto",
        "greeter.py": "@module@/greeter.py",
        "package.py": "@module@/__init__.py",
        "test_greeter.py": "tests/test_greeter.py",
        "pyproject.toml": "pyproject.toml",
        "Makefile": "Makefile",
        "README.md": "README.md",
        "gitignore": ".gitignore",
        "ci.yml": ".github/workflows/ci.yml",
    },
    texts={},
)
_TYPESCRIPT: Final = _Part(
    files={
        "counter.proto": "proto/@module@/counter/v1/counter.proto",
        "test_counter.py": "tests/test_counter.py",
        "package.json": "typescript/package.json",
        "tsconfig.json": "typescript/tsconfig.json",
        "main.ts": "typescript/src/main.ts",
    },
    texts={
        "settings": '\n[tool.iii-bridge.typescript]\nout = "typescript/src/gen"\n',
        "targets": " serve-typescript typescript",
        "setup_text": " and typescript/node_modules",
        "setup": "\tcd typescript && npm install --no-audit --no-fund\n",
        "build": "typescript ",
        "serve": (
            "\ntypescript: ## Compile the TypeScript worker\n\tcd typescript && npm run --silent build\n"
            "\nserve-typescript: typescript ## Run the TypeScript worker until Ctrl+C\n\tnode typescript/dist/main.js\n"
        ),
        "ci": '      - uses: actions/setup-node@v4\n        with:\n          node-version: "22"\n',
        "row": "| `typescript/` | the TypeScript worker, on the official SDK |\n",
        "run": "\nThe TypeScript worker runs beside it: `make serve-typescript`, and then `counter::count`.\n",
    },
)

_RUST: Final = _Part(
    files={
        "reverser.proto": "proto/@module@/reverser/v1/reverser.proto",
        "test_reverser.py": "tests/test_reverser.py",
        "Cargo.toml": "rust/Cargo.toml",
        "build.rs": "rust/build.rs",
        "main.rs": "rust/src/main.rs",
    },
    texts={
        "settings": '\n[tool.iii-bridge.rust]\nout = "rust/src/contracts"\n',
        "targets": " serve-rust rust",
        "build": "rust ",
        "serve": (
            "\nrust: ## Compile the Rust worker\n\tcd rust && cargo build --quiet\n"
            "\nserve-rust: rust ## Run the Rust worker until Ctrl+C\n\trust/target/debug/@name@-worker\n"
        ),
        "row": "| `rust/` | the Rust worker, on the official SDK |\n",
        "run": "\nThe Rust worker runs beside it: `make serve-rust`, and then `reverser::reverse`.\n",
    },
)
_PLACES: Final = ("settings", "targets", "setup_text", "setup", "build", "serve", "ci", "row", "run")


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the project and its directory; . is the one here.")],
    typescript: Annotated[bool, typer.Option("--typescript", help="With a worker in TypeScript, too.")] = False,
    rust: Annotated[bool, typer.Option("--rust", help="With a worker in Rust, too.")] = False,
) -> None:
    """Start a project: a contract, a worker in Python, tests, a Makefile, and a workflow for GitHub Actions.

    Nothing that is there is overwritten. The code is generated right away, for TypeScript by `make setup codegen`.
    Exit codes: 0 done, 1 the directory has something in it, 2 a name that cannot be used.

    Examples:

    - `iii-bridge init shop`
    - `iii-bridge init shop --typescript --rust`
    - `mkdir shop && cd shop && git init && iii-bridge init .`
    """
    directory = Path(name)
    bare = directory.resolve().name
    module = bare.replace("-", "_")
    if not _NAME.fullmatch(bare) or module in _TAKEN or keyword.iskeyword(module):
        raise typer.BadParameter(f"{bare} cannot be a project; take lower-case words such as shop or order-desk")
    there = [path.name for path in directory.iterdir() if path.name != ".git"] if directory.is_dir() else []
    if there:
        typer.echo(f"error: {name} has {sorted(there)[0]} in it; name a directory that is new or empty", err=True)
        raise typer.Exit(1)
    parts = [_COMMON, *([_TYPESCRIPT] if typescript else []), *([_RUST] if rust else [])]
    for path, text in _files(parts, bare, module):
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    for changes in generate(dataclasses.replace(load_config(directory), typescript=None)).changes:
        write(changes)
    typer.echo(f"{shown_path(directory.resolve())} is ready. Next:\n\n  {_steps(name)}\n\nREADME.md says more.")


def _steps(name: str) -> str:
    enter = "" if name == "." else f"cd {name} && "
    return f"{enter}make setup codegen test"


def _files(parts: list[_Part], name: str, module: str) -> Iterator[tuple[str, str]]:
    texts = {place: "".join(part.texts.get(place, "") for part in parts) for place in _PLACES}
    texts |= {"name": name, "module": module}  # last: the texts above name them
    for part in parts:
        for template, path in part.files.items():
            text = (_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
            yield _filled(path, texts), _filled(text, texts)


def _filled(text: str, texts: dict[str, str]) -> str:
    """The text with each `@word@` exchanged."""
    for word, value in texts.items():
        text = text.replace(f"@{word}@", value)
    return text
