"""Single fields without and with presence, lists, and oneofs: each edge of each kind in each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.vectors.lists.model import Vector, each
from tests.vectors.lists.values import EDGES, ZEROS

__all__ = ["VECTORS"]


_ALONE: Final = {("float", "max"), ("float", "lowest"), ("float", "minus-zero"), ("double", "minus-zero")}
"""Not in the list of all edges, which would say nothing more where a language treats one of them otherwise."""


def _member(prefix: str, kind: str) -> str:
    return prefix + kind.capitalize()


def _choice(kind: str) -> str:
    return _member("an" if kind in {"int32", "int64"} else "a", kind)


def _document(member: str, value: str) -> str:
    return f'{{"{member}":{value}}}'


def _plain() -> Iterator[Vector]:
    for kind, edges in EDGES.items():
        for edge, spellings in edges.items():
            documents = tuple(_document(_member("a", kind), value) for value in spellings)
            if edge in ZEROS and spellings[0] != '"AA=="':
                documents = ("{}", *documents)
            yield Vector(f"plain-{kind}-{edge}", "Plain", documents[0], documents[1:])


def _present() -> Iterator[Vector]:
    for kind, edges in EDGES.items():
        for edge, (first, *others) in edges.items():
            member = _member("maybe", kind)
            snake = _document(f"maybe_{kind}", first)
            also = (*(_document(member, value) for value in others), snake)
            yield Vector(f"present-{kind}-{edge}", "Present", _document(member, first), also)


def _lists() -> Iterator[Vector]:
    for kind, edges in EDGES.items():
        member = f"{kind}List"
        items = [spellings for edge, spellings in edges.items() if (kind, edge) not in _ALONE]
        documents = [
            _document(member, f"[{','.join(spellings[min(way, len(spellings) - 1)] for spellings in items)}]")
            for way in range(max(map(len, items)))
        ]
        yield Vector(f"list-{kind}", "Lists", documents[0], tuple(documents[1:]))


def _choices() -> Iterator[Vector]:
    for kind, edges in EDGES.items():
        for edge, (first, *others) in edges.items():
            member = _choice(kind)
            also = tuple(_document(member, value) for value in others[:1])
            yield Vector(f"choice-{kind}-{edge}", "Choice", _document(member, first), also)


_NULLS = ",".join(f'"{_member("a", kind)}":null' for kind in (*EDGES, "point"))
_MAYBE_NULLS = ",".join(f'"{_member("maybe", kind)}":null' for kind in (*EDGES, "point"))
_LIST_NULLS = ",".join(f'"{kind}List":null' for kind in (*EDGES, "point"))
_LIST_EMPTIES = _LIST_NULLS.replace("null", "[]")
_CHOICE_NULLS = ",".join(f'"{_choice(kind)}":null' for kind in (*EDGES, "point"))

_WHOLE = {
    "plain": (
        '{"aDouble":0.5,"aFloat":0.25,"aInt32":-3,"aInt64":"-4","aUint32":5,"aUint64":"6","aSint32":-7,"aSint64":"-8",'
        '"aFixed32":9,"aFixed64":"10","aSfixed32":-11,"aSfixed64":"-12","aBool":true,"aString":"fourteen",'
        '"aBytes":"ZmlmdGVlbg==","aColor":"COLOR_GREEN","aPoint":{"x":17,"y":"-17"}}',
        '{"a_point":{"y":-17,"x":"17"},"a_color":2,"a_bytes":"ZmlmdGVlbg","a_string":"fourteen","a_bool":true,'
        '"a_sfixed64":-12,"a_sfixed32":"-11","a_fixed64":10,"a_fixed32":"9","a_sint64":-8,"a_sint32":"-7","a_uint64":6,'
        '"a_uint32":"5","a_int64":-4,"a_int32":"-3","a_float":"0.25","a_double":"0.5"}',
        ' {\t"aDouble" : 5e-1 ,\r\n "aFloat":25E-2,"aInt32":-3.0,"aInt64":-4.0,"aUint32":5e0,"aUint64":60e-1,'
        '"aSint32":-7,"aSint64":"-8","aFixed32":9,"aFixed64":"10","aSfixed32":-11,"aSfixed64":"-12","aBool":true,'
        '"aString":"\\u0066ourteen","aBytes":"ZmlmdGVlbg==","aColor":"COLOR_GREEN","aPoint":{"x":17,"y":"-17"}} ',
    ),
}

VECTORS: Final[tuple[Vector, ...]] = (
    *each(
        "plain",
        "Plain",
        {
            "nothing": ("{}", " { } ", f"{{{_NULLS}}}"),
            "whole": _WHOLE["plain"],
            "color-alias": ('{"aColor":"COLOR_RED"}', '{"aColor":"COLOR_CRIMSON"}', '{"aColor":1}'),
            "point-empty": ('{"aPoint":{}}', '{"aPoint":{"x":0,"y":"0"}}', '{"aPoint":{"x":null,"y":null}}'),
            "point": ('{"aPoint":{"x":-1,"y":"1"}}', '{"a_point":{"y":1,"x":-1}}'),
        },
    ),
    *_plain(),
    # Not every reader of JSON has such numbers; they are canonical nowhere.
    *each(
        "bare",
        "Plain",
        {
            "int64-above-double": ('{"aInt64":"9007199254740993"}', '{"aInt64":9007199254740993}'),
            "int64-round": (
                '{"aInt64":"1000000000000000000"}',
                '{"aInt64":1000000000000000000}',
                '{"aInt64":1e18}',
            ),
            "int64-min": ('{"aInt64":"-9223372036854775808"}', '{"aInt64":-9223372036854775808}'),
            "int64-max": ('{"aInt64":"9223372036854775807"}', '{"aInt64":9223372036854775807}'),
            "uint64-above-double": ('{"aUint64":"9007199254740993"}', '{"aUint64":9007199254740993}'),
            "uint64-above-int64": ('{"aUint64":"9223372036854775808"}', '{"aUint64":9223372036854775808}'),
            "uint64-max": ('{"aUint64":"18446744073709551615"}', '{"aUint64":18446744073709551615}'),
            "float-max": ('{"aFloat":3.4028234663852886e38}', '{"aFloat":3.4028235e38}', '{"aFloat":"3.4028235e+38"}'),
        },
    ),
    *each(
        "present",
        "Present",
        {
            "nothing": ("{}", f"{{{_MAYBE_NULLS}}}"),
            "color-alias": ('{"maybeColor":"COLOR_RED"}', '{"maybeColor":"COLOR_CRIMSON"}'),
            "point-empty": ('{"maybePoint":{}}', '{"maybe_point":{"x":0}}'),
        },
    ),
    *_present(),
    *each(
        "list",
        "Lists",
        {
            "nothing": ("{}", f"{{{_LIST_NULLS}}}", f"{{{_LIST_EMPTIES}}}"),
            "points": ('{"pointList":[{},{"x":1},{"y":"2"}]}', '{"point_list":[{"x":0},{"x":"1"},{"y":2}]}'),
            "aliases": ('{"colorList":["COLOR_RED","COLOR_RED"]}', '{"colorList":["COLOR_CRIMSON",1]}'),
            "unpacked": ('{"unpackedList":[1,0,-1]}', '{"unpacked_list":["1",0.0,-1e0]}'),
            "many": (f'{{"int32List":[{",".join(map(str, range(1000)))}]}}',),
        },
    ),
    *_lists(),
    *each(
        "choice",
        "Choice",
        {
            "nothing": ("{}", f"{{{_CHOICE_NULLS}}}"),
            "color-alias": ('{"aColor":"COLOR_RED"}', '{"a_color":"COLOR_CRIMSON"}'),
            "point-empty": ('{"aPoint":{}}', '{"a_point":{"x":0}}', '{"aPoint":{},"aBool":null}'),
            "another": ('{"another":{"another":{"aString":""}}}',),
            "both": ('{"aBool":false,"number":"0"}', '{"number":0,"aBool":false,"text":null}'),
            "second": ('{"text":""}',),
            "beside": ('{"aUint64":"0","text":"t","beside":"b"}', '{"beside":"b","text":"t","a_uint64":0}'),
        },
    ),
    *_choices(),
)
