"""Hypothesis strategies for messages, made of nothing but their contract.

    @given(strategy_for(PlaceRequest))
    def test_totals(request: PlaceRequest) -> None: ...

The messages are legal: members marked REQUIRED are there, rules of
`buf.validate` hold, and everything else a contract allows may happen: unset
fields and default values, ends of ranges, numbers an enum does not name, NaN,
nanoseconds. They may be of any message library; no generated code is needed
(`iii_bridge.dynamic`).
"""

from __future__ import annotations

import json
from typing import Final, TypeVar

from hypothesis.strategies import SearchStrategy

from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from iii_bridge.testing.documents import Documents

__all__ = ["DEFAULT_DEPTH", "strategy_for"]

M = TypeVar("M")

DEFAULT_DEPTH: Final = 3
"""Levels of messages below the root."""


def strategy_for(
    message_type: type[M], *, depth: int = DEFAULT_DEPTH, unknown_enum_numbers: bool = True
) -> SearchStrategy[M]:
    """Messages of a class that keep their contract.

    `depth` levels below the root, messages that may be left out are left out.
    Without `unknown_enum_numbers`, open enums hold only values the contract
    names. Rules that are not built by construction, those in CEL above all,
    filter; Hypothesis says so when hardly anything is left.

    Raises TypeError for a class that is no message, and UnsupportedError for a
    message that must hold itself and for rules the codec does not carry.
    """
    codec = codec_for(message_type)
    documents = Documents(message_type, depth=depth, unknown_enum_numbers=unknown_enum_numbers)
    return documents.root().map(lambda document: _legal(codec, document)).filter(lambda found: bool(found)).map(_only)


def _legal(codec: Codec[M], document: object) -> tuple[M, ...]:
    """The message, or nothing where a rule is broken; a message may be false itself."""
    try:
        return (codec.decode(json.dumps(document)),)
    except CodecError:
        return ()


def _only(found: tuple[M, ...]) -> M:
    return found[0]
