"""Single values: their JSON forms and their Python values, both ways, with every check.

`read_*` takes a parsed JSON value and returns the Python value; `write_*` the
other way round. Both raise Problem, whose text says what was expected.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import math
import re
import struct
from typing import Any, Final

from iii_bridge.contract.json_text import Number, kind_of
from iii_bridge.contract.nanoseconds import NanoDatetime, NanoTimedelta, nanoseconds_beyond
from iii_bridge.contract.problems import Problem

__all__ = [
    "INTEGER_RANGES",
    "camel_path",
    "fraction",
    "read_bool",
    "read_bytes",
    "read_double",
    "read_duration",
    "read_float",
    "read_integer",
    "read_mask",
    "read_string",
    "read_timestamp",
    "round_to_float",
    "shortest_float",
    "snake_path",
    "write_bool",
    "write_bytes",
    "write_double",
    "write_duration",
    "write_float",
    "write_integer",
    "write_mask",
    "write_string",
    "write_timestamp",
]

INTEGER_RANGES: Final = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}

_NUMBER: Final = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,9}))?")
_STANDARD_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*")
_URL_BASE64: Final = re.compile(r"[A-Za-z0-9_-]*")
_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DURATION: Final = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s")
_MAX_DURATION_SECONDS: Final = 315_576_000_000
_MICROSECOND: Final = datetime.timedelta(microseconds=1)
_FLOAT_STRINGS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_FLOAT_MAX: Final = float.fromhex("0x1.fffffep+127")
_binary32: Final = struct.Struct("<f")


def _wrong(expected: str, value: Any) -> Problem:
    return Problem(f"expected {expected}, found {kind_of(value)}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


# --- integers ---------------------------------------------------------------------------------------------------------


def read_integer(value: Any, type_name: str) -> int:
    """A number or a string of one, whole and in range; `1.0` and `1e2` are whole."""
    if value.__class__ is not int:
        if not isinstance(value, str):
            raise _wrong("an integer", value)
        value = _whole(value)
    low, high = INTEGER_RANGES[type_name]
    if not low <= value <= high:
        raise Problem(f"the number is out of range for {type_name}")
    result: int = value
    return result


def _whole(text: str) -> int:
    """The integer that a decimal text stands for, without ever building a huge one."""
    if len(text) < 20 and text.isascii() and text.isdecimal() and (text[0] != "0" or text == "0"):
        return int(text)
    match = _NUMBER.fullmatch(text)
    if match is None:
        if isinstance(text, Number):
            raise Problem("the exponent of the number is too large")
        raise Problem("expected an integer, found a string that is no decimal number")
    sign, digits, fraction, exponent = match.group(1), match.group(2), match.group(3) or "", int(match.group(4) or 0)
    significant = (digits + fraction).rstrip("0")
    point = len(digits) + exponent
    if not significant.strip("0"):
        return 0
    if len(significant) > point:
        raise Problem("expected an integer, found a number with a fraction")
    if point - (len(significant) - len(significant.lstrip("0"))) > 20:
        raise Problem("the number is out of range for every integer type")
    return int(sign + significant + "0" * (point - len(significant)))


def write_integer(value: Any, type_name: str) -> int:
    """A Python int in range; neither bool nor float."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Problem(f"expected an int, found {type(value).__name__}")
    low, high = INTEGER_RANGES[type_name]
    if not low <= value <= high:
        raise Problem(f"the number is out of range for {type_name}")
    return int(value)


# --- floating point ---------------------------------------------------------------------------------------------------


def read_double(value: Any) -> float:
    """A number, a string of one, or NaN, Infinity, -Infinity as strings; too large is refused."""
    if value.__class__ is int:
        return float(value)
    if not isinstance(value, str):
        raise _wrong("a number", value)
    if not isinstance(value, Number):
        if value in _FLOAT_STRINGS:
            return _FLOAT_STRINGS[value]
        if not _NUMBER.fullmatch(value):
            raise Problem("expected a number, found a string that is none")
    result = float(value)
    if math.isinf(result):
        raise Problem("the number is out of range for double")
    return result


def read_float(value: Any) -> float:
    """As `read_double`, for 32 bits: the value is rounded to what 32 bits hold."""
    return round_to_float(read_double(value))


def round_to_float(value: float) -> float:
    """The nearest value of 32 bits. Raises Problem when that would be an infinity."""
    try:
        rounded: float = _binary32.unpack(_binary32.pack(value))[0]
    except OverflowError:
        raise Problem("the number is out of range for float") from None
    return rounded


def write_double(value: Any) -> float | str:
    """A float or an int; NaN and the infinities become strings."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise Problem(f"expected a float, found {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:
        raise Problem("the number is out of range for double") from None
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def write_float(value: Any) -> float | str:
    """As `write_double`, in as few digits as 32 bits need."""
    number = write_double(value)
    return number if isinstance(number, str) else shortest_float(number)


def shortest_float(value: float) -> float:
    """The float with the fewest digits, six at least, that is the same in 32 bits. Raises Problem when none is."""
    target = round_to_float(value)
    if not math.isfinite(target):
        return target
    candidates = (float(f"{target:.{digits}g}") for digits in (6, 7, 8, 9))
    # A text above the largest float would still round to it, but some parsers refuse it.
    fitting = (number for number in candidates if abs(number) <= _FLOAT_MAX and round_to_float(number) == target)
    return next(fitting, target)


# --- booleans, strings, bytes -----------------------------------------------------------------------------------------


def read_bool(value: Any) -> bool:
    """true or false."""
    if value.__class__ is not bool:
        raise _wrong("a boolean", value)
    result: bool = value
    return result


def write_bool(value: Any) -> bool:
    """A Python bool, nothing that merely looks like one."""
    if not isinstance(value, bool):
        raise Problem(f"expected a bool, found {type(value).__name__}")
    return value


def read_string(value: Any) -> str:
    """A string that has a UTF-8 form."""
    if not _is_text(value):
        raise _wrong("a string", value)
    result: str = value
    return _encodable(result)


def write_string(value: Any) -> str:
    """A Python str that has a UTF-8 form."""
    if not isinstance(value, str):
        raise Problem(f"expected a str, found {type(value).__name__}")
    return _encodable(str(value))


def _encodable(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Problem("the string holds half a surrogate pair") from None
    return text


def read_bytes(value: Any) -> bytes:
    """Base64 of either alphabet, padded or not; nothing else is skipped over."""
    if not _is_text(value):
        raise _wrong("a base64 string", value)
    text = value.rstrip("=")
    padding = len(value) - len(text)
    if (padding and len(value) % 4) or padding > 2 or len(text) % 4 == 1:
        raise Problem("the base64 text has a wrong length")
    if _STANDARD_BASE64.fullmatch(text):
        alphabet = b"+/"
    elif _URL_BASE64.fullmatch(text):
        alphabet = b"-_"
    else:
        raise Problem("the string is not base64")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=alphabet, validate=True)
    except binascii.Error:
        raise Problem("the string is not base64") from None


def write_bytes(value: Any) -> str:
    """Standard base64 with padding."""
    if not isinstance(value, (bytes, bytearray)):
        raise Problem(f"expected bytes, found {type(value).__name__}")
    return base64.b64encode(value).decode()


# --- time -------------------------------------------------------------------------------------------------------------


def read_timestamp(value: Any) -> datetime.datetime:
    """RFC 3339 with upper-case T and Z or an offset, years 0001 to 9999.

    A NanoDatetime where microseconds do not say it.
    """
    if not _is_text(value):
        raise _wrong("a timestamp string", value)
    match = _TIMESTAMP.fullmatch(value)
    if match is None:
        raise Problem("the string is no RFC 3339 timestamp")
    seconds, fraction, offset = match.groups()
    digits = f"{fraction or '':0<9}"
    try:
        moment = datetime.datetime.fromisoformat(f"{seconds}.{digits[:6]}{offset}").astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise Problem("the timestamp is no moment in the years 0001 to 9999") from None
    return NanoDatetime.of(moment, int(digits[6:])) if digits[6:] != "000" else moment


def write_timestamp(value: Any) -> str:
    """An aware datetime, in UTC, with 0, 3, 6 or 9 digits."""
    if not isinstance(value, datetime.datetime):
        raise Problem(f"expected a datetime, found {type(value).__name__}")
    if value.utcoffset() is None:
        raise Problem("the datetime has no time zone; add tzinfo=datetime.UTC")
    try:
        moment = value.astimezone(datetime.UTC)
    except OverflowError:
        raise Problem("the timestamp lies outside the years 0001 to 9999") from None
    seconds = moment.isoformat(timespec="seconds").removesuffix("+00:00")
    return seconds + fraction(moment.microsecond * 1000 + nanoseconds_beyond(moment)) + "Z"


def read_duration(value: Any) -> datetime.timedelta:
    """Seconds with at most nine digits and an `s`; a NanoTimedelta where microseconds do not say it."""
    if not _is_text(value):
        raise _wrong("a duration string", value)
    match = _DURATION.fullmatch(value)
    if match is None:
        raise Problem('the string is no duration; write seconds and an s, as in "1.5s"')
    sign, seconds, fraction = match.groups()
    digits = f"{fraction or '':0<9}"
    if int(seconds) > _MAX_DURATION_SECONDS:  # with any fraction, as the conformance suite has it
        raise Problem("the duration is longer than 10000 years")
    length = datetime.timedelta(seconds=int(seconds), microseconds=int(digits[:6]))
    if digits[6:] != "000":
        length = NanoTimedelta.of(length, int(digits[6:]))
    return -length if sign else length


def write_duration(value: Any) -> str:
    """A timedelta within 10000 years, with 0, 3, 6 or 9 digits."""
    if not isinstance(value, datetime.timedelta):
        raise Problem(f"expected a timedelta, found {type(value).__name__}")
    nanoseconds = value // _MICROSECOND * 1000 + nanoseconds_beyond(value)
    seconds, rest = divmod(abs(nanoseconds), 1_000_000_000)
    if seconds > _MAX_DURATION_SECONDS:
        raise Problem("the duration is longer than 10000 years")
    return f"{'-' if nanoseconds < 0 else ''}{seconds}{fraction(rest)}s"


def fraction(nanoseconds: int) -> str:
    """Nothing, or a point and three, six or nine digits."""
    if not nanoseconds:
        return ""
    digits = f".{nanoseconds:09}"
    return digits[:4] if digits.endswith("000000") else digits.removesuffix("000")


# --- field masks ------------------------------------------------------------------------------------------------------


def read_mask(value: Any) -> list[str]:
    """Comma-separated lowerCamelCase paths, as proto field paths."""
    if not _is_text(value):
        raise _wrong("a field mask string", value)
    return [snake_path(path) for path in value.split(",")] if value else []


def write_mask(paths: Any) -> str:
    """Proto field paths as one string; only paths that come back unchanged."""
    if not isinstance(paths, (list, tuple)):
        raise Problem(f"expected a list of paths, found {type(paths).__name__}")
    entries: list[Any] = list(paths)  # pyright: ignore[reportUnknownArgumentType] -- checked one by one below
    return ",".join(camel_path(write_string(path)) for path in entries)


def snake_path(path: str) -> str:
    """`lineItems.sku` to `line_items.sku`. Raises Problem for a path with an underscore."""
    if not path or "_" in path:
        raise Problem("the field mask holds a path that is not lowerCamelCase")
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), _encodable(path))


def camel_path(path: str) -> str:
    """`line_items.sku` to `lineItems.sku`. Raises Problem for a path that would not come back."""
    if not path or "," in path or re.search("[A-Z]|_(?![a-z])", path):
        raise Problem("the field mask holds a path that has no JSON form; use snake_case field names")
    return re.sub("_([a-z])", lambda match: match[1].upper(), path)
