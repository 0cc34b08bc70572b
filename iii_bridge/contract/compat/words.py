"""Schemas in words, for findings."""

from __future__ import annotations

import json
from typing import Final

from iii_bridge.contract.compat.branches import Arrays, Bound, Branch, Numbers, Objects, Strings, Values
from iii_bridge.contract.compat.patterns import matches

__all__ = ["words", "words_of"]

_SHOWN: Final = 4
_LONGEST: Final = 60

# What an expression is called that matches the first texts and none of the second.
_KNOWN: Final = {
    "that writes a 64-bit integer": (
        ("0", "-1", "9223372036854775807", "-9223372036854775808"),
        ("", "a", "01", "9223372036854775808", "-9223372036854775809"),
    ),
    "that writes an unsigned 64-bit integer": (
        ("0", "18446744073709551615"),
        ("", "a", "01", "-1", "18446744073709551616"),
    ),
    "of base64": (("", "AAA=", "+/+/"), ("A", "A=", "a b")),
}


def words(branches: tuple[Branch, ...]) -> str:
    """What a schema accepts: `a string or null`."""
    if not branches:
        return "nothing"
    if {type(branch.facts) for branch in branches} == {Values, Numbers, Strings, Arrays, Objects}:
        return "anything"
    ordered = [branch for branch in branches if not isinstance(branch.facts, Values)]
    ordered += [branch for branch in branches if isinstance(branch.facts, Values)]
    phrases = list(dict.fromkeys(words_of(branch) for branch in ordered))
    shown = phrases[:_SHOWN] + (["…"] if len(phrases) > _SHOWN else [])
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " or " + shown[-1]


def words_of(branch: Branch) -> str:
    """One branch in words."""
    match branch.facts:
        case Values(values=values):
            return _values(values)
        case Numbers() as numbers:
            return _numbers(numbers)
        case Strings() as strings:
            return _strings(strings)
        case Arrays() as arrays:
            return "an array" + _counted(arrays.least, arrays.most, "items")
        case Objects():
            return "an object"


def _values(values: tuple[object, ...]) -> str:
    rest = [value for value in values if value is not None and not isinstance(value, bool)]
    phrases = ["a boolean"] if {True, False} <= {value for value in values if isinstance(value, bool)} else []
    if not phrases:
        phrases = [json.dumps(value) for value in values if isinstance(value, bool)]
    if rest:
        shown = ", ".join(_short(json.dumps(value, ensure_ascii=False)) for value in rest[:_SHOWN])
        more = ", …" if len(rest) > _SHOWN else ""
        phrases.insert(0, f"{'one of ' if len(rest) > 1 else ''}{shown}{more}")
    if None in values:
        phrases.append("null")
    return " or ".join(phrases)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _numbers(numbers: Numbers) -> str:
    noun = "an integer" if numbers.integer else "a number"
    limits = _range(numbers.low, numbers.high)
    steps = [f"in steps of {step}" for step in numbers.multiples]
    formats = [f"of format {name}" for name in sorted(numbers.formats)]
    return " ".join([noun, *([limits] if limits else []), *steps, *formats])


def _range(low: Bound | None, high: Bound | None) -> str:
    if low is not None and high is not None and not (low[1] or high[1]):
        return f"from {low[0]:g} to {high[0]:g}" if isinstance(low[0], float) else f"from {low[0]} to {high[0]}"
    phrases: list[str] = []
    if low is not None:
        phrases.append(f"{'above' if low[1] else 'from'} {low[0]}")
    if high is not None:
        phrases.append(f"{'below' if high[1] else 'up to'} {high[0]}")
    return " ".join(phrases)


def _strings(strings: Strings) -> str:
    phrases = ["a string" + _counted(strings.least, strings.most, "characters")]
    if "date-time" not in strings.formats:
        phrases += [_pattern(pattern) for pattern in sorted(strings.patterns)]
    phrases += [f"of format {name}" for name in sorted(strings.formats)]
    return " ".join(phrases)


def _pattern(pattern: str) -> str:
    for phrase, (hits, misses) in _KNOWN.items():
        if all(matches(pattern, text) for text in hits) and not any(matches(pattern, text) for text in misses):
            return phrase
    return f"that matches {_short(pattern)}"


def _counted(least: int, most: int | None, what: str) -> str:
    if most is not None:
        return f" of {least} to {most} {what}" if least != most else f" of {least} {what}"
    return f" of at least {least} {what}" if least else ""
