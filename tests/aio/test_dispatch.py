"""Every invocation is answered, whatever its handler does."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from msgspec import UNSET, Raw

from iii_bridge.aio.dispatch import Dispatcher, Handler
from iii_bridge.aio.invocation import Invocation, current_invocation
from iii_bridge.errors import ContractError, Side, StatusError
from iii_bridge.protocol.worker_events import Invoked
from iii_bridge.status import StatusCode
from iii_bridge.wire import ErrorBody, InvokeFunction
from tests.virtual_clock import run_virtually


class Unusual(BaseException):
    """What libraries raise to get past `except Exception`."""


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Replies:
    def __init__(self) -> None:
        self.dispatcher = Dispatcher(self.take)
        self.answers: asyncio.Queue[tuple[str, str, Raw | None, ErrorBody | None]] = asyncio.Queue()

    def take(self, invocation_id: str, function_id: str, result: Raw | None, error: ErrorBody | None) -> None:
        self.answers.put_nowait((invocation_id, function_id, result, error))

    async def answer_of(self, handler: Handler | None, metadata: Any = UNSET) -> tuple[Raw | None, ErrorBody | None]:
        if handler is not None:
            self.dispatcher.handlers["f"] = handler
        self.dispatcher.start(Invoked("i", InvokeFunction("f", "i", Raw(b"{}"), metadata=metadata)))
        invocation_id, function_id, result, error = await self.answers.get()
        assert (invocation_id, function_id) == ("i", "f")
        return result, error


def answer_of(handler: Handler | None, metadata: Any = UNSET) -> tuple[Raw | None, ErrorBody | None]:
    async def main() -> tuple[Raw | None, ErrorBody | None]:
        return await Replies().answer_of(handler, metadata)

    return run_virtually(main())


def failing(error: BaseException) -> Handler:
    async def handle(invocation: Invocation) -> Raw | None:
        raise error

    return handle


def test_a_result_and_nothing_are_answers() -> None:
    async def some(invocation: Invocation) -> Raw | None:
        return Raw(b"1")

    async def nothing(invocation: Invocation) -> Raw | None:
        return None

    assert answer_of(some) == (Raw(b"1"), None)
    assert answer_of(nothing) == (None, None)


def test_an_unknown_function_is_not_found() -> None:
    _, error = answer_of(None)
    assert error is not None
    assert error.code == "function_not_found"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ValueError("bad"), "invocation_failed"),
        (TimeoutError("somewhere else"), "invocation_failed"),
        (SystemExit(3), "invocation_failed"),
        (asyncio.CancelledError(), "invocation_failed"),
        (Unusual("odd"), "invocation_failed"),
        (BaseExceptionGroup("several", [Unusual("odd")]), "invocation_failed"),
        (Unspeakable(), "invocation_failed"),
        (StatusError(StatusCode.ABORTED, "again"), "ABORTED"),
        (ContractError("f", Side.RESPONSE, "$", "bad"), "contract_violation"),
    ],
)
def test_what_a_handler_raises_is_answered(raised: BaseException, code: str) -> None:
    _, error = answer_of(failing(raised))
    assert error is not None
    assert error.code == code


def test_a_handler_stops_at_its_callers_deadline() -> None:
    cancelled: list[float] = []

    async def slow(invocation: Invocation) -> Raw | None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(asyncio.get_running_loop().time())
            raise
        return None

    _, error = answer_of(slow, Raw(b'{"iii-bridge":{"remaining_ms":2500}}'))
    assert error is not None
    assert (error.code, error.message) == ("TIMEOUT", "f stopped at its caller's deadline")
    assert cancelled == [pytest.approx(2.5)]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), Unusual("odd")])
def test_a_handler_with_a_deadline_is_answered_too(error: BaseException) -> None:
    _, answer = answer_of(failing(error), Raw(b'{"iii-bridge":{"remaining_ms":2500}}'))
    assert answer is not None
    assert answer.code == "invocation_failed"


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "1e300", "-5", "null"])
def test_a_sidecar_of_nonsense_is_answered(number: str) -> None:
    async def some(invocation: Invocation) -> Raw | None:
        await asyncio.sleep(0)
        return Raw(b"1")

    result, error = answer_of(some, Raw(b'{"iii-bridge":{"remaining_ms":%s}}' % number.encode()))
    assert (result is None) != (error is None)


def test_each_handler_finds_its_own_invocation_around_it() -> None:
    async def main() -> None:
        replies = Replies()
        seen: dict[str, Any] = {}

        async def look(invocation: Invocation) -> Raw | None:
            await asyncio.sleep(1)
            seen[invocation.invocation_id] = current_invocation.get()
            return None

        replies.dispatcher.handlers["f"] = look
        for invocation_id in ("a", "b"):
            replies.dispatcher.start(Invoked(invocation_id, InvokeFunction("f", invocation_id, Raw(b"{}"))))
        assert replies.dispatcher.running == 2
        for _ in range(2):
            await replies.answers.get()
        assert {name: found.invocation_id for name, found in seen.items()} == {"a": "a", "b": "b"}
        assert current_invocation.get() is None

    run_virtually(main())


def test_a_handler_may_stop_everything_but_itself() -> None:
    async def main() -> None:
        replies = Replies()

        async def stop(invocation: Invocation) -> Raw | None:
            await replies.dispatcher.stop()
            return Raw(b"1")

        assert await replies.answer_of(stop) == (Raw(b"1"), None)

    run_virtually(main())


def test_stopping_cancels_what_runs_and_answers_nothing() -> None:
    async def main() -> None:
        replies = Replies()
        started = asyncio.Event()

        async def endless(invocation: Invocation) -> Raw | None:
            started.set()
            await asyncio.Event().wait()
            return None

        replies.dispatcher.handlers["f"] = endless
        replies.dispatcher.start(Invoked("i", InvokeFunction("f", "i", Raw(b"{}"))))
        await started.wait()
        await replies.dispatcher.stop()
        assert replies.dispatcher.running == 0
        assert replies.answers.empty()

    run_virtually(main())


def test_a_handler_that_refuses_to_end_does_not_keep_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        replies = Replies()
        release = asyncio.Event()

        async def stubborn(invocation: Invocation) -> Raw | None:
            while not release.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await release.wait()
            return None

        replies.dispatcher.handlers["f"] = stubborn
        replies.dispatcher.start(Invoked("i", InvokeFunction("f", "i", Raw(b"{}"))))
        await asyncio.sleep(0)
        await replies.dispatcher.stop()
        assert asyncio.get_running_loop().time() == pytest.approx(5.0)
        release.set()
        await replies.answers.get()

    run_virtually(main())
    assert "f does not end although it was cancelled" in caplog.text
