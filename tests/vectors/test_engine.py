"""Every vector through a running engine, on generated code in every language: all nine directions, three profiles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.bus import Bus, bus_with
from tests.vectors.echo import CALLERS, LANGUAGES, METHODS, answers, echoed_json, python_echo
from tests.vectors.findings import answering, calling, lines_of
from tests.vectors.golden import Golden
from tests.vectors.programs import RUST_COMMAND, node_command

from demo.processes import Command  # isort: skip -- on the path since tests.contract is imported

IN_COMPACT = {"Lists", "Maps", "Tree", "Names", "WellKnownLists", "WellKnownMaps", "WellKnownChoice"}
"""The messages that go through without defaults too: their vectors have every kind of name and enum value."""
SAFE = ("zero", "one", "safe")
BEYOND = {
    "plain-int64-max",
    "plain-uint64-max",
    "plain-int64-above-double",
    "map-uint64-int64",
    "known-wrappedInt64-max",
}
"""With numbers for 64-bit integers go those that JavaScript holds, and some that it has to refuse."""


@pytest.fixture(scope="module")
def bus(project: Path) -> Iterator[Bus]:
    """An engine with a worker in each language; Python's is served here."""
    typescript = Command("the TypeScript worker", (*node_command(project), "serve"))
    rust = Command("the Rust worker", (*RUST_COMMAND, "serve"))
    with bus_with(typescript, rust) as shared:
        shared.run(shared.bridge.serve(python_echo()))
        yield shared


def sent(method: str, vectors: list[Golden]) -> list[Golden]:
    if method == "compact":
        return [vector for vector in vectors if vector.type in IN_COMPACT]
    if method == "numbers":
        return [
            vector
            for vector in vectors
            if vector.name in BEYOND or ("64-" in vector.name and vector.name.endswith(SAFE))
        ]
    return vectors


@pytest.mark.parametrize("method", METHODS)
def test_each_vector_comes_back_in_nine_directions(bus: Bus, vectors: list[Golden], method: str) -> None:
    some = sent(method, vectors)
    heard = {
        f"{caller} to {callee}": answers(bus, caller, callee, method, some)
        for caller in CALLERS
        for callee in LANGUAGES
    }
    assert sorted(calling(method, some, heard)) == lines_of(f"{method} of")


@pytest.mark.parametrize("callee", LANGUAGES)
@pytest.mark.parametrize("method", METHODS)
def test_each_document_is_answered_with_one_json(bus: Bus, vectors: list[Golden], method: str, callee: str) -> None:
    asked = [(vector, document) for vector in sent(method, vectors) for document in vector.documents()]
    who = f"{method} in {callee} answers"
    assert sorted(answering(who, asked, echoed_json(bus, callee, method, asked))) == lines_of(who)
