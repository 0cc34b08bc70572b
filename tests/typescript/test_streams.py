"""Streams of all kinds between TypeScript and Python, in both directions, to their end and cut short."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from iii_bridge import ContractError, Side, StatusCode, StatusError
from tests.contract.bus import Bus, bus_with
from tests.typescript.bench import lab_worker


class Reel:
    """The Python worker, and what it has seen."""

    def __init__(self, stubs: ModuleType) -> None:
        self.produced = 0
        self.ended: list[str] = []
        seen = self

        class ReelService(stubs.ReelService):  # type: ignore[misc, name-defined]
            async def play(self, request: Any, context: Any, /) -> AsyncIterator[Any]:
                number = 0
                try:
                    while not request.count or number < request.count:
                        if request.fail_after and number == request.fail_after:
                            raise StatusError(StatusCode.ABORTED, "the tape is torn")
                        seen.produced += 1
                        yield stubs.Item(number=number, body="x" * request.size)
                        number += 1
                finally:
                    seen.ended.append("play")

            async def record(self, requests: AsyncIterator[Any], context: Any, /) -> Any:
                total = stubs.Total()
                try:
                    async for item in requests:
                        total.sum += item.number
                        total.count += 1
                finally:
                    seen.ended.append("record")
                return total

            async def double(self, requests: AsyncIterator[Any], context: Any, /) -> AsyncIterator[Any]:
                async for item in requests:
                    yield stubs.Item(number=item.number * 2, body=item.body)

        self.service = ReelService()


class Streams:
    """The bus with both workers, the Python client of the TypeScript one, and the way around."""

    def __init__(self, bus: Bus, stubs: ModuleType, reel: Reel) -> None:
        self.bus = bus
        self.stubs = stubs
        self.reel = reel
        self.client = stubs.TapeClient(bus.bridge)

    def run(self, call: Any) -> Any:
        return self.bus.run(call)

    def typescript(self, client: str, method: str, count: int, **more: Any) -> Any:
        told = {"client": client, "method": method, "count": count, **more}
        return self.run(self.bus.bridge.call("ts::stream", told, timeout=60.0))

    def seen(self) -> Any:
        return self.run(self.bus.bridge.call("ts::seen", {}))

    async def items(self, count: int) -> AsyncIterator[Any]:
        for number in range(count):
            yield self.stubs.Item(number=number, body="x")

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(30):
            while not await asyncio.to_thread(true):  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def streams(project: Path, stubs: ModuleType) -> Iterator[Streams]:
    sys.path.insert(0, str(project))
    tape = importlib.import_module("stubs.tape.v1")
    sys.path.remove(str(project))
    reel = Reel(tape)
    with bus_with(lab_worker(project)) as bus:
        bus.run(bus.bridge.serve(reel.service))
        yield Streams(bus, tape, reel)


COUNT = 300


def test_python_streams_with_typescript(streams: Streams) -> None:
    async def main() -> None:
        client, stubs = streams.client, streams.stubs
        played = [item.number async for item in client.play(stubs.Order(count=COUNT))]
        assert played == list(range(COUNT))
        total = await client.record(streams.items(COUNT))
        assert (total.sum, total.count) == (sum(range(COUNT)), COUNT)
        doubled = [item.number async for item in client.double(streams.items(COUNT))]
        assert doubled == [2 * number for number in range(COUNT)]
        assert [item async for item in client.double(streams.items(0))] == []
        assert (await client.record(streams.items(0))).count == 0

    streams.run(main())


@pytest.mark.parametrize("client", ["reel", "tape"])
def test_typescript_streams_with_both(streams: Streams, client: str) -> None:
    numbers = [str(number) for number in range(COUNT)]
    assert streams.typescript(client, "play", COUNT) == {"numbers": numbers}
    assert streams.typescript(client, "record", COUNT) == {"sum": str(sum(range(COUNT))), "count": COUNT}
    assert streams.typescript(client, "double", COUNT) == {"numbers": [str(2 * number) for number in range(COUNT)]}
    assert streams.typescript(client, "double", -1) == {"numbers": []}
    assert streams.typescript(client, "record", 1) == {"sum": "0", "count": 1}


def test_large_items_arrive_whole(streams: Streams) -> None:
    async def main() -> list[int]:
        order = streams.stubs.Order(count=5, size=300_000)
        return [len(item.body) async for item in streams.client.play(order)]

    assert streams.run(main()) == [300_000] * 5
    assert len(streams.typescript("reel", "play", 5, order={"size": 300_000})["numbers"]) == 5


def test_what_came_before_an_error_is_delivered(streams: Streams) -> None:
    async def main() -> tuple[list[int], Exception]:
        came: list[int] = []
        with pytest.raises(StatusError) as caught:
            async for item in streams.client.play(streams.stubs.Order(count=9, fail_after=3)):
                came.append(item.number)  # noqa: PERF401 - what came before the error
        return came, caught.value

    came, error = streams.run(main())
    assert came == [0, 1, 2]
    assert isinstance(error, StatusError)
    assert (error.status, error.message) == (StatusCode.ABORTED, "the tape is torn")
    for client in ("reel", "tape"):
        told = streams.typescript(client, "play", 9, order={"failAfter": 3})
        assert told["numbers"] == ["0", "1", "2"]
        assert told["error"] == {"name": "StatusError", "message": "the tape is torn", "code": "ABORTED"}


def test_an_item_that_does_not_fit_is_named(streams: Streams) -> None:
    async def main() -> ContractError:
        with pytest.raises(ContractError) as caught:
            async for _ in streams.client.play(streams.stubs.Order(count=9, wrong_after=2)):
                pass
        return caught.value

    error = streams.run(main())
    assert (error.function_id, error.side, error.path) == ("tape::play", Side.RESPONSE, "$[2].number")
    for client in ("reel", "tape"):
        told = streams.typescript(client, "record", 9, how="wrong")
        assert told["contract"] == [f"{client}::record", "request", "$[2].number"]
        thrown = streams.typescript(client, "double", 9, how="throw")
        assert thrown["error"]["message"] == "nothing left"
    with pytest.raises(ContractError) as missing:
        streams.run(streams.bus.bridge.call("tape::play", {"count": 1}))
    assert missing.value.path == '$["iii-bridge"].responses'


def test_whoever_leaves_early_ends_the_other_side(streams: Streams) -> None:
    async def main() -> None:
        before = await streams.bus.bridge.call("ts::seen", {})
        async with streams.client.play(streams.stubs.Order()) as played:
            async for item in played:
                if item.number == 2:
                    break
        async with asyncio.timeout(30):
            while (await streams.bus.bridge.call("ts::seen", {}))["ended"] == before["ended"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    streams.run(main())
    ended = streams.reel.ended.count("play")
    assert streams.typescript("reel", "play", 0, how="break") == {"numbers": ["0", "1", "2"]}
    asyncio.run(streams.until(lambda: streams.reel.ended.count("play") > ended))


def test_a_call_is_cancelled_by_its_signal(streams: Streams) -> None:
    recorded = streams.reel.ended.count("record")
    for client in ("reel", "tape"):
        told = streams.typescript(client, "record", 0, how="abort")
        assert told["error"]["message"] == "enough"
    asyncio.run(streams.until(lambda: streams.reel.ended.count("record") > recorded))
    asyncio.run(streams.until(lambda: "items" in streams.seen()["ended"]))
    late = streams.typescript("reel", "record", 0, timeoutMs=300)
    assert late["error"]["code"] == "TIMEOUT"


def test_a_stream_that_is_cut_short_is_not_taken_for_whole(streams: Streams) -> None:
    """Its writer goes away without having said how many there were, or has said more."""

    async def main() -> list[str]:
        bridge = streams.bus.bridge
        said: list[str] = []
        for words in ([], [b'["end",3]']):
            write, read = await bridge.create_channel()
            refs = {"iii-bridge": {"requests": msgspec.to_builtins(read)}}
            call = asyncio.create_task(bridge.call("tape::record", refs))
            async with bridge.write_channel(write) as out:
                for item in (b'{"number":"1","body":""}', *words):  # binary items, as some SDKs write them
                    await out.write(item)
            with pytest.raises(StatusError) as caught:
                await call
            assert caught.value.status is StatusCode.DATA_LOSS
            said.append(caught.value.message)
        return said

    assert streams.run(main()) == [
        "tape::record stream was cut short: 1 items arrived, and no end",
        "tape::record stream was cut short: 1 of 3 items arrived",
    ]


MOST = 10_000  # of 20 kB: sockets on the way hold several megabytes each, and some 900 are usual


def test_nobody_produces_more_than_fits_between(streams: Streams) -> None:
    """Either side reads one item of an endless stream of large ones and stops; the other one has to wait."""
    order = {"size": 20_000}

    async def settled(produced: Callable[[], Any]) -> int:
        async with asyncio.timeout(60):
            last = -1
            while (now := await asyncio.to_thread(produced)) != last or not now:
                last = now
                await asyncio.sleep(0.5)
        return int(now)

    async def read_slowly() -> int:
        before = (await streams.bus.bridge.call("ts::seen", {}))["produced"]
        async with streams.client.play(streams.stubs.Order(size=20_000)) as played:
            async for _ in played:
                break
            async with asyncio.timeout(60):
                last = -1
                while True:
                    now = (await streams.bus.bridge.call("ts::seen", {}))["produced"] - before
                    if now == last:
                        return int(now)
                    last = now
                    await asyncio.sleep(0.5)

    assert streams.run(read_slowly()) < MOST
    streams.reel.produced = 0
    reading = asyncio.run_coroutine_threadsafe(
        streams.bus.bridge.call(
            "ts::stream",
            {"client": "reel", "method": "play", "count": 3000, "order": order, "how": "slow"},
            timeout=100.0,
        ),
        streams.bus.loop,
    )
    assert asyncio.run(settled(lambda: streams.reel.produced)) < MOST
    streams.run(streams.bus.bridge.call("ts::go", {}))
    assert len(reading.result(90)["numbers"]) == 3000
