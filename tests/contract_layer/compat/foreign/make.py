"""Captures what other workers' libraries make of one model: `python -m tests.contract_layer.compat.foreign.make`.

Needs cargo, node and npm, and a few minutes; the results are committed beside it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.contract_layer.compat.foreign.pydantic_models import Order

HERE = Path(__file__).parent


def pydantic() -> dict[str, Any]:
    return {f"pydantic_{mode}": Order.model_json_schema(mode=mode) for mode in ("validation", "serialization")}


def output(directory: str, *commands: list[str]) -> dict[str, Any]:
    """What the last command prints, run in a copy of a directory."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = shutil.copytree(HERE / directory, Path(temporary) / directory)
        for command in commands:
            text = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(text)
    return found


def main() -> None:
    found = pydantic()
    found |= output("node", ["npm", "install", "--silent", "--no-audit", "--no-fund"], ["node", "make.mjs"])
    found |= output("rust", ["cargo", "run", "--quiet"])
    for name, schema in found.items():
        (HERE / f"{name}.json").write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
