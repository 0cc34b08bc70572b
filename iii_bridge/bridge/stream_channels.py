"""Channels of an engine, as streams use them (wire.md 10)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from msgspec import Raw

from iii_bridge.aio.channels import ChannelEnd, ChannelSink
from iii_bridge.bridge.calls import Calls
from iii_bridge.errors import ContractError, Side, UnsupportedError
from iii_bridge.protocol.builtins import CHANNELS_CREATE, ChannelCreated
from iii_bridge.protocol.channel import ChannelRef

__all__ = ["DialChannel", "EngineChannels"]

DialChannel = Callable[[ChannelRef, ChannelSink], Awaitable[ChannelEnd]]
"""Opens one end of a channel, or raises TransportClosed."""

_created: Final = msgspec.json.Decoder(ChannelCreated)


class EngineChannels:
    """A `Channels`: the engine's, over sockets of their own."""

    def __init__(self, calls: Calls, dial: DialChannel | None) -> None:
        self._calls = calls
        self._dial = dial

    async def create(self) -> tuple[ChannelRef, ChannelRef]:
        """As `Channels.create`."""
        result = await self._calls.call(CHANNELS_CREATE, Raw(b"{}"))
        try:
            created = _created.decode(result)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            problem = "the engine's answer is not a channel"
            raise ContractError(CHANNELS_CREATE, Side.RESPONSE, "$", problem) from error
        return created.writer, created.reader

    async def open(self, ref: ChannelRef, sink: ChannelSink) -> ChannelEnd:
        """As `Channels.open`."""
        if self._dial is None:
            raise UnsupportedError("this bridge was made without a way to open channels; make it with connect")
        return await self._dial(ref, sink)
