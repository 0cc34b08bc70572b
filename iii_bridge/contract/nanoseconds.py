"""Moments and lengths to the nanosecond, for the digits that `datetime` does not hold.

A Timestamp or a Duration whose nanoseconds are whole microseconds is a plain
`datetime` or `timedelta`; any other is one of these, which are the same to
everybody who does not ask for more. They compare, sort and hash with the plain
ones to the nanosecond; arithmetic and `replace` work in microseconds, as those
of their bases do.
"""

from __future__ import annotations

import datetime
from typing import Any, Final, SupportsIndex

__all__ = ["NanoDatetime", "NanoTimedelta", "nanoseconds_beyond"]


def nanoseconds_beyond(value: datetime.datetime | datetime.timedelta) -> int:
    """The nanoseconds beyond the microseconds; 0 for plain values."""
    return value.nanoseconds_beyond if isinstance(value, (NanoDatetime, NanoTimedelta)) else 0


class _ToTheNanosecond:
    """Comparison by the plain value first and the further nanoseconds second."""

    nanoseconds_beyond: int = 0
    """In the class for those that arithmetic makes, which passes constructors by."""

    def __eq__(self, other: Any) -> Any:
        equal = super().__eq__(other)
        return equal if equal is NotImplemented or not equal else self.nanoseconds_beyond == nanoseconds_beyond(other)

    def __ne__(self, other: Any) -> Any:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    def __lt__(self, other: Any) -> Any:
        less = _base(self).__lt__(other)
        if less is NotImplemented or less:
            return less
        return super().__eq__(other) is True and self.nanoseconds_beyond < nanoseconds_beyond(other)

    def __le__(self, other: Any) -> Any:
        less = self.__lt__(other)
        return less if less is NotImplemented else less or self == other

    def __gt__(self, other: Any) -> Any:
        less_or_equal = self.__le__(other)
        return less_or_equal if less_or_equal is NotImplemented else not less_or_equal

    def __ge__(self, other: Any) -> Any:
        less = self.__lt__(other)
        return less if less is NotImplemented else not less

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.nanoseconds_beyond)) if self.nanoseconds_beyond else super().__hash__()


def _base(value: Any) -> Any:
    """The methods of the plain class, on the value; `object`, the base a checker sees, knows no order."""
    return super(_ToTheNanosecond, value)


class NanoDatetime(_ToTheNanosecond, datetime.datetime):
    """A datetime with nanoseconds beyond its microseconds.

    NanoDatetime.of(datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC), 7)
    """

    @classmethod
    def of(cls, moment: datetime.datetime, nanoseconds: int) -> NanoDatetime:
        """The moment and 0 to 999 nanoseconds more. Raises ValueError for any other number."""
        if not 0 <= nanoseconds <= _MOST:
            raise ValueError(f"nanoseconds beyond a microsecond are 0 to {_MOST}, not {nanoseconds}")
        made = cls.combine(moment.date(), moment.timetz())
        made.nanoseconds_beyond = nanoseconds
        return made

    def plain(self) -> datetime.datetime:
        """The same in microseconds."""
        return datetime.datetime.combine(self.date(), self.timetz())

    def astimezone(self, tz: datetime.tzinfo | None = None) -> NanoDatetime:
        """The same moment in another time zone."""
        return NanoDatetime.of(self.plain().astimezone(tz), self.nanoseconds_beyond)

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        """With nine digits, unless a `timespec` says otherwise."""
        if timespec != "auto" or not self.nanoseconds_beyond:
            return super().isoformat(sep, timespec)
        text = self.plain().isoformat(sep, "microseconds")
        return f"{text[:_END]}{self.nanoseconds_beyond:03}{text[_END:]}"

    def __str__(self) -> str:
        return self.isoformat(" ")

    def __repr__(self) -> str:
        return f"NanoDatetime.of({self.plain()!r}, {self.nanoseconds_beyond})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return NanoDatetime.of, (self.plain(), self.nanoseconds_beyond)


class NanoTimedelta(_ToTheNanosecond, datetime.timedelta):
    """A timedelta with nanoseconds beyond its microseconds; both have one sign.

    NanoTimedelta.of(datetime.timedelta(seconds=1.5), 7)
    NanoTimedelta.of(datetime.timedelta(seconds=-1.5), -7)
    """

    @classmethod
    def of(cls, length: datetime.timedelta, nanoseconds: int) -> NanoTimedelta:
        """The length and up to 999 nanoseconds more, of its sign. Raises ValueError for any other number."""
        if (
            not -_MOST <= nanoseconds <= _MOST
            or (nanoseconds > 0 > length // _MICROSECOND)
            or (nanoseconds < 0 < length // _MICROSECOND)
        ):
            raise ValueError(f"nanoseconds beyond a microsecond are 0 to {_MOST}, with the sign of the rest")
        made = cls(length.days, length.seconds, length.microseconds)
        made.nanoseconds_beyond = nanoseconds
        return made

    def plain(self) -> datetime.timedelta:
        """The same in microseconds, cut towards zero."""
        return datetime.timedelta(self.days, self.seconds, self.microseconds)

    def __neg__(self) -> NanoTimedelta:
        return NanoTimedelta.of(-self.plain(), -self.nanoseconds_beyond)

    def __abs__(self) -> NanoTimedelta:
        return -self if self < _NOTHING else self

    def __bool__(self) -> bool:
        return bool(self.nanoseconds_beyond) or super().__bool__()

    def __str__(self) -> str:
        return f"{self.plain()} and {self.nanoseconds_beyond} ns" if self.nanoseconds_beyond else super().__str__()

    def __repr__(self) -> str:
        return f"NanoTimedelta.of({self.plain()!r}, {self.nanoseconds_beyond})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return NanoTimedelta.of, (self.plain(), self.nanoseconds_beyond)


_MOST: Final = 999
_END: Final = len("2026-11-25T00:00:00.000000")
_MICROSECOND: Final = datetime.timedelta(microseconds=1)
_NOTHING: Final = datetime.timedelta(0)
