"""The vector files: what google.protobuf makes of the lists. `python -m tests.vectors.golden [--check]` writes them."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.vectors.documents import Answer, Document
from tests.vectors.expected import expected, normal
from tests.vectors.lists import VECTORS
from tests.vectors.lists.model import Vector
from tests.vectors.python import answers_of_referee

__all__ = ["Golden", "goldens", "main", "stale"]

_FILES: Final = Path(__file__).parent / "files"


@dataclass(frozen=True, slots=True)
class Golden:
    """One vector with its binary, as it stands in a file; whoever reads the files needs nothing else."""

    name: str
    type: str
    json: str
    """Canonical ProtoJSON, defaults left out."""
    default: str
    """With defaults written, as functions answer when their contract says nothing else."""
    also: tuple[str, ...]
    binary: bytes

    def documents(self) -> tuple[str, ...]:
        """Every document that stands for the message, the canonical one first."""
        return (self.json, *self.also)


def goldens() -> list[Golden]:
    """What the files hold."""
    return [
        Golden(**{**fields, "also": tuple(fields["also"]), "binary": base64.b64decode(fields["binary"])})
        for path in sorted(_FILES.glob("*.json"))
        for fields in json.loads(path.read_text(encoding="utf-8"))
    ]


def stale() -> list[str]:
    """The files that do not hold what the lists say."""
    fresh = dict(_fresh())
    found = {path.name: path.read_text(encoding="utf-8") for path in _FILES.glob("*.json")}
    return sorted(name for name in fresh.keys() | found.keys() if fresh.get(name) != found.get(name))


def _fresh() -> Iterator[tuple[str, str]]:
    lines: dict[str, list[str]] = {}
    for vector, (binary, default) in zip(VECTORS, _refereed(), strict=True):
        fields = {
            "name": vector.name,
            "type": vector.type,
            "json": vector.json,
            "default": default,
            "also": vector.also,
            "binary": base64.b64encode(binary).decode(),
        }
        lines.setdefault(vector.type, []).append(json.dumps(fields, ensure_ascii=False))
    for type_, items in lines.items():
        yield f"{type_}.json", "[\n" + ",\n".join(items) + "\n]\n"


def _refereed() -> Iterator[tuple[bytes, str]]:
    """Binary and default form of each vector, by the first of its documents that the referee can read."""
    documents = [Document(vector.type, text) for vector in VECTORS for text in (vector.json, *vector.also)]
    answers = iter(answers_of_referee(documents))
    for vector in VECTORS:
        own = [next(answers) for _ in (vector.json, *vector.also)]
        first = next((answer for answer in own if answer.error is None), None)
        if first is None:
            raise SystemExit(f"{vector.name}: the referee reads none of its documents: {own[0].error}")
        _check(vector, first)
        yield first.binary, first.json["default"]


def _check(vector: Vector, answer: Answer) -> None:
    printed = normal(vector.type, answer.json["canonical"])
    if printed != expected(vector.type, vector.json, "canonical"):
        raise SystemExit(f"{vector.name}: the referee prints {answer.json['canonical']}, the list says {vector.json}")


def main() -> int:
    """Writes the files, or with `--check` names those that are stale; returns the exit code."""
    names = stale()
    if "--check" not in sys.argv[1:]:
        _FILES.mkdir(exist_ok=True)
        fresh = dict(_fresh())
        for name in names:
            path = _FILES / name
            if name in fresh:
                path.write_text(fresh[name], encoding="utf-8")
            else:
                path.unlink()
    sys.stdout.writelines(f"{name}\n" for name in names)
    return 1 if names and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
