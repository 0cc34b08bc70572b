"""What a party does otherwise than the vectors say, a line for each; and the lines that are known and explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.vectors.contracts import google_class
from tests.vectors.documents import Answer, Document
from tests.vectors.expected import expected, normal
from tests.vectors.golden import Golden
from tests.vectors.python import answers_of_referee, canonical_of

__all__ = ["known", "meaning", "reading", "taking", "writing"]

_KNOWN: Final = Path(__file__).parent / "differences.txt"


def known() -> dict[str, list[str]]:
    """Lines of findings by the reason above them; the reasons are the rows of docs/reference/vectors.md."""
    found: dict[str, list[str]] = {}
    reason = ""
    for line in _KNOWN.read_text(encoding="utf-8").split("\n"):
        if line.startswith("# "):
            reason = line.removeprefix("# ")
            found[reason] = []
        elif line:
            found[reason].append(line)
    return found


def reading(who: str, vectors: Iterable[tuple[Golden, str]], answers: Iterable[Answer]) -> Iterator[str]:
    """What was understood of documents, by the binary: (vector, document) with the answers to them."""
    for (vector, document), answer in zip(vectors, answers, strict=True):
        if answer.error is not None:
            yield f"{who} {vector.name}: {_short(document)} is refused"
        elif _bytes(vector.type, answer.binary) != vector.binary:
            yield f"{who} {vector.name}: {_short(document)} is read as {_canonical(vector, answer)}"


def writing(who: str, vectors: Iterable[Golden], answers: Iterable[Answer]) -> Iterator[str]:
    """What was written of messages that came in binary, in every profile."""
    for vector, answer in zip(vectors, answers, strict=True):
        if answer.error is not None:
            yield f"{who} {vector.name} is refused"
            continue
        wrong = [profile for profile, text in answer.json.items() if not _is(vector, profile, text)]
        if wrong == list(answer.json):
            yield f"{who} {vector.name} as {answer.json['canonical']}"
        elif wrong:
            shown = "canonical" if "canonical" in wrong else wrong[0]
            yield f"{who} {vector.name} in {', '.join(wrong)} as {answer.json[shown]}"


def taking(
    reader: str, vectors: Sequence[Golden], heard: Mapping[str, Sequence[tuple[str | None, Answer]]]
) -> list[str]:
    """What a reader understood of what others wrote: by writer, for each vector its text and the answer to it.

    The text counts, not the vector: what a writer does otherwise is a finding about that writer.
    """
    found: dict[str, list[str]] = {}
    for writer, pairs in heard.items():
        for vector, (text, answer) in zip(vectors, pairs, strict=True):
            if text is None:
                continue
            if answer.error is not None:
                found.setdefault(f"{vector.name} is refused", []).append(writer)
            elif _bytes(vector.type, answer.binary) != meaning(vector, text):
                found.setdefault(f"{vector.name} as {_canonical(vector, answer)}", []).append(writer)
    return [f"{reader} takes of {', '.join(writers)}: {what}" for what, writers in found.items()]


def meaning(vector: Golden, text: str) -> bytes:
    """A document's message in binary, as the referee reads it; the vector itself where the referee cannot."""
    answer = answers_of_referee([Document(vector.type, text)])[0]
    return vector.binary if answer.error is not None else answer.binary


def _is(vector: Golden, profile: str, text: str) -> bool:
    """Equal as JSON values; in `float` fields equal as numbers of 32 bits, since they may have digits to spare."""
    source = vector.json if profile == "canonical" else vector.default
    return normal(vector.type, text) == expected(vector.type, source, profile)


def _bytes(name: str, binary: bytes) -> bytes:
    """In the referee's order of fields and map entries."""
    message: bytes = google_class(name).FromString(binary).SerializeToString(deterministic=True)
    return message


def _canonical(vector: Golden, answer: Answer) -> str:
    return _short(canonical_of(vector.type, answer.binary))


def _short(document: str) -> str:
    return document if len(document) <= 200 else f"{document[:200]}…"
