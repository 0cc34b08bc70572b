"""Writes the TypeScript messages of the example contracts with protoc-gen-es; `--check` only compares.

Run from anywhere with the project's Python, after `npm ci` in this directory.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE / "src" / "gen"
FILES = (
    "examples/pricing/v1/pricing.proto",
    "examples/types/v1/types.proto",
    "google/api/field_behavior.proto",
    "iii_bridge/v1/contract.proto",
)


def generate(out: Path) -> None:
    """Runs protoc with the generator that `npm ci` installed."""
    includes = (HERE.parents[1] / "proto", _package("grpc_tools") / "_proto", _package("google.api").parents[1])
    command = [
        *(sys.executable, "-m", "grpc_tools.protoc"),
        *(f"-I{path}" for path in includes),
        f"--plugin=protoc-gen-es={HERE / 'node_modules' / '.bin' / 'protoc-gen-es'}",
        f"--es_out={out}",
        "--es_opt=target=ts,import_extension=js",
        *FILES,
    ]
    subprocess.run(command, check=True)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{name} is not installed: run `make setup`")
    return Path(next(iter(spec.submodule_search_locations)))


def stale() -> list[str]:
    """The generated files that differ from what the contracts say now, by path below `src/gen`."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh_root = Path(scratch)
        generate(fresh_root)
        fresh = {path.relative_to(fresh_root): path.read_text() for path in fresh_root.rglob("*.ts")}
    committed = {path.relative_to(OUT): path.read_text() for path in OUT.rglob("*.ts")}
    return sorted(str(path) for path in fresh.keys() | committed.keys() if fresh.get(path) != committed.get(path))


def main() -> int:
    """Generates, or with `--check` names what is stale and exits 1."""
    if "--check" in sys.argv[1:]:
        differing = stale()
        for path in differing:
            print(f"examples/typescript/src/gen/{path} is stale: run examples/typescript/generate.py", file=sys.stderr)
        return 1 if differing else 0
    OUT.mkdir(parents=True, exist_ok=True)
    generate(OUT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
