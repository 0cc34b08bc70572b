"""Messages inside messages, and messages inside themselves."""

from __future__ import annotations

from typing import Final

from tests.vectors.lists.model import Vector, each

__all__ = ["VECTORS"]

_DEPTH = 40

VECTORS: Final[tuple[Vector, ...]] = tuple(
    each(
        "tree",
        "Tree",
        {
            "nothing": ("{}", '{"number":0,"left":null,"right":null,"children":[],"leaves":{}}'),
            "empty": ('{"left":{},"right":{}}', '{"right":{"number":0},"left":{"children":null}}'),
            "both": ('{"number":1,"left":{"number":2},"right":{"number":3}}',),
            "children": ('{"children":[{},{"number":1,"children":[{},{"number":2}]}]}',),
            "leaves": (
                '{"leaves":{"":{},"a":{"shape":"SHAPE_ROUND"},"b":{"tree":{"leaves":{"c":{"shape":7}}}}}}',
                '{"leaves":{"":{"shape":0},"a":{"shape":1},"b":{"tree":{"leaves":{"c":{"shape":7}}}}}}',
            ),
            "deep": ('{"left":' * _DEPTH + '{"number":1}' + "}" * _DEPTH,),
            "deep-lists": ('{"children":[' * _DEPTH + '{"number":1}' + "]}" * _DEPTH,),
        },
    )
)
