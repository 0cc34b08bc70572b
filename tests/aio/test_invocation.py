"""What a handler is given."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec import UNSET, Raw

from iii_bridge.aio.invocation import Invocation
from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.response_metadata import ResponseMetadata
from iii_bridge.types import Context
from iii_bridge.wire import NULL, InvokeFunction
from tests.virtual_clock import run_virtually


def invocation(**members: Any) -> Invocation:
    return Invocation("i", InvokeFunction("x::y", **members))


def test_it_reads_the_frame_and_hides_the_sidecar() -> None:
    async def main() -> None:
        metadata = Raw(b'{"iii-bridge":{"remaining_ms":1500,"attempt":3},"k":[1]}')
        seen = invocation(data=Raw(b"{}"), metadata=metadata, traceparent="00-a-b-01", baggage="")
        context: Context = seen
        assert (context.function_id, context.invocation_id) == ("x::y", "i")
        assert context.metadata == {"k": [1]}
        assert (context.attempt, context.traceparent, seen.baggage) == (3, "00-a-b-01", None)
        assert context.remaining() == pytest.approx(1.5)
        await asyncio.sleep(2)
        assert context.remaining() == pytest.approx(-0.5)
        assert (context.binding, context.caller_worker_id) == (None, None)

    run_virtually(main())


def test_without_anything_there_is_no_deadline_and_data_is_null() -> None:
    async def main() -> None:
        seen = invocation(data=UNSET)
        assert seen.data == NULL
        assert seen.remaining() is None
        assert seen.attempt == 1
        with pytest.raises(TypeError):
            seen.metadata["k"] = 1  # type: ignore[index]

    run_virtually(main())


def test_what_is_said_beside_the_answer_adds_up_for_whoever_asks() -> None:
    async def main() -> None:
        seen = invocation(metadata=Raw(b'{"iii-bridge":{"attempt":1,"response_metadata":true}}'))
        context: Context = seen
        context.respond_with(headers={"X-A": "1", "x-b": ["2"]})
        context.respond_with(headers={"x-a": ["3", "4"]}, trailers={"x-c": "5"})
        assert seen.said == ResponseMetadata({"x-a": ["3", "4"], "x-b": ["2"]}, {"x-c": "5"})
        with pytest.raises(LocalProtocolError, match="'x d'"):
            context.respond_with(trailers={"x d": "6"})
        unheard = invocation(metadata=Raw(b'{"iii-bridge":{"attempt":1}}'))
        unheard.respond_with(headers={"x-a": "1"})
        assert unheard.said is None
        with pytest.raises(LocalProtocolError):  # a mistake shows at the first caller, not at the first that asks
            unheard.respond_with(trailers={"x d": "6"})

    run_virtually(main())


@pytest.mark.parametrize(
    ("metadata", "caller", "queue"),
    [
        (UNSET, None, True),
        (UNSET, "w", False),
        (Raw(b'{"owner":"shop"}'), None, False),
        (Raw(b'{"iii-bridge":{"remaining_ms":1,"attempt":1}}'), None, False),
    ],
)
def test_a_queue_delivery_is_told_by_what_it_has_not(metadata: Any, caller: str | None, queue: bool) -> None:
    async def main() -> None:
        seen = invocation(metadata=metadata)
        seen.caller_worker_id = caller
        assert seen.from_queue is queue

    run_virtually(main())
