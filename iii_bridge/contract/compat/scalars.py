"""Numbers and strings of a producer against those of a consumer."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Final

from iii_bridge.contract.compat.branches import Bound, Branch, Numbers, Strings
from iii_bridge.contract.compat.obstacles import Obstacle, Voice
from iii_bridge.contract.compat.samples import Samples
from iii_bridge.contract.compat.texts import included, texts
from iii_bridge.contract.compat.words import words_of
from iii_bridge.types import Json

__all__ = ["number_obstacles", "string_obstacles"]

_FORMAT_RANGES: Final = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "int": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "uint": (0, 2**64 - 1),
}
"""The formats schemars writes for Rust's integers; in JSON Schema they are annotations."""
_MACHINE: Final = frozenset(
    {-(2**31), 2**31 - 1, 2**32 - 1, -(2**53) + 1, 2**53 - 1, -(2**63), 2**63 - 1, 2**64 - 1}
) | {3.4028235e38, -3.4028235e38, 3.4028234663852886e38, -3.4028234663852886e38}
_NO_DEMAND: Final = frozenset({"password"})


def number_obstacles(sent: Numbers, accepted: Numbers, voice: Voice, samples: Samples) -> list[Obstacle]:
    """Why some number the producer describes may be refused.

    A producer's integer format is taken for a limit of its type. A consumer's
    is none a validator would hold to: numbers outside stay unknown.
    """
    mine, theirs = _whole(_within_format(sent)), _whole(accepted)
    limits = _limits_fit(mine, theirs)
    steps = all(_stepped(mine, step) for step in theirs.multiples)
    if not (limits and steps and (mine.integer or not theirs.integer)):
        edges = [value for bound in (theirs.low, theirs.high) if bound for value in _around(bound)]
        witnesses = samples.numbers(_within_machine(mine, theirs), tuple(edges))
        return [voice.differs(words_of(Branch(sent)), words_of(Branch(accepted)), witnesses)]
    outside = [
        name
        for name in theirs.formats & _FORMAT_RANGES.keys()
        if not _limits_fit(mine, replace(theirs, low=_limit(name, 0), high=_limit(name, 1)))
    ]
    return [voice.differs(words_of(Branch(sent)), f"{name} numbers", decidable=False) for name in sorted(outside)]


def _limit(name: str, index: int) -> Bound:
    return _FORMAT_RANGES[name][index], False


def _within_format(numbers: Numbers) -> Numbers:
    for name in sorted(numbers.formats & _FORMAT_RANGES.keys()):
        low, high = _limit(name, 0), _limit(name, 1)
        numbers = replace(
            numbers,
            low=low if numbers.low is None else max(numbers.low, low),
            high=high if numbers.high is None else min(numbers.high, high, key=_upper),
        )
    return numbers


def _within_machine(mine: Numbers, theirs: Numbers) -> Numbers:
    """With the consumer's limits where they are those of a machine's number and the producer says none itself.

    A number type without limits, as Python has, is not taken to use numbers
    beyond what the other side can hold.
    """
    if mine.low is None and theirs.low is not None and theirs.low[0] in _MACHINE:
        mine = replace(mine, low=theirs.low)
    if mine.high is None and theirs.high is not None and theirs.high[0] in _MACHINE:
        mine = replace(mine, high=theirs.high)
    return mine


def _upper(bound: Bound) -> tuple[float | int, bool]:
    return bound[0], not bound[1]


def _whole(numbers: Numbers) -> Numbers:
    """With limits on whole numbers where only those are meant, so that `> 0` and `>= 1` are the same."""
    integer = numbers.integer or any(_is_whole(step) for step in numbers.multiples)
    if not integer:
        return numbers
    low, high = numbers.low, numbers.high
    if low is not None:
        value = math.ceil(low[0])
        low = (value + 1 if low[1] and value == low[0] else value, False)
    if high is not None:
        value = math.floor(high[0])
        high = (value - 1 if high[1] and value == high[0] else value, False)
    return replace(numbers, integer=True, low=low, high=high)


def _is_whole(step: Json) -> bool:
    return isinstance(step, int) or float(step).is_integer()


def _limits_fit(mine: Numbers, theirs: Numbers) -> bool:
    low_fits = theirs.low is None or (mine.low is not None and mine.low >= theirs.low)
    high_fits = theirs.high is None or (mine.high is not None and _upper(mine.high) <= _upper(theirs.high))
    return low_fits and high_fits


def _stepped(mine: Numbers, step: Json) -> bool:
    if mine.integer and step == 1:
        return True
    return any(Fraction(repr(own)) % Fraction(repr(step)) == 0 for own in mine.multiples)


def _around(bound: Bound) -> tuple[Json, ...]:
    limit = bound[0]
    return limit, limit + 1, limit - 1, limit + 0.5, limit - 0.5, limit * 2 + 1


def string_obstacles(sent: Strings, accepted: Strings, voice: Voice, samples: Samples) -> list[Obstacle]:
    """Why some string the producer describes may be refused.

    Expressions fit when they are equal, or when their automata show that one
    matches no more than the other. A format only the consumer asks for stays
    unknown, because validators may or may not hold to it.
    """
    lengths = sent.least >= accepted.least and (
        accepted.most is None or (sent.most is not None and sent.most <= accepted.most)
    )
    patterns = [pattern for pattern in accepted.patterns if not _pattern_fits(sent, pattern)]
    if not lengths or patterns:
        edges = [length for length in (accepted.least - 1, (accepted.most or 0) + 1) if 0 <= length <= 4096]
        also = [letter * length for length in edges for letter in "xA0"]
        for pattern in patterns:
            also += texts(tuple(sorted(sent.patterns)), pattern, sent.least, sent.most)
        return [voice.differs(words_of(Branch(sent)), _accepts(sent, accepted), samples.strings(sent, tuple(also)))]
    missing = sorted(accepted.formats - sent.formats - _NO_DEMAND)
    return [voice.differs(words_of(Branch(sent)), f"format {name}", decidable=False) for name in missing]


def _accepts(sent: Strings, accepted: Strings) -> str:
    text = words_of(Branch(accepted))
    return text if text != words_of(Branch(sent)) else f"{text}, by another expression"


def _pattern_fits(sent: Strings, pattern: str) -> bool:
    return pattern in sent.patterns or included(sent.patterns, pattern) is True
