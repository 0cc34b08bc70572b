"""Places and how they are shown."""

from __future__ import annotations

import pickle

from iii_bridge.contract.problems import CodecError, Path, describe, shown_name


def test_a_place_reads_like_a_path() -> None:
    place = Path().member("items").item(2).member("labels").key("a b").member("odd name")
    assert str(place) == '$.items[2].labels["a b"]["odd name"]'
    assert place.pattern() == '$.items[*].labels[*]["odd name"]'
    assert str(Path()) == "$"


def test_below_a_redacted_field_keys_and_unknown_names_are_hidden() -> None:
    place = Path().member("secret", hidden=True)
    assert str(place.key("token")) == "$.secret[*]"
    assert str(place.member("box").key("token")) == "$.secret.box[*]"
    assert str(place.unknown("token")) == "$.secret[*]"
    assert str(Path().unknown("token")) == "$.token"


def test_names_are_quoted_escaped_and_cut() -> None:
    assert shown_name('a"\n') == '"a\\"\\n"'
    assert shown_name("\ud800") == '"\\ud800"'
    assert len(str(Path().member("x" * 1000))) < 80
    assert len(str(Path().key("x" * 1000))) < 80


def test_an_error_keeps_its_parts_and_can_be_sent_elsewhere() -> None:
    error = Path().member("a").fail("the number is out of range")
    assert (error.path, error.problem, str(error)) == (
        "$.a",
        "the number is out of range",
        "the number is out of range at $.a",
    )
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own
    assert isinstance(copy, CodecError)
    assert (copy.path, copy.problem) == (error.path, error.problem)
    assert isinstance(error, ValueError)


def test_kinds_are_named_without_values() -> None:
    values = {"null": None, "a boolean": True, "a number": 1.5, "a string": "x", "an array": [], "an object": {}}
    assert {describe(value) for value in values.values()} == set(values)
    assert all(describe(value) == kind for kind, value in values.items())
