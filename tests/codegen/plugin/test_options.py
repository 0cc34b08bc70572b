"""Parameters of the plugins."""

from __future__ import annotations

import pytest

from iii_codegen.plugin.options import OptionsError, parse_options

KNOWN = {"dialect": ("all", "2020-12"), "profile": ("canonical", "protojson")}


@pytest.mark.parametrize(
    ("parameter", "chosen"),
    [
        ("", ("all", "canonical")),
        ("dialect=2020-12", ("2020-12", "canonical")),
        (" profile=protojson , dialect=all,", ("all", "protojson")),
    ],
)
def test_options(parameter: str, chosen: tuple[str, str]) -> None:
    assert tuple(parse_options(parameter, KNOWN).values()) == chosen


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("dialekt=all", "unknown option dialekt; did you mean dialect?"),
        ("dialect=x", "option dialect is x; choose from all, 2020-12"),
        ("dialect", "option dialect is empty; choose from all, 2020-12"),
    ],
)
def test_options_that_cannot_be_used(parameter: str, text: str) -> None:
    with pytest.raises(OptionsError) as caught:
        parse_options(parameter, KNOWN)
    assert str(caught.value) == text


def test_a_plugin_without_options() -> None:
    assert parse_options("", {}) == {}
    with pytest.raises(OptionsError, match="unknown option a; there are none"):
        parse_options("a=b", {})
