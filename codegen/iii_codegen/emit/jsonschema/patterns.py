"""Regular expressions for the strings of ProtoJSON, in what ECMA-262, Python and RE2 read alike: no look-around."""

from __future__ import annotations

from functools import cache
from typing import Final

__all__ = [
    "BASE64",
    "BASE64_ANY",
    "DURATION",
    "FIELD_MASK",
    "TIMESTAMP",
    "TIMESTAMP_ANY",
    "integer_pattern",
]

BASE64: Final = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
"""As printed: the standard alphabet, padded."""
BASE64_ANY: Final = (
    r"^(?:(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?"
    r"|(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?)$"
)
"""As read: base64 or base64url, with or without padding."""

_YEAR: Final = r"(?:[0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_DATE: Final = rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
TIMESTAMP: Final = rf"^{_DATE}T{_TIME}(?:\.(?:[0-9]{{3}}|[0-9]{{6}}|[0-9]{{9}}))?Z$"
"""RFC 3339 in UTC, years 0001 to 9999, with 0, 3, 6 or 9 digits of a second."""
TIMESTAMP_ANY: Final = rf"^{_DATE}T{_TIME}(?:\.[0-9]{{1,9}})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"

_PATH: Final = r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*"
FIELD_MASK: Final = rf"^(?:{_PATH}(?:,{_PATH})*)?$"
"""lowerCamel paths, joined by commas."""

_MOST_SECONDS: Final = 315_576_000_000


@cache
def integer_pattern(least: int, most: int) -> str:
    """Exactly the integers from `least` to `most`, written in decimal without leading zeros or plus."""
    return f"^(?:{_integers(least, most)})$"


def _integers(least: int, most: int) -> str:
    positive = _up_to(most)
    if least >= 0:
        return positive
    return f"{positive}|-(?:{_up_to(-least, first=1)})"


def _up_to(most: int, first: int = 0) -> str:
    """The numbers from 0, or from 1, to `most`: all shorter ones, then those of its length digit by digit."""
    digits = str(most)
    choices = ["0"] if first == 0 else []
    if len(digits) == 2:
        choices.append("[1-9]")
    elif len(digits) > 2:
        choices.append(f"[1-9][0-9]{{0,{len(digits) - 2}}}")
    for index, digit in enumerate(digits):
        low, high = (1 if index == 0 else 0), int(digit) - 1
        rest = len(digits) - index - 1
        if high >= low:
            choices.append(digits[:index] + _digit(low, high) + (f"[0-9]{{{rest}}}" if rest else ""))
    choices.append(digits)
    return "|".join(dict.fromkeys(choices))


def _digit(low: int, high: int) -> str:
    return str(low) if low == high else f"[{low}-{high}]"


DURATION: Final = rf"^-?(?:(?:{_up_to(_MOST_SECONDS - 1)})(?:\.[0-9]{{1,9}})?|{_MOST_SECONDS}(?:\.0{{1,9}})?)s$"
"""Seconds within 10 000 years either way, with up to nine digits of a second."""
