"""What waits to be written: control frames first, then calls, each in order. Nothing is ever dropped for room."""

from __future__ import annotations

from collections import OrderedDict, deque

from iii_bridge.errors import BacklogFullError

__all__ = ["Outbox"]


class Outbox:
    """Frames not yet handed to the connection.

    Control frames (replay, registrations, replies) belong to one connection and
    go first; calls outlive connections and can be taken back by their key.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._control: deque[bytes] = deque()
        self._calls: OrderedDict[str, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._control) + len(self._calls)

    @property
    def waiting_calls(self) -> int:
        """How many calls wait to be written."""
        return len(self._calls)

    def add_control(self, frame: bytes) -> None:
        """Queues a frame of the present connection."""
        self._control.append(frame)

    def add_call(self, key: str, frame: bytes) -> None:
        """Queues a call. Raises BacklogFullError when as many as the limit wait already."""
        if len(self._calls) >= self._limit:
            raise BacklogFullError(self._limit, "calls")
        self._calls[key] = frame

    def put_back(self, key: str, frame: bytes) -> None:
        """A call taken by `pop` was not written: it is the next again, whatever the limit says."""
        self._calls[key] = frame
        self._calls.move_to_end(key, last=False)

    def discard_call(self, key: str) -> bool:
        """Takes a call back; False when it is no longer here."""
        return self._calls.pop(key, None) is not None

    def clear_control(self) -> None:
        """Forgets the frames that meant a connection which is gone."""
        self._control.clear()

    def clear(self) -> None:
        """Forgets everything; whoever calls has told the callers."""
        self._control.clear()
        self._calls.clear()

    def pop(self) -> tuple[str | None, bytes] | None:
        """The next frame with its key, None for a control frame; None when nothing waits."""
        if self._control:
            return None, self._control.popleft()
        if self._calls:
            return self._calls.popitem(last=False)
        return None
