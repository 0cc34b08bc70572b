"""Repeating calls that may be repeated (design decisions 7 and 22). Times in seconds."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import Raw

from iii_bridge.aio.session import RECOVERY
from iii_bridge.counters import COUNTERS
from iii_bridge.errors import (
    BridgeError,
    ConnectionLostError,
    FunctionNotFoundError,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    StatusError,
)
from iii_bridge.protocol.backoff import Backoff

__all__ = ["DEFAULT_RETRY", "Attempt", "Budget", "Hedge", "Retries", "Retry"]

Attempt = Callable[[float, int], Awaitable[Raw]]
"""Makes one attempt: its timeout, and its number from 1."""

_REMEMBERED: Final = 1000
_FAILURES: Final = (InvocationTimeoutError, ConnectionLostError, InvocationError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How calls that may be repeated are repeated, within their timeouts."""

    attempts: int | None = None
    """Of one call at most; 1 repeats nothing, None sets no limit but the timeout."""
    initial: float = 0.05
    """The first pause. It comes after a lost executor; nothing has to be waited for after a timeout."""
    factor: float = 2.0
    limit: float = 1.0
    """The longest pause, jitter aside."""
    jitter: float = 0.3
    """A pause lies within this fraction above or below its nominal length."""
    budget: float = 0.2
    """How many attempts may be made again after a timeout, or in advance, for each call of the bridge."""
    reserve: int = 20
    """How many of them a quiet bridge has saved up."""


DEFAULT_RETRY: Final = Retry()
"""What a bridge does unless it is told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedge:
    """Sending a call again although the first is still under way: `copies` more, each `after` the one before."""

    after: float
    copies: int = 1

    def __post_init__(self) -> None:
        if not (self.after > 0 and self.copies >= 1):
            raise LocalProtocolError(f"a hedge needs after > 0 and copies >= 1, not {self.after!r} and {self.copies!r}")


class Budget:
    """What may be sent beyond one attempt per call: a slow callee must not get a multiple of its load."""

    def __init__(self, ratio: float, reserve: int) -> None:
        """Every call earns `ratio`; at most `reserve` is saved, and that much is there at first."""
        self._ratio = ratio
        self._reserve = float(reserve)
        self._saved = float(reserve)

    def earn(self) -> None:
        """A call is made."""
        self._saved = min(self._reserve, self._saved + self._ratio)

    def spend(self) -> bool:
        """Whether one more attempt may be made; it is taken off."""
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True


class Retries:
    """Repeats attempts. One for each bridge, since the budget is its own."""

    def __init__(self, policy: Retry, recovering: Callable[[], bool]) -> None:
        """`recovering` says whether functions may be missing because the engine was away a moment ago."""
        self._policy = policy
        self._pauses = Backoff(policy.initial, policy.factor, policy.limit, policy.jitter)
        self._budget = Budget(policy.budget, policy.reserve)
        self._recovering = recovering
        self._answered: OrderedDict[str, float] = OrderedDict()
        self._loop = asyncio.get_running_loop()

    async def run(
        self, function_id: str, attempt: Attempt, *, timeout: float, attempt_timeout: float, hedge: Hedge | None
    ) -> Raw:
        """Makes attempts until one is answered. Raises what the last one raised, with the outcome of them all."""
        deadline = self._loop.time() + timeout
        pauses = self._pauses.delays(random.random)
        numbers = itertools.count(1)
        sent = lost = False
        self._budget.earn()
        while True:
            left = deadline - self._loop.time()
            number = next(numbers)
            try:
                if hedge is None:
                    result = await attempt(min(left, attempt_timeout), number)
                else:
                    again = itertools.chain((number,), numbers)
                    result = await self._hedged(function_id, attempt, min(left, attempt_timeout), again, hedge)
            except _FAILURES as error:
                if not self._is_passing(error, function_id, lost):
                    raise
                failure: BridgeError = error
                sent = sent or error.outcome is Outcome.UNKNOWN
                lost = lost or not isinstance(error, InvocationTimeoutError)
            else:
                self._note_answer(function_id)
                return result
            last = number == self._policy.attempts or not self._may_repeat(failure)
            if not last and isinstance(failure, InvocationError):
                await asyncio.sleep(min(next(pauses), max(0.0, deadline - self._loop.time())))
            over = self._loop.time() >= deadline
            if last or over:
                raise _with_outcome(failure, function_id, timeout if over else None, sent)
            COUNTERS.add("retries", function_id, _reason(failure))

    async def _hedged(
        self, function_id: str, attempt: Attempt, timeout: float, numbers: Iterator[int], hedge: Hedge
    ) -> Raw:
        """One attempt and its copies: the first answer counts, the others are forgotten."""
        deadline = self._loop.time() + timeout
        running = {self._start(attempt, timeout, next(numbers))}
        copies = 0
        try:
            while True:
                patience = hedge.after if copies < hedge.copies else None
                done, running = await asyncio.wait(running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    copies += 1
                    if self._budget.spend():
                        COUNTERS.add("hedges", function_id)
                        running.add(self._start(attempt, deadline - self._loop.time(), next(numbers)))
                for task in done:
                    failure = task.exception()
                    if failure is None:
                        return task.result()
                    if not running or not (
                        isinstance(failure, _FAILURES) and self._is_passing(failure, function_id, False)
                    ):
                        raise failure
        finally:
            for task in running:
                task.cancel()

    def _start(self, attempt: Attempt, timeout: float, number: int) -> asyncio.Task[Raw]:
        async def once() -> Raw:
            return await attempt(timeout, number)

        return self._loop.create_task(once(), name="iii-bridge hedged call")

    def _is_passing(
        self, error: InvocationTimeoutError | ConnectionLostError | InvocationError, function_id: str, lost: bool
    ) -> bool:
        """Whether another attempt may end otherwise; what the function itself answered is final."""
        if not isinstance(error, InvocationError) or error.outcome is not None:
            return True  # the executor was lost, or is closing and did not begin
        # Workers register again one after the other, after their own restart or the engine's (wire.md 2.5 and 2.6).
        return isinstance(error, FunctionNotFoundError) and (
            lost or self._recovering() or self._answered_lately(function_id)
        )

    def _note_answer(self, function_id: str) -> None:
        self._answered[function_id] = self._loop.time()
        self._answered.move_to_end(function_id)
        if len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)

    def _answered_lately(self, function_id: str) -> bool:
        at = self._answered.get(function_id)
        return at is not None and self._loop.time() - at < RECOVERY

    def _may_repeat(self, failure: BridgeError) -> bool:
        """A callee that did not answer in time may be overloaded; one that is gone, or a connection, is not."""
        return not isinstance(failure, InvocationTimeoutError) or self._budget.spend()


def _reason(failure: BridgeError) -> str:
    if isinstance(failure, InvocationTimeoutError):
        return "timeout"
    if isinstance(failure, ConnectionLostError):
        return "connection"
    if isinstance(failure, FunctionNotFoundError):
        return "missing"
    return "closing" if isinstance(failure, StatusError) else "executor"


def _with_outcome(failure: BridgeError, function_id: str, timeout: float | None, sent: bool) -> BridgeError:
    """The last failure, saying what is known of all attempts; `timeout` is the whole call's, where it ran out."""
    if isinstance(failure, InvocationTimeoutError):
        outcome = Outcome.UNKNOWN if sent else Outcome.NOT_SENT
        error: BridgeError = InvocationTimeoutError(function_id, timeout or failure.timeout, outcome)
    elif isinstance(failure, FunctionNotFoundError) and sent:
        error = FunctionNotFoundError(
            failure.code, failure.message, function_id, failure.stacktrace, outcome=Outcome.UNKNOWN
        )
    elif isinstance(failure, StatusError) and sent:
        error = StatusError(
            failure.status_code,
            failure.message,
            failure.details,
            function_id=function_id,
            stacktrace=failure.stacktrace,
            outcome=Outcome.UNKNOWN,
        )
    else:
        return failure
    error.__cause__ = failure
    return error
