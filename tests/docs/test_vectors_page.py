"""docs/reference/vectors.md lists what the languages do otherwise, and how much is compared."""

from __future__ import annotations

import re

from tests.docs.pages import DOCS
from tests.vectors.documents import PROFILES
from tests.vectors.findings import known
from tests.vectors.golden import goldens
from tests.vectors.parties import OURS

TEXT = (DOCS / "reference" / "vectors.md").read_text()


def test_each_known_difference_has_a_row() -> None:
    _header, _rule, *rows = re.findall(r"^\| (.+?) \| .* \|$", TEXT.split("## What is different\n")[1], re.MULTILINE)
    assert rows == list(known())


def test_the_profiles_are_those_of_the_tests() -> None:
    assert re.findall(r"^\| `([a-z0-9-]+)`: ", TEXT, re.MULTILINE) == list(PROFILES)


def test_the_figures_are_those_of_the_files() -> None:
    vectors = goldens()
    documents = sum(len(vector.documents()) for vector in vectors)
    says = f"{len(vectors)} vectors of {len({vector.type for vector in vectors})} messages, in {documents} documents"
    assert says in TEXT
    assert f"{len(OURS) ** 2} directions" in TEXT
