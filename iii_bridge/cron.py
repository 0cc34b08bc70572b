"""Cron expressions as the engine reads them (wire.md 7.2): six or seven fields, seconds first, Sunday is 1.

sec min hour day-of-month month day-of-week [year]      or @yearly @monthly @weekly @daily @hourly

Always UTC. Where both days are restricted both must match. croniter does the
arithmetic; what it would take and the engine does not is refused here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from croniter import croniter

__all__ = ["CronError", "Schedule", "check_cron"]

_FORMS: Final = {
    "@yearly": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 1",
    "@daily": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("second", ()),
    ("minute", ()),
    ("hour", ()),
    ("day of month", ()),
    ("month", _MONTHS),
    ("day of week", _DAYS),
    ("year", ()),
)
_DAY_OF_WEEK: Final = 5
_ITEM: Final = re.compile(r"(?P<from>\*|\?|\d+|[a-z]+)(?:-(?P<to>\d+|[a-z]+))?(?:/(?P<step>\d+))?")
_CHECKED_FROM: Final = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_YEARS: Final = 200


class CronError(ValueError):
    """An expression the engine would refuse; the text says why."""


class Schedule:
    """An expression that was read."""

    def __init__(self, fields: str) -> None:
        self._fields = fields

    @classmethod
    def parse(cls, expression: str) -> Schedule:
        """Raises CronError for an expression the engine does not take."""
        text = expression.strip().lower()
        if text.startswith("@"):
            if text not in _FORMS:
                raise CronError(f"{expression} is none of {', '.join(_FORMS)}")
            text = _FORMS[text]
        fields = text.split()
        if len(fields) not in (6, 7):
            raise CronError(f"{len(fields)} fields instead of six or seven")
        for field, (name, words) in zip(fields, _FIELDS, strict=False):
            _check_field(field, name, words)
        fields[_DAY_OF_WEEK] = _zero_based(fields[_DAY_OF_WEEK])
        read = cls(" ".join(fields))
        try:
            read._iterate(_CHECKED_FROM)
        except ValueError as error:  # what croniter raises is one
            raise CronError(str(error)) from error
        return read

    def after(self, moment: datetime) -> datetime | None:
        """The first time it comes due after `moment`, in UTC; None for never again."""
        try:
            return self._iterate(moment.astimezone(UTC)).get_next(datetime)
        except ValueError:
            return None

    def _iterate(self, moment: datetime) -> croniter:
        from croniter import croniter  # when it is needed: an engine starts faster without it

        return croniter(
            self._fields, moment, second_at_beginning=True, day_or=False, max_years_between_matches=_MOST_YEARS
        )


def check_cron(expression: str) -> None:
    """Raises CronError for an expression the engine does not take, or that never comes due."""
    if Schedule.parse(expression).after(_CHECKED_FROM) is None:
        raise CronError("it never comes due")


def _check_field(field: str, name: str, words: tuple[str, ...]) -> None:
    for item in field.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise CronError(f"{name} {item or 'without a value'} is not well-formed")
        for word in (match["from"], match["to"]):
            if word and word.isalpha() and word not in words:
                raise CronError(f"{name} {word} is no name of one")
        if match["step"] == "0":
            raise CronError(f"{name} has a step of 0")


def _zero_based(field: str) -> str:
    """The engine counts days of the week from 1, cron libraries from 0; steps are no days."""

    def shift(match: re.Match[str]) -> str:
        day = int(match[0])
        if not 1 <= day <= len(_DAYS):
            raise CronError(f"day of week {day} is not between 1, Sunday, and 7, Saturday")
        return str(day - 1)

    return re.sub(r"(?<!/)(?<!\d)\d+", shift, field)
