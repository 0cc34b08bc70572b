"""Channels for a user's own purposes, and the raw bodies of http requests and responses (wire.md 7.1, 10)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from iii_bridge.aio.channel_io import ChannelReader, ChannelWriter
from iii_bridge.aio.channels import Channels
from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.channel import ChannelRef, Direction

__all__ = ["ChannelReference", "RawChannels"]


class ChannelReference(Protocol):
    """One end of a channel, as iii_bridge.v1.ChannelReference says it."""

    @property
    def channel_id(self) -> str:
        """The channel's id."""
        ...

    @property
    def access_key(self) -> str:
        """What opens it."""
        ...

    @property
    def direction(self) -> str:
        """`read` or `write`."""
        ...


class RawChannels:
    """Creates, reads and writes channels."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def create(self) -> tuple[ChannelRef, ChannelRef]:
        """A new channel: the reference to write to, and the one to read from. Raises as a call does."""
        return await self._channels.create()

    def read(self, reference: ChannelReference | None) -> ChannelReader:
        """The end to read, to be opened by `async with`. Raises LocalProtocolError for what is no reference."""
        return ChannelReader(self._channels, _ref(reference))

    def write(self, reference: ChannelReference | None) -> ChannelWriter:
        """The end to write, to be opened by `async with`. Raises LocalProtocolError for what is no reference."""
        return ChannelWriter(self._channels, _ref(reference))

    @asynccontextmanager
    async def respond(
        self, reference: ChannelReference | None, status: int, headers: Mapping[str, str]
    ) -> AsyncGenerator[ChannelWriter]:
        """An http response written piece by piece; the first piece sends status and headers off."""
        async with self.write(reference) as writer:
            await writer.write(_control("set_status", status_code=status))
            if headers:
                await writer.write(_control("set_headers", headers=dict(headers)))
            yield writer


def _control(kind: str, **members: Any) -> str:
    return json.dumps({"type": kind, **members})


def _ref(reference: ChannelReference | None) -> ChannelRef:
    directions: dict[str, Direction] = {"read": "read", "write": "write"}
    direction = directions.get(reference.direction) if reference is not None else None
    if reference is None or direction is None:
        raise LocalProtocolError("there is no channel here; pass the reference that a request or an engine gave")
    return ChannelRef(channel_id=reference.channel_id, access_key=reference.access_key, direction=direction)
