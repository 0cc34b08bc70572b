"""Two validators that have nothing in common: jsonschema-rs in this process, Ajv in one of Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs

__all__ = ["NODE", "Ajv", "AjvSchema", "RustSchema"]

NODE = Path(__file__).resolve().parents[3] / "node"
"""Where package.json of the tests is, and its programs."""

_RUST = {"2020-12": jsonschema_rs.Draft202012Validator, "draft-07": jsonschema_rs.Draft7Validator}


class RustSchema:
    """A schema, checked against its metaschema, as jsonschema-rs reads it."""

    def __init__(self, schema: dict[str, Any], dialect: str) -> None:
        jsonschema_rs.meta.validate(schema)
        self._validator = _RUST[dialect](schema, validate_formats=True)

    def accepts(self, document: str) -> bool:
        """Whether JSON text is valid; text with half a surrogate pair cannot be asked about."""
        return self._validator.is_valid(json.loads(document))

    def complaints(self, document: str) -> list[str]:
        """Why it is not."""
        return [
            f"{error.instance_path}: {error.message[:300]}"
            for error in self._validator.iter_errors(json.loads(document))
        ]

    def refused(self, document: str) -> list[Any]:
        """The values it complains of."""
        return [error.instance for error in self._validator.iter_errors(json.loads(document))]


class Ajv:
    """The process; in its strictest mode, so that a schema it would warn of is an error."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", "ajv.mjs"], cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def schema(self, schema: dict[str, Any], dialect: str) -> AjvSchema:
        """Compiles a schema, the metaschema included."""
        return AjvSchema(self, self.ask({"dialect": dialect, "schema": schema})["id"])

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One line there, one back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        line = self._process.stdout.readline()
        assert line, "the Ajv process ended; is tests/node installed (make setup)?"
        answer: dict[str, Any] = json.loads(line)
        assert "error" not in answer, answer
        return answer

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()


class AjvSchema:
    """A schema as Ajv reads it."""

    def __init__(self, ajv: Ajv, number: int) -> None:
        self._ajv = ajv
        self._number = number

    def accepts(self, document: str) -> bool:
        """Whether JSON text is valid."""
        return bool(self._ajv.ask({"id": self._number, "document": document})["valid"])
