"""A streaming call at its caller: the invocation and its channels end together, and once (design decision 10)."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
from msgspec import Raw

from iii_bridge.errors import (
    ContractError,
    ForbiddenError,
    FunctionNotFoundError,
    InvocationError,
    InvocationTimeoutError,
    Outcome,
    Side,
)
from iii_bridge.protocol.stream_items import IncomingItems, OutgoingItems
from iii_bridge.wire import NULL

__all__ = ["DRAIN_SECONDS", "LATE_SECONDS", "CallerStream", "count_result"]

DRAIN_SECONDS: Final = 1.0
"""How long a failed stream waits for each further item of a channel that its writer never closes."""
LATE_SECONDS: Final = 30.0
"""The same for one that did not fail, and has fewer items than were counted."""

_decode = msgspec.json.Decoder().decode


def count_result(count: int) -> Raw:
    """The result of an invocation whose `count` responses went through a channel."""
    return Raw(b'{"items":%d}' % count)


class CallerStream:
    """Joins what comes from the invocation and what comes from the channels.

    It ends exactly once: with `error`, or without one, having `value` where the
    method has a single response. Messages that arrived are taken first.
    """

    def __init__(self, function_id: str, now: float, *, sends: bool, receives: bool) -> None:
        """`sends` and `receives` say which sides of the method are streams."""
        self._function_id = function_id
        self.requests = OutgoingItems(now) if sends else None
        self.responses = IncomingItems(function_id, Side.RESPONSE, counted=False) if receives else None
        self.ended = False
        self.error: BaseException | None = None
        self.value: Raw = NULL
        self._answered = False
        self._failure: BaseException | None = None
        self._drain_until: float | None = None
        self._deadline = math.inf
        self._timeout = math.inf
        self._drained = 0
        self._patience = DRAIN_SECONDS

    def limit(self, deadline: float, timeout: float) -> None:
        """The stream has until then, also after its invocation was answered; `timeout` is what the caller said."""
        self._deadline = deadline
        self._timeout = timeout

    def answered(self, result: Raw, now: float) -> None:
        """The invocation returned: the one response, or the count of many."""
        if self.ended or self._answered:
            return
        self._answered = True
        if self.responses is None:
            self.value = result
            self._end(None)
            return
        count = _read_count(result)
        if count is None:
            problem = "the result of a streaming method must count its items"
            self._end(ContractError(self._function_id, Side.RESPONSE, "$.items", problem))
            return
        self.responses.expect(count)
        self._wait_for(LATE_SECONDS, now)
        self.changed()

    def failed(self, error: BaseException, now: float) -> None:
        """The invocation failed; what its handler had sent before is still delivered, if it can be."""
        if self.ended or self._answered:
            return
        self._answered = True
        if not isinstance(error, InvocationError | ContractError):
            self._give_up(error)  # no answer at all: the callee may still serve us
            return
        if self.responses is None or self.responses.closed or not _may_have_sent(error):
            self._end(error)
            return
        self._failure = error
        self._wait_for(DRAIN_SECONDS, now)

    def changed(self) -> None:
        """To be called after the responses took items, or were closed."""
        responses = self.responses
        if self.ended or responses is None:
            return
        if responses.error is not None and not self._answered:
            self._give_up(responses.error)
        elif responses.error is not None:
            self._end(self._failure or responses.error)
        elif self._failure is not None and responses.closed:
            self._end(self._failure)
        elif self._answered and responses.finished:
            self._end(None)

    def abort(self, error: BaseException | None) -> None:
        """Our own side gives up: with an error, or because nobody reads any more."""
        if not self.ended:
            self._give_up(error)

    def tick(self, now: float) -> None:
        """Ends an answered stream when its time or its patience is over.

        A channel that is full is not silent: we are the ones who do not read.
        """
        if self.ended or self._drain_until is None or self.responses is None:
            return
        if now >= self._deadline:
            self._end(InvocationTimeoutError(self._function_id, self._timeout, Outcome.UNKNOWN))
        elif self.responses.full or self.responses.received > self._drained:
            self._wait_for(self._patience, now)
        elif now >= self._drain_until:
            self.responses.close()
            self.changed()

    def next_deadline(self) -> float | None:
        """When `tick` has to be called at the latest."""
        return None if self.ended or self._drain_until is None else min(self._drain_until, self._deadline)

    def _wait_for(self, seconds: float, now: float) -> None:
        """Lets the channel be silent for so long."""
        if self.responses is not None:
            self._drained = self.responses.received
        self._patience = seconds
        self._drain_until = now + seconds

    def _end(self, error: BaseException | None) -> None:
        """The callee is through."""
        if self.requests is not None:
            self.requests.leave()
        self.ended = True
        self.error = error

    def _give_up(self, error: BaseException | None) -> None:
        """The callee is not: it is told, where there is a channel to say so."""
        if self.requests is not None:
            self.requests.cancel()
        self.ended = True
        self.error = error


def _may_have_sent(error: BaseException) -> bool:
    """Whether it is the answer of a handler, which may have sent items before."""
    if isinstance(error, InvocationError):
        return error.outcome is None and not isinstance(error, FunctionNotFoundError | ForbiddenError)
    return isinstance(error, ContractError)


def _read_count(result: Raw) -> int | None:
    try:
        value: Any = _decode(result)
    except (msgspec.DecodeError, RecursionError):
        return None
    count: Any = value.get("items") if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] -- any JSON
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
