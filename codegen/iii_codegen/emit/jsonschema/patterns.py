"""Regular expressions for the strings of ProtoJSON, in what ECMA-262, Python and RE2 read alike: no look-around."""

from __future__ import annotations

from functools import cache
from typing import Final

__all__ = [
    "ANY_TYPE",
    "BASE64",
    "BASE64_ANY",
    "DURATION",
    "DURATION_ANY",
    "FIELD_MASK",
    "NUMBER_ANY",
    "TIMESTAMP",
    "TIMESTAMP_ANY",
    "integer_any_pattern",
    "integer_pattern",
]


# --- integers ---------------------------------------------------------------------------------------------------------


@cache
def integer_pattern(least: int, most: int) -> str:
    """Exactly the integers from `least` to `most`, written in decimal without leading zeros or plus."""
    return f"^(?:{_integers(least, most)})$"


@cache
def integer_any_pattern(least: int, most: int) -> str:
    """As read: a fraction of zeros and -0 are fine; of an exponent only the form is checked, not what it comes to."""
    plain = rf"(?:{_integers(least, most)}|-0)(?:\.0+)?"
    scaled = rf"(?:{_DECIMAL}|-0(?:\.0+)?){_EXPONENT}" if least >= 0 else f"-?{_DECIMAL}{_EXPONENT}"
    return f"^(?:{plain}|{scaled})$"


def _integers(least: int, most: int) -> str:
    """The magnitudes that both signs may have are written once."""
    if least >= 0:
        return _between(least, most)
    if most < 0:
        return f"-(?:{_between(-most, -least)})"
    both = min(most, -least)
    choices = ["0"]
    if both:
        choices.append(f"-?(?:{_between(1, both)})")
    if most > both:
        choices.append(_between(both + 1, most))
    if -least > both:
        choices.append(f"-(?:{_between(both + 1, -least)})")
    return "|".join(choices)


def _between(low: int, high: int) -> str:
    """The numbers from `low` to `high`, neither negative: a choice for every length."""
    choices: list[str] = []
    for length in range(len(str(low)), len(str(high)) + 1):
        smallest = 0 if length == 1 else 10 ** (length - 1)
        choices.append(_of_one_length(str(max(low, smallest)), str(min(high, 10**length - 1))))
    return "|".join(_joined(choices))


def _joined(choices: list[str]) -> list[str]:
    """With all the lengths in the middle, of which every number counts, as one choice."""
    whole = [index for index, choice in enumerate(choices) if choice == _whole(index + 1)]
    if len(whole) < 2:
        return choices
    first, last = whole[0], whole[-1]
    return [*choices[:first], f"[1-9][0-9]{{{first},{last}}}", *choices[last + 1 :]]


def _whole(length: int) -> str:
    return f"[1-9]{_any_digits(length - 1)}"


def _of_one_length(low: str, high: str) -> str:
    """Digits from `low` to `high`, as long as both are."""
    rest = len(low) - 1
    if low[0] == high[0]:
        return low[0] + (_group(_of_one_length(low[1:], high[1:])) if rest else "")
    first, last = int(low[0]), int(high[0])
    choices: list[str] = []
    if low[1:] != "0" * rest:
        choices.append(low[0] + _group(_of_one_length(low[1:], "9" * rest)))
        first += 1
    cut = high[1:] != "9" * rest
    if first <= last - cut:
        choices.append(_digit(first, last - cut) + _any_digits(rest))
    if cut:
        choices.append(high[0] + _group(_of_one_length("0" * rest, high[1:])))
    return "|".join(choices)


def _any_digits(count: int) -> str:
    return "" if count == 0 else "[0-9]" if count == 1 else f"[0-9]{{{count}}}"


def _group(choices: str) -> str:
    return f"(?:{choices})" if "|" in choices else choices


def _digit(low: int, high: int) -> str:
    return str(low) if low == high else f"[{low}-{high}]"


# --- other numbers ----------------------------------------------------------------------------------------------------

_DECIMAL: Final = r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_EXPONENT: Final = "[eE][+-]?[0-9]{1,9}"
NUMBER_ANY: Final = rf"^(?:-?{_DECIMAL}(?:{_EXPONENT})?|NaN|-?Infinity)$"
"""A float or a double as a string: any number of JSON, and those that JSON lacks."""


# --- bytes ------------------------------------------------------------------------------------------------------------

BASE64: Final = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
"""As printed: the standard alphabet, padded."""
BASE64_ANY: Final = (
    r"^(?:(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?"
    r"|(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?)$"
)
"""As read: base64 or base64url, with or without padding."""


# --- well-known types -------------------------------------------------------------------------------------------------

_YEAR: Final = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_DAY: Final = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_FOURS: Final = "(?:0[48]|[2468][048]|[13579][26])"
_DATE: Final = f"(?:{_YEAR}-{_DAY}|(?:[0-9]{{2}}{_FOURS}|{_FOURS}00)-02-29)"
_TIME: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
TIMESTAMP: Final = rf"^{_DATE}T{_TIME}(?:\.(?:[0-9]{{3}}|[0-9]{{6}}|[0-9]{{9}}))?Z$"
"""As printed: RFC 3339 in UTC, years 0001 to 9999, with 0, 3, 6 or 9 digits of a second."""
TIMESTAMP_ANY: Final = rf"^{_DATE}T{_TIME}(?:\.[0-9]{{1,9}})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
"""As read: up to nine digits of a second, and any offset."""

_MOST_SECONDS: Final = 315_576_000_000
_NANOS: Final = r"(?:\.[0-9]{1,9})?"
DURATION: Final = rf"^-?(?:{_between(0, _MOST_SECONDS)}){_NANOS}s$"
"""As printed: seconds within 10 000 years either way, with up to nine digits of a second."""
DURATION_ANY: Final = rf"^-?(?:[0-9]{{1,11}}|{_of_one_length('0' * 12, str(_MOST_SECONDS))}){_NANOS}s$"
"""As read: leading zeros are fine, up to twelve digits."""

FIELD_MASK: Final = "^(?:[^,_]+(?:,[^,_]+)*)?$"
"""Paths without underscores, lowerCamel where they name fields, joined by commas; printed and read alike."""

ANY_TYPE: Final = r"[\s\S]/[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$"
"""A URL whose last part is the full name of a message."""
