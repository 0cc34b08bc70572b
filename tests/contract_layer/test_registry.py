"""Which class stands for which name."""

from __future__ import annotations

import pytest

from iii_bridge.contract.registry import File, class_of, file_of, full_name_of, register


def test_a_registered_class_is_found_both_ways() -> None:
    class Thing:
        """A class of a generated module."""

    file = register(File("thing/v1/thing.proto", b"", (("thing.v1.Thing", Thing),)))
    assert (file_of(Thing), full_name_of(Thing), class_of("thing.v1.Thing")) == (file, "thing.v1.Thing", Thing)


def test_of_two_trees_the_last_one_answers_by_name_and_both_by_class() -> None:
    first, second = type("Twice", (), {}), type("Twice", (), {})
    files = [register(File("twice.proto", b"", (("twice.v1.Twice", cls),))) for cls in (first, second)]
    assert class_of("twice.v1.Twice") is second
    assert [file_of(first), file_of(second)] == files


def test_what_was_never_registered_is_a_key_error_that_says_what_to_do() -> None:
    with pytest.raises(KeyError, match="import the module generated from its contract"):
        class_of("no.such.Thing")
    with pytest.raises(KeyError):
        full_name_of(int)
