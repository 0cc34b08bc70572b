"""Streaming methods served to a caller written by hand: JSON, sockets and the convention, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from iii_bridge import Bridge, LocalProtocolError, StreamTruncatedError
from iii_bridge.bridge.stream_handlers import any_body
from iii_bridge.status import parse_status_line
from tests.bridge.contracts import shop
from tests.bridge.streams import Watch, WatchSync, until
from tests.bridge.support import bench, run_really
from tests.engine.support import BareWorker


class Peer:
    """A caller's sockets."""

    def __init__(self, worker: BareWorker, url: str) -> None:
        self.worker = worker
        self.url = url

    async def channel(self, direction: str) -> tuple[dict[str, Any], ClientConnection]:
        """The reference for the callee, and our own end."""
        refs = (await self.worker.call("engine::channels::create", {}))["result"]
        ours, theirs = ("reader", "writer") if direction == "read" else ("writer", "reader")
        return refs[theirs], await self.open(refs[ours])

    async def open(self, ref: dict[str, Any]) -> ClientConnection:
        query = f"key={ref['access_key']}&dir={ref['direction']}"
        return await connect(f"{self.url}/ws/channels/{ref['channel_id']}?{query}", ping_interval=None)

    async def answer(self) -> Any:
        return await self.worker.receive("invocationresult")


@asynccontextmanager
async def served(service: Any) -> AsyncIterator[tuple[Peer, Bridge]]:
    async with bench() as b:
        worker = await b.bridge("orders")
        await worker.serve(service)
        bare = await BareWorker.join(b.engine, "bare")
        yield Peer(bare, b.engine.url), worker
        await bare.close()


async def items(end: ClientConnection) -> list[Any]:
    with contextlib.suppress(ConnectionClosed):
        return [json.loads(item) async for item in end if item]
    return []


@pytest.mark.parametrize("service", [Watch, WatchSync])
def test_the_convention_is_all_a_caller_needs(service: Any) -> None:
    async def main() -> None:
        async with served(service()) as (peer, _):
            ref, responses = await peer.channel("read")
            await peer.worker.start("watch::watch", {"orderId": "o", "limit": 2, "iii-bridge": {"responses": ref}})
            seen = await items(responses)
            assert [item["total"] for item in seen[:-1]] == ["0", "1"], "64-bit integers are strings"
            assert seen[-1] == ["end", 2]
            assert (await peer.answer())["result"] == {"items": 2}

            ref, requests = await peer.channel("write")
            await peer.worker.start("watch::upload", {"iii-bridge": {"requests": ref}})
            for item in ('{"sku":"a","quantity":"3"}', "", ' {"sku":"b"}', b'{"sku":"c","quantity":4}', '["end",3]'):
                await requests.send(item)
            await requests.close()
            assert (await peer.answer())["result"]["total"] == "7"

            asking, requests = await peer.channel("write")
            telling, responses = await peer.channel("read")
            refs = {"requests": asking, "responses": telling}
            await peer.worker.start("watch::chat", {"iii-bridge": refs})
            await requests.send('{"sku":"a","quantity":"3"}')
            assert json.loads(await responses.recv())["total"] == "6", "before the requests have ended"
            await requests.send('["end",1]')
            assert await items(responses) == [["end", 1]]
            assert (await peer.answer())["result"] == {"items": 1}

    run_really(main())


@pytest.mark.parametrize(
    ("sent", "code", "path", "message"),
    [
        (['{"sku":"a"}'], "DATA_LOSS", None, "cut short: 1 items arrived, and no end"),
        (['{"sku":"a"}', '["end",2]'], "DATA_LOSS", None, "cut short: 1 of 2 items arrived"),
        (['{"sku":"a"}', '["end",0]'], "contract_violation", "$.items", "1 items arrived, 0 were counted"),
        (['{"sku":"a"}', '{"sku":7}', '["end",2]'], "contract_violation", "$[1].sku", "expected a string"),
        (['{"sku":"a"}', '"b"', '["end",2]'], "contract_violation", "$[1]", "neither a message"),
        (['{"sku":"a"}', "{", '["end",2]'], "contract_violation", "$[1]", ""),
        (["{}", '["end",1]'], "contract_violation", "$[0].sku", "required"),
    ],
)
def test_requests_that_are_short_or_wrong_end_the_call(
    sent: list[str], code: str, path: str | None, message: str
) -> None:
    async def main() -> None:
        async with served(Watch()) as (peer, _):
            ref, requests = await peer.channel("write")
            await peer.worker.start("watch::upload", {"iii-bridge": {"requests": ref}})
            for item in sent:
                await requests.send(item)
            await requests.close()
            error = (await peer.answer())["error"]
            assert error["code"] == code
            assert message in error["message"]
            if path is not None:
                line = parse_status_line(error["stacktrace"])
                assert line is not None
                assert (line[2][0]["path"], line[2][0]["side"]) == (path, "request")

    run_really(main())


def test_a_violation_stands_whatever_the_handler_makes_of_it() -> None:
    class Careless(Watch):
        async def upload(self, requests: AsyncIterator[Any], context: Any, /) -> Any:
            with contextlib.suppress(Exception):
                async for _ in requests:
                    pass
            assert [request async for request in requests] == [], "it is over"
            return shop.Receipt(order_id="fine")

    class Partial(Watch):
        async def upload(self, requests: AsyncIterator[Any], context: Any, /) -> Any:
            count = 0
            try:
                async for _ in requests:
                    count += 1
            except StreamTruncatedError as cut:
                return shop.Receipt(order_id=str(cut.expected), total=cut.received + count)
            return shop.Receipt(order_id="whole")

    async def upload(service: Any, *sent: str) -> Any:
        async with served(service) as (peer, _):
            ref, requests = await peer.channel("write")
            await peer.worker.start("watch::upload", {"iii-bridge": {"requests": ref}})
            for item in sent:
                await requests.send(item)
            await requests.close()
            return await peer.answer()

    async def main() -> None:
        answer = await upload(Careless(), '{"sku":7}', '["end",1]')
        assert answer["error"]["code"] == "contract_violation"
        answer = await upload(Partial(), '{"sku":"a"}')
        assert answer["result"]["orderId"] == "None", "a handler may make do with what came"
        assert answer["result"]["total"] == "2"

    run_really(main())


@pytest.mark.parametrize("method", ["upload", "chat"])
@pytest.mark.parametrize("ended", [False, True])
def test_a_cancellation_stops_the_handler_at_once(method: str, ended: bool) -> None:
    class Slow(Watch):
        async def upload(self, requests: AsyncIterator[Any], context: Any, /) -> Any:
            try:
                async for _ in requests:
                    self.yielded += 1
                await asyncio.Event().wait()
            finally:
                self.closed.set()

        async def chat(self, requests: AsyncIterator[Any], context: Any, /) -> AsyncIterator[Any]:
            await self.upload(requests, context)
            yield shop.Receipt()

    async def main() -> None:
        service = Slow()
        async with served(service) as (peer, worker):
            ref, requests = await peer.channel("write")
            refs, other = {"requests": ref}, None
            if method == "chat":
                refs["responses"], other = await peer.channel("read")
            await peer.worker.start(f"watch::{method}", {"iii-bridge": refs})
            await requests.send('{"sku":"a"}')
            await until(lambda: service.yielded == 1)
            if ended:
                await requests.send('["end",1]')
            await requests.send('["cancel"]')
            await asyncio.wait_for(service.closed.wait(), 20)
            assert "CANCELLED" in (await peer.answer())["error"]["code"]
            await until(lambda: not worker._dispatcher.running and not len(worker._streams.lingering))
            if other is not None:
                await other.close()

    run_really(main())


def test_a_call_without_references_is_told_what_is_missing() -> None:
    async def main() -> None:
        async with served(Watch()) as (peer, _):
            for method, payload, path in (
                ("watch", {"orderId": "o"}, '$["iii-bridge"].responses'),
                ("upload", {"sku": "s"}, '$["iii-bridge"].requests'),
                ("chat", {"iii-bridge": {}}, '$["iii-bridge"].requests'),
                ("watch", None, "$"),
            ):
                error = (await peer.worker.call(f"watch::{method}", payload))["error"]
                assert error["code"] == "contract_violation"
                assert error["message"].endswith(path)

    run_really(main())


def test_an_end_that_cannot_be_opened_counts_as_a_caller_that_left() -> None:
    async def main() -> None:
        service = Watch()
        async with served(service) as (peer, _):
            nothing = {"channel_id": "c", "access_key": "k", "direction": "write"}
            error = (await peer.worker.call("watch::watch", {"iii-bridge": {"responses": nothing}}))["error"]
            assert error["code"] == "CANCELLED"
            taken, responses = await peer.channel("read")
            thief = await peer.open(taken)
            error = (await peer.worker.call("watch::watch", {"limit": 9, "iii-bridge": {"responses": taken}}))["error"]
            assert error["code"] == "CANCELLED"
            await thief.close()
            await responses.close()
            assert service.contexts == [] or service.closed.is_set()

    run_really(main())


def test_methods_written_in_the_wrong_way_are_named() -> None:
    async def coroutine(request: Any, context: Any, /) -> Any:
        return None

    async def generator(request: Any, context: Any, /) -> AsyncIterator[Any]:
        yield None

    watch = shop.WatchClient.watch.method
    upload = shop.WatchClient.upload.method
    with pytest.raises(LocalProtocolError, match=r"coroutine returns no stream; write `async def` with `yield`"):
        any_body(coroutine, None, watch)
    for method in (watch, upload):
        with pytest.raises(LocalProtocolError, match=r"generator is asynchronous in a blocking service"):
            any_body(generator, object(), method)  # type: ignore[arg-type]


def test_a_handler_that_returns_no_stream_fails_its_own_call() -> None:
    class Wrong(Watch):
        def watch(self, request: Any, context: Any, /) -> Any:
            return [shop.Receipt(order_id="o")]

    async def main() -> None:
        async with served(Wrong()) as (peer, _):
            ref, responses = await peer.channel("read")
            await peer.worker.start("watch::watch", {"iii-bridge": {"responses": ref}})
            assert "does not return a stream" in (await peer.answer())["error"]["message"]
            assert await items(responses) == [["end", 0]]

    run_really(main())
