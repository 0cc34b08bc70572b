"""Keeps a worker machine connected: one connection at a time, one writer, one timer.

What arrives goes through the machine to whoever waits for it in one turn of
the loop. What waits to be written is written at once when the line is quiet,
else once a turn, so that many calls in flight share their system calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import UNSET, Raw, UnsetType

from iii_bridge.aio.ids import new_id
from iii_bridge.aio.states import ConnectionStates
from iii_bridge.aio.transport import PushTransport, TransportClosed
from iii_bridge.counters import COUNTERS
from iii_bridge.errors import BridgeError, ClosedError, ConnectionLostError, Outcome
from iii_bridge.protocol.backoff import Backoff
from iii_bridge.protocol.worker import State, WorkerProtocol
from iii_bridge.protocol.worker_events import CallFinished, Event, PeerFault, Registered, Stopped
from iii_bridge.types import ConnectionState
from iii_bridge.wire import ErrorBody

__all__ = ["RECOVERY", "Session"]

RECOVERY: Final = 30.0
"""Seconds in which workers come back: the longest pause between an SDK's attempts to reconnect (wire.md 2.7)."""

_log: Final = logging.getLogger("iii_bridge.session")

_CLOSE_GRACE: Final = 1.0
_BATCH_BYTES: Final = 256 * 1024


class Session:
    """The asyncio shell of one `WorkerProtocol`. All methods belong to one event loop."""

    def __init__(
        self,
        protocol: WorkerProtocol,
        dial: Callable[[], Awaitable[PushTransport]],
        on_event: Callable[[Event], None],
        *,
        backoff: Backoff | None = None,
        attempts: int | None = None,
    ) -> None:
        """`dial` opens a connection or raises TransportClosed; `on_event` gets every event but finished calls.

        `backoff` are the pauses between attempts to connect; after `attempts`
        failures in a row the session ends with ConnectionLostError.
        """
        self.protocol = protocol
        self.states = ConnectionStates()
        """Where the connection stands."""
        self._dial = dial
        self._on_event = on_event
        self._backoff = backoff or Backoff()
        self._attempts = attempts
        self._loop = asyncio.get_running_loop()
        self._transport: PushTransport | None = None
        self._over: asyncio.Future[TransportClosed] | None = None
        self._flush_due = False
        self._draining: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._ended = asyncio.Event()
        self._waiters: dict[str, asyncio.Future[Raw]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._runner: asyncio.Task[None] | None = None
        self._good = False
        self._lost_at: float | None = None
        self._failure = "nothing was tried yet"
        self._error: BridgeError | None = None

    @property
    def ready(self) -> bool:
        """Whether a connection stands and the engine has named this worker on it."""
        return self._ready.is_set()

    @property
    def error(self) -> BridgeError | None:
        """Why the session ended by itself; None while it runs and after `close`."""
        return self._error

    def recovering(self) -> bool:
        """Whether a connection was lost a short while ago: other workers may not have come back to the engine yet."""
        return self._lost_at is not None and self._loop.time() - self._lost_at < RECOVERY

    def start(self) -> None:
        """Begins to connect, and goes on for ever."""
        self.states.change(ConnectionState.CONNECTING)
        self._runner = self._loop.create_task(self._run(), name="iii-bridge session")

    async def wait_ready(self, timeout: float) -> None:
        """Waits for the first good connection, in seconds.

        Raises ConnectionLostError when there is none in time, and what ended
        the session when it ended.
        """
        ready = self._loop.create_task(self._ready.wait())
        ended = self._loop.create_task(self._ended.wait())
        try:
            await asyncio.wait((ready, ended), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
        if self._ended.is_set():
            raise self._error or ClosedError("the bridge was closed while it was connecting")
        if not self._ready.is_set():
            problem = f"no connection within {timeout:g} s, last failure: {self._failure or 'no answer'}"
            raise ConnectionLostError("connect", Outcome.NOT_SENT, problem)

    async def wait_ended(self) -> None:
        """Waits until `close`, or until the engine has refused this worker for good; then raises that."""
        await self._ended.wait()
        if self._error is not None:
            raise self._error

    async def call(
        self,
        function_id: str,
        data: Raw,
        *,
        timeout: float,
        namespace: str | None = None,
        metadata: Raw | UnsetType = UNSET,
        traceparent: str | None = None,
        baggage: str | None = None,
        queue: str | None = None,
        void: bool = False,
    ) -> Raw:
        """One attempt of one call; returns its undecoded result. Raises as `WorkerProtocol.invoke` and its events."""
        key = new_id()
        deadline = self._loop.time() + timeout
        self.protocol.invoke(
            key,
            function_id,
            data,
            deadline=deadline,
            timeout=timeout,
            namespace=namespace,
            metadata=metadata,
            traceparent=traceparent,
            baggage=baggage,
            queue=queue,
            void=void,
        )
        waiter: asyncio.Future[Raw] = self._loop.create_future()
        self._waiters[key] = waiter
        self._arm(deadline)
        try:
            self._write(at_once=len(self._waiters) == 1)
            return await waiter
        except asyncio.CancelledError:
            self.protocol.forget(key)
            raise
        finally:
            self._waiters.pop(key, None)

    def reply(self, invocation_id: str, function_id: str, result: Raw | None, error: ErrorBody | None = None) -> None:
        """Answers an invocation; an answer for a lost connection goes nowhere (wire.md 2.5)."""
        if self.protocol.reply(invocation_id, function_id, result, error):
            self._write(at_once=not self.protocol.serving)

    def poke(self) -> None:
        """Has written what the machine has queued meanwhile."""
        self._flush()

    async def close(self) -> None:
        """Writes what is queued, closes the connection and ends every open call with ClosedError."""
        self._flush()
        with contextlib.suppress(TimeoutError):  # a peer that reads nothing must not keep us
            async with asyncio.timeout(_CLOSE_GRACE):
                while self._draining is not None:
                    await asyncio.wait((self._draining,))
        self.protocol.close()
        self.states.change(ConnectionState.CLOSED)
        self._handle_events()
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.wait((runner,))
        self._finish()

    # --- connecting ----------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._keep_connected()
        except BridgeError as error:
            self.protocol.stop(error)
        except Exception as error:
            _log.exception("the session failed")
            self.protocol.stop(ClosedError(f"the session failed: {type(error).__name__}"))
        self._handle_events()
        if self.protocol.state is State.STOPPED:
            self._finish()

    async def _keep_connected(self) -> None:
        delays = self._backoff.delays(random.random)
        level = logging.WARNING  # an outage is worth one line; its further attempts are detail
        failures = 0
        while self.protocol.state is State.DISCONNECTED:
            failures += 1
            try:
                transport = await self._dial()
            except TransportClosed as closed:
                self._failure = closed.reason or str(closed)
            else:
                self._failure = ""
                if await self._serve(transport):
                    delays = self._backoff.delays(random.random)
                    level = logging.WARNING
                    failures = 0
            if self._attempts is not None and failures >= self._attempts:
                problem = f"no connection after {failures} attempts, last failure: {self._failure}"
                raise ConnectionLostError("connect", Outcome.NOT_SENT, problem)
            if self.protocol.state is State.DISCONNECTED:
                delay = next(delays)
                _log.log(level, "not connected: %s; trying until it works, next in %.1f s", self._failure, delay)
                level = logging.INFO
                await asyncio.sleep(delay)

    async def _serve(self, transport: PushTransport) -> bool:
        """Runs one connection to its end; True when the engine had accepted it."""
        self._good = False
        over = self._over = self._loop.create_future()
        self._transport = transport
        self.protocol.connected()
        try:
            transport.start(self._receive, self._end)
            self._flush()
            closed = await over
            self._failure = self._failure or str(closed)  # what was said before the end explains it better
        finally:
            self._transport = None
            self._ready.clear()
            self.protocol.disconnected()
            if self._good:
                self._lost_at = self._loop.time()
                COUNTERS.add("reconnects", self.protocol.registration.name)
                self.states.change(ConnectionState.RECONNECTING)
            self._handle_events()
            draining, self._draining = self._draining, None
            if draining is not None:
                draining.cancel()
            await transport.close()
        return self._good

    def _receive(self, text: str) -> None:
        protocol = self.protocol
        protocol.receive(text)
        self._handle_events()
        if protocol.has_frames:
            self._write(at_once=False)
        if protocol.state is not State.CONNECTED:
            self._end(TransportClosed(reason="the session is over"))

    def _end(self, closed: TransportClosed) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(closed)

    def _write(self, *, at_once: bool) -> None:
        """Now, or together with whatever else comes up in this turn of the loop."""
        if at_once:
            self._flush()
        elif not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Writes whatever waits, as far as there is room. A failure is left to the end of the connection."""
        self._flush_due = False
        protocol, transport = self.protocol, self._transport
        if transport is None or self._draining is not None:
            return
        while batch := protocol.next_frames(_BATCH_BYTES):
            try:
                transport.write([frame for _, frame in batch])
            except TransportClosed:
                protocol.unwritten(batch)
                return
            for key, _ in batch:
                if key is not None:
                    protocol.written(key)
            if transport.congested:
                self._draining = self._loop.create_task(self._drain(transport), name="iii-bridge drain")
                break
        self._handle_events()

    async def _drain(self, transport: PushTransport) -> None:
        while transport.congested and self._transport is transport:
            await transport.drain()
        if self._transport is transport:
            self._draining = None
            self._flush()

    # --- events and time -----------------------------------------------------

    def _handle_events(self) -> None:
        while events := self.protocol.take_events():
            for event in events:
                if type(event) is CallFinished:
                    self._settle(event)
                else:
                    self._report(event)

    def _report(self, event: Event) -> None:
        if type(event) is Registered:
            self._good = True
            self._ready.set()
            self.states.change(ConnectionState.CONNECTED)
        elif type(event) is Stopped:
            self._error = event.error
            self.states.change(ConnectionState.FAILED)
        elif type(event) is PeerFault:
            _log.log(logging.DEBUG if event.harmless else logging.WARNING, "%s", event.error)
            self._failure = self._failure or str(event.error)
        try:
            self._on_event(event)
        except Exception as error:
            _log.exception("the session failed on %s", type(event).__name__)
            self.protocol.stop(ClosedError(f"the session failed: {type(error).__name__}"))

    def _settle(self, event: CallFinished) -> None:
        waiter = self._waiters.get(event.key)
        if waiter is None or waiter.done():
            return
        if event.error is not None:
            waiter.set_exception(event.error)
        else:
            waiter.set_result(event.result)

    def _arm(self, deadline: float) -> None:
        if math.isinf(deadline):
            return  # a stream without a time limit
        timer = self._timer
        if timer is not None:
            if timer.when() <= deadline:
                return
            timer.cancel()
        self._timer = self._loop.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.protocol.tick(self._loop.time())
        self._handle_events()
        upcoming = self.protocol.next_deadline()
        if upcoming is not None:
            self._arm(upcoming)

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._ended.set()
