"""Every language reads and writes every vector, and reads what every other one wrote, with no engine between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.vectors.documents import Document
from tests.vectors.findings import lines_of, reading, taking, writing
from tests.vectors.golden import Golden, stale
from tests.vectors.parties import OURS, Party, parties

EVERYONE = (*OURS, "json_format")


@pytest.fixture(scope="module")
def everyone(project: Path) -> Mapping[str, Party]:
    return parties(project)


@pytest.fixture(scope="module")
def written(everyone: Mapping[str, Party], vectors: list[Golden]) -> dict[str, list[str | None]]:
    """By party what it writes of each vector in the default form; None where it refuses."""
    documents = [Document(vector.type, binary=vector.binary) for vector in vectors]
    return {name: [answer.json.get("default") for answer in everyone[name](documents)] for name in OURS}


def test_the_files_are_what_google_makes_of_the_lists() -> None:
    assert stale() == []


@pytest.mark.parametrize("name", EVERYONE)
def test_each_document_is_read_as_its_vector(everyone: Mapping[str, Party], vectors: list[Golden], name: str) -> None:
    asked = [(vector, document) for vector in vectors for document in vector.documents()]
    answers = everyone[name]([Document(vector.type, document) for vector, document in asked])
    assert sorted(reading(f"{name} reads", asked, answers)) == lines_of(f"{name} reads")


@pytest.mark.parametrize("name", EVERYONE)
def test_each_vector_is_written_in_every_profile(
    everyone: Mapping[str, Party], vectors: list[Golden], name: str
) -> None:
    answers = everyone[name]([Document(vector.type, binary=vector.binary) for vector in vectors])
    assert sorted(writing(f"{name} writes", vectors, answers)) == lines_of(f"{name} writes")


@pytest.mark.parametrize("reader", OURS)
def test_what_every_language_wrote_is_read(
    everyone: Mapping[str, Party], vectors: list[Golden], written: dict[str, list[str | None]], reader: str
) -> None:
    heard = {}
    for writer, texts in written.items():
        documents = [Document(vector.type, text or "{}") for vector, text in zip(vectors, texts, strict=True)]
        heard[writer] = list(zip(texts, everyone[reader](documents), strict=True))
    assert sorted(taking(reader, vectors, heard)) == lines_of(f"{reader} takes")
