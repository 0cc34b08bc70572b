"""The forms findings are shown in: for people, for programs, and for GitHub Actions."""

from __future__ import annotations

from enum import StrEnum

from iii_codegen.model.nodes import Place

__all__ = ["Format", "annotation"]


class Format(StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def annotation(level: str, place: Place, title: str, text: str) -> str:
    """A workflow command of GitHub Actions; `level` is error, warning or notice."""
    where = f"file={_escaped(place.file)},line={place.line or 1},col={place.column or 1}"
    return f"::{level} {where},title={title}::{_without_lines(text)}"


def _without_lines(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(text: str) -> str:
    return _without_lines(text).replace(":", "%3A").replace(",", "%2C")
