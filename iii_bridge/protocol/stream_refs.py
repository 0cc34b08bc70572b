"""Where a streaming call says through which channels its messages go (design decision 10).

{"iii-bridge": {"requests": {…reference to read from…}, "responses": {…reference to write to…}}, …the request…}

The references stand in the payload, because that is where official SDKs turn
them into channel ends for a handler (sdks.md 2.2, 3.2).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from msgspec import Raw

from iii_bridge.errors import ContractError, Side
from iii_bridge.protocol.channel import ChannelRef
from iii_bridge.protocol.sidecar import MEMBER

__all__ = ["StreamRefs", "attach_refs", "detach_refs"]

_CALLER_MEMBER: Final = "_caller_worker_id"
"""What the engine adds to object payloads (wire.md 5.4)."""


class StreamRefs(msgspec.Struct, frozen=True, omit_defaults=True):
    """The ends the callee opens: it reads `requests` and writes `responses`; None where the side is no stream."""

    requests: ChannelRef | None = None
    responses: ChannelRef | None = None


class _Detached(NamedTuple):
    refs: StreamRefs
    request: Raw
    caller_worker_id: str | None


_encode = msgspec.json.Encoder().encode
_members: Final[msgspec.json.Decoder[dict[str, Raw]]] = msgspec.json.Decoder(dict[str, Raw])
_refs: Final = msgspec.json.Decoder(StreamRefs)
_text: Final = msgspec.json.Decoder(str)


def attach_refs(data: Raw, refs: StreamRefs) -> Raw:
    """Puts the references in front of an encoded request, which is an object; `{}` where requests are a stream."""
    ours = b'{"%s":%s' % (MEMBER.encode(), _encode(refs))
    members = bytes(data)[1:]
    return Raw(ours + (members if members == b"}" else b"," + members))


def detach_refs(data: Raw, function_id: str, *, requests: bool, responses: bool) -> _Detached:
    """Splits a payload into references, request and caller. Raises ContractError when a needed one is missing."""
    try:
        members = _members.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ContractError(function_id, Side.REQUEST, "$", "expected an object") from error
    path = f'$["{MEMBER}"]'
    ours = members.pop(MEMBER, None)
    try:
        refs = StreamRefs() if ours is None else _refs.decode(ours)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ContractError(function_id, Side.REQUEST, path, "expected references to channels") from error
    for wanted, name, direction in ((requests, "requests", "read"), (responses, "responses", "write")):
        ref: ChannelRef | None = getattr(refs, name)
        if wanted and (ref is None or ref.direction != direction):
            problem = f"a streaming method needs the reference to a channel to {direction}"
            raise ContractError(function_id, Side.REQUEST, f"{path}.{name}", problem)
    return _Detached(refs, Raw(_encode(members)), _caller(members.get(_CALLER_MEMBER)))


def _caller(value: Raw | None) -> str | None:
    try:
        return None if value is None else _text.decode(value)
    except (msgspec.DecodeError, UnicodeError):
        return None
