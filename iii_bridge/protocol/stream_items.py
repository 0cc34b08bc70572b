"""What stands in the items of a stream's channel, and its two halves as machines (design decision 10).

An item is one text frame: a JSON object is a message, an empty item keeps the
channel alive, and a JSON array is a word from one end to the other:
`["end",17]` after 17 messages, `["cancel"]` for "nobody waits any more".
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import msgspec

from iii_bridge.errors import BridgeError, ContractError, Side, StreamTruncatedError

__all__ = ["BUFFER_BYTES", "BUFFER_ITEMS", "KEEP_ALIVE_SECONDS", "IncomingItems", "OutgoingItems"]

BUFFER_ITEMS: Final = 64
"""Messages either half holds before it makes the other side wait; as many as a channel holds (wire.md 10)."""
BUFFER_BYTES: Final = 1024 * 1024
"""The same in bytes, for large messages."""
KEEP_ALIVE_SECONDS: Final = 10.0
"""A writer that has nothing to say says so: only at an item does it learn that its reader left (wire.md 10)."""

_OBJECT: Final = b"{"
_KEEP_ALIVE: Final = b""
_CANCEL: Final = b'["cancel"]'
_decode = msgspec.json.Decoder().decode


class IncomingItems:
    """The reading half: sorts items, keeps messages in order, and knows whether all of them came.

    `counted` says that the count comes inside the channel, so that a channel
    which ends without it was cut short. Otherwise it comes with the
    invocation's result, and `expect` is told.
    """

    __slots__ = (
        "_bytes",
        "_counted",
        "_function_id",
        "_messages",
        "_said",
        "_side",
        "cancelled",
        "closed",
        "error",
        "finished",
        "received",
    )

    def __init__(self, function_id: str, side: Side, *, counted: bool) -> None:
        self._function_id = function_id
        self._side = side
        self._counted = counted
        self._messages: deque[bytes] = deque()
        self._bytes = 0
        self._said: int | None = None
        self.received = 0
        """Messages that arrived, taken or not."""
        self.closed = False
        """No message will come any more."""
        self.finished = False
        """Whether it is decided how this half ended; `error` is why it did so early."""
        self.cancelled = False
        """The writer says that nobody waits for an answer any more."""
        self.error: BridgeError | None = None

    @property
    def waiting(self) -> int:
        """Messages that nobody has taken yet."""
        return len(self._messages)

    @property
    def full(self) -> bool:
        """Whether to stop reading the channel for now."""
        return len(self._messages) >= BUFFER_ITEMS or self._bytes >= BUFFER_BYTES

    @property
    def low(self) -> bool:
        """Whether to go on reading it."""
        return len(self._messages) <= BUFFER_ITEMS // 4 and self._bytes < BUFFER_BYTES

    def receive(self, item: bytes) -> None:
        """Takes one item; what follows the end is ignored, but for a cancellation."""
        if item[:1] == _OBJECT:
            if not self.closed:
                self.received += 1
                self._bytes += len(item)
                self._messages.append(item)
                if self._said is not None:
                    self._judge()
        elif text := item.lstrip():
            if text[:1] == _OBJECT:
                self.receive(text)
            else:
                self._word(text)

    def take(self) -> bytes | None:
        """The next message, as it was written; None when none waits."""
        if not self._messages:
            return None
        message = self._messages.popleft()
        self._bytes -= len(message)
        return message

    def close(self) -> None:
        """The channel is over, in whichever way: a close and a drop look the same (wire.md 10)."""
        self.closed = True
        self._judge()

    def expect(self, count: int) -> None:
        """How many messages were sent, as the invocation's result says."""
        if self._said is not None and self._said != count:
            self._fail(f"the result counts {count} items, the channel {self._said}", "$.items")
        self._said = count
        self._judge()

    def _word(self, text: bytes) -> None:
        try:
            words: Any = _decode(text)
        except (msgspec.DecodeError, RecursionError):
            words = None
        match words:
            case ["end", int(count)] if count >= 0 and not isinstance(count, bool):
                if not self.closed:
                    self._said = count if self._said is None else self._said
                    self.closed = True
                    self._judge()
            case ["cancel"]:
                self.cancelled = True
                self.closed = True
                self._judge()
            case _:
                self._fail("an item is neither a message nor a word of the stream", f"$[{self.received}]")

    def _judge(self) -> None:
        said = self._said
        if self.finished or (said is None and not (self.closed and self._counted)):
            return
        if said is not None and self.received > said:
            self._fail(f"{self.received} items arrived, {said} were counted", "$.items")
        elif said == self.received:
            self.closed = self.finished = True
        elif self.closed:
            self.finished = True
            self.error = StreamTruncatedError(self._function_id, said, self.received)

    def _fail(self, problem: str, path: str) -> None:
        self.closed = self.finished = True
        if self.error is None:
            self.error = ContractError(self._function_id, self._side, path, problem)


class OutgoingItems:
    """The writing half: what is to be written, how much of it was messages, and when to keep alive."""

    __slots__ = ("_bytes", "_items", "_spoke", "closed", "count", "gone")

    def __init__(self, now: float) -> None:
        self._items: list[bytes] = []
        self._bytes = 0
        self._spoke = now
        self.count = 0
        """Messages handed over so far."""
        self.closed = False
        """Nothing but a cancellation can be said any more."""
        self.gone = False
        """The reader has left, or the stream is over: nothing is written any more."""

    @property
    def has_room(self) -> bool:
        """Whether the writer may go on without waiting; not once the reader has left."""
        return len(self._items) < BUFFER_ITEMS and self._bytes < BUFFER_BYTES and not self.gone

    @property
    def has_items(self) -> bool:
        """Whether `take` has something to write."""
        return bool(self._items)

    def message(self, data: bytes) -> None:
        """Queues one message; after the end, or once the reader has left, it goes nowhere."""
        if not self.closed:
            self.count += 1
            self._bytes += len(data)
            self._items.append(data)

    def end(self) -> None:
        """Every message was handed over: says how many."""
        if not self.closed:
            self.closed = True
            self._items.append(b'["end",%d]' % self.count)

    def cancel(self) -> None:
        """Nobody waits any more: what is not written yet need not be."""
        if not self.gone:
            self.closed = True
            self._items = [_CANCEL]
            self._bytes = 0

    def leave(self) -> None:
        """The reader has left, or the stream is over."""
        self.closed = self.gone = True
        self._items = []
        self._bytes = 0

    def take(self, now: float) -> list[bytes]:
        """Everything that waits, in order; whoever takes it writes it."""
        items = self._items
        if items:
            self._items = []
            self._bytes = 0
            self._spoke = now
        return items

    def tick(self, now: float) -> None:
        """Queues a keep-alive when nothing was written for so long, unless something waits to be."""
        if not self.closed and now - self._spoke >= KEEP_ALIVE_SECONDS:
            self._spoke = now
            if not self._items:
                self._items.append(_KEEP_ALIVE)

    def next_deadline(self) -> float | None:
        """When `tick` has to be called at the latest."""
        return None if self.closed else self._spoke + KEEP_ALIVE_SECONDS
