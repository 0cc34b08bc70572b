"""What a party does otherwise than the vectors say, a line for each; and the lines that are known and explained."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.vectors.contracts import google_class
from tests.vectors.documents import Answer, Document
from tests.vectors.expected import expected, normal
from tests.vectors.golden import Golden
from tests.vectors.python import answers_of_referee, canonical_of

__all__ = ["answering", "calling", "known", "lines_of", "meaning", "reading", "taking", "writing"]

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


def lines_of(who: str) -> list[str]:
    """The known lines that begin so, in order."""
    return sorted(line for lines in known().values() for line in lines if line.startswith(f"{who} "))


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
        if wrong:
            shown = answer.json["canonical" if "canonical" in wrong else wrong[0]]
            where = "" if wrong == list(answer.json) else f" in {', '.join(wrong)}"
            yield f"{who} {vector.name}{where} as {_short(shown)}"


def answering(who: str, asked: Iterable[tuple[Golden, str]], answers: Iterable[Answer]) -> Iterator[str]:
    """What was answered to documents: (vector, document) with the answer, in one profile, to each."""
    for (vector, document), answer in zip(asked, answers, strict=True):
        if answer.error is not None:
            yield f"{who} {vector.name}: {_short(document)} with an error"
            continue
        for profile, text in answer.json.items():
            if not _is(vector, profile, text):
                yield f"{who} {vector.name}: {_short(document)} with {_short(text)}"


def calling(method: str, vectors: Sequence[Golden], heard: Mapping[str, Sequence[Answer]]) -> list[str]:
    """What came back otherwise than it was sent, by direction (`rust to python`): the answers to each vector."""
    found: dict[str, list[str]] = {}
    for direction, answers in heard.items():
        for vector, answer in zip(vectors, answers, strict=True):
            if answer.error is not None:
                found.setdefault(f"{vector.name} is refused", []).append(direction)
            elif _bytes(vector.type, answer.binary) != vector.binary:
                found.setdefault(f"{vector.name} as {_canonical(vector, answer)}", []).append(direction)
    return [f"{method} of {what}: {', '.join(directions)}" for what, directions in found.items()]


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


@functools.cache
def meaning(vector: Golden, text: str) -> bytes:
    """A document's message in binary, as the referee reads it; the vector itself where the referee cannot."""
    answer = answers_of_referee([Document(vector.type, text)])[0]
    return vector.binary if answer.error is not None else answer.binary


def _is(vector: Golden, profile: str, text: str) -> bool:
    """Equal as JSON values; in `float` fields equal as numbers of 32 bits, since they may have digits to spare."""
    source = vector.json if profile in {"canonical", "compact"} else vector.default
    return normal(vector.type, text) == expected(vector.type, source, profile)


def _bytes(name: str, binary: bytes) -> bytes:
    """In the referee's order of fields and map entries."""
    message: bytes = google_class(name).FromString(binary).SerializeToString(deterministic=True)
    return message


def _canonical(vector: Golden, answer: Answer) -> str:
    return _short(canonical_of(vector.type, answer.binary))


def _short(document: str) -> str:
    return document if len(document) <= 200 else f"{document[:200]}…"
