"""Names that a language keeps for itself, cased in every way, and overridden with json_name."""

from __future__ import annotations

from typing import Final

from tests.vectors.lists.model import Vector, each

__all__ = ["VECTORS"]

VECTORS: Final[tuple[Vector, ...]] = tuple(
    each(
        "names",
        "Names",
        {
            "nothing": ("{}",),
            "reserved": (
                '{"from":"a","class":1,"type":"2","self":true,"constructor":"AA==","toString":"b",'
                '"hasOwnProperty":"c","match":3,"await":4,"None":5,"int":6,"list":7,"dict":8,"string":9,"default":10,'
                '"parse":11,"value":12,"length":13,"prototype":14,"crate":15,"super":16,"encodedLen":17}',
                '{"from":"a","class":"1","type":2,"self":true,"constructor":"AA","to_string":"b",'
                '"hasOwnProperty":"c","match":"3","await":"4","None":5.0,"int":6,"list":7,"dict":8,"string":9,"default":10,'
                '"parse":11,"value":12,"length":13,"prototype":14,"crate":15,"super":16,"encoded_len":17}',
            ),
            "cased": (
                '{"snakeCaseName":"a","camelCase":"b","OddCase":"c","SHOUTEDNAME":"d","Leading":"e","trailing":"f",'
                '"twoUnderscores":"g","digit1After":"h","a1b2C3":"i"}',
                '{"snake_case_name":"a","camelCase":"b","Odd_Case":"c","SHOUTED_NAME":"d","_leading":"e","trailing_":"f",'
                '"two__underscores":"g","digit_1_after":"h","a1b2_c3":"i"}',
            ),
            "overridden": (
                '{"custom":"1","@odd name":"a","größe":[1,2],"swapped_b_":"b"}',
                '{"renamed":1,"renamed_oddly":"a","renamed_beyond_ascii":[1,2],"swapped_a":"b"}',
            ),
            "nested": (
                '{"option":{"some":1},"promise":{"then":{"some":2}},"result":"Ok"}',
                '{"option":{"some":"1"},"promise":{"then":{"some":2.0}},"result":1}',
            ),
            "nested-empty": ('{"option":{},"promise":{"then":{}}}', '{"option":{"some":0},"promise":{"then":{}}}'),
            "values": (
                '{"results":{"a":"Ok","b":"Err","c":"None_","d":"null","e":"class_"}}',
                '{"results":{"a":1,"b":2,"c":3,"d":4,"e":5}}',
            ),
            "oneof-text": ('{"then":""}', '{"then":"","if":null,"else":null}'),
            "oneof-number": ('{"if":"0"}', '{"if":0}'),
            "oneof-message": ('{"else":{}}', '{"else":{"some":0}}'),
        },
    )
)
