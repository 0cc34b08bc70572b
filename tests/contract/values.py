"""Values at the edges of their types."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st

from example_contracts.examples.types.v1 import Color, Everything, Point

__all__ = ["EDGES", "everything"]

UTC = datetime.UTC

EDGES: dict[str, Everything] = {
    "defaults": Everything(),
    "int64-min": Everything(signed=-(2**63)),
    "int64-max": Everything(signed=2**63 - 1, number=2**63 - 1),
    "above-2**53": Everything(signed=2**53 + 1, unsigned=2**53 + 1, counts={"n": -(2**53) - 1}),
    "uint64-max": Everything(unsigned=2**64 - 1),
    "int32-edges": Everything(small=-(2**31), point=Point(x=2**31 - 1, y=-(2**31))),
    "double-small": Everything(ratio=5e-324),
    "double-large": Everything(ratio=-1.7976931348623157e308),
    "double-infinite": Everything(ratio=float("-inf")),
    "text": Everything(text='quote " backslash \\ newline \n nul \0 é 漢 🜚 \u2028', note="note"),
    "bytes-empty-in-oneof": Everything(blob=b""),
    "bytes-all": Everything(data=bytes(range(256)), blob=b"\xfb\xff"),
    "bytes-large": Everything(data=bytes(range(256)) * 4096),
    "enum-red": Everything(color=Color.COLOR_RED),
    "enum-green": Everything(color=Color.COLOR_GREEN),
    "enum-negative": Everything(color=Color.COLOR_NEGATIVE),
    "enum-list": Everything(palette=list(Color)),
    "oneof-label-empty": Everything(label=""),
    "oneof-label": Everything(label="a"),
    "oneof-number-zero": Everything(number=0),
    "oneof-point-default": Everything(point=Point()),
    "oneof-blob": Everything(blob=b"\x00"),
    "oneof-shade-zero": Everything(shade=Color.COLOR_UNSPECIFIED),
    "oneof-shade": Everything(shade=Color.COLOR_NEGATIVE),
    "optional-empty": Everything(note=""),
    "maps": Everything(
        counts={"": 0, "a": -(2**63), "constructor": 1, 'é"\\': 2**63 - 1},
        colors={-(2**31): Color.COLOR_RED, 0: Color.COLOR_UNSPECIFIED, 2**31 - 1: Color.COLOR_NEGATIVE},
        points={True: Point(x=1), False: Point()},
    ),
    "time-epoch": Everything(at=datetime.datetime(1970, 1, 1, tzinfo=UTC)),
    "time-micros": Everything(at=datetime.datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)),
    "time-first": Everything(at=datetime.datetime(1, 1, 1, tzinfo=UTC)),
    "time-last": Everything(at=datetime.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    "time-before-epoch": Everything(at=datetime.datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC)),
}
"""By a name for the test's id."""

_INT32 = st.integers(-(2**31), 2**31 - 1)
_INT64 = st.integers(-(2**63), 2**63 - 1)
_TEXT = st.text(max_size=20)
_COLOR = st.sampled_from(list(Color))
_POINT = st.builds(Point, x=_INT32, y=_INT32)
_CHOICES = {"label": _TEXT, "number": _INT64, "point": _POINT, "blob": st.binary(max_size=40), "shade": _COLOR}


@st.composite
def everything(draw: st.DrawFn) -> Everything:
    """Any message of the contract whose doubles are numbers, so that equality means equality."""
    chosen = draw(st.sampled_from([None, *_CHOICES]))
    choice = {} if chosen is None else {chosen: draw(_CHOICES[chosen])}
    return Everything(
        signed=draw(_INT64),
        unsigned=draw(st.integers(0, 2**64 - 1)),
        small=draw(_INT32),
        ratio=draw(st.floats(allow_nan=False)),
        flag=draw(st.booleans()),
        text=draw(_TEXT),
        data=draw(st.binary(max_size=200)),
        color=draw(_COLOR),
        palette=draw(st.lists(_COLOR, max_size=4)),
        counts=draw(st.dictionaries(_TEXT, _INT64, max_size=4)),
        colors=draw(st.dictionaries(_INT32, _COLOR, max_size=4)),
        points=draw(st.dictionaries(st.booleans(), _POINT)),
        at=draw(st.none() | st.datetimes(timezones=st.just(UTC))),
        note=draw(st.none() | _TEXT),
        **choice,
    )
