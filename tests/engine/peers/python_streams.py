"""A worker on the official Python SDK as either end of streams, by docs/reference/streams.md alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from iii.channel import ChannelReader, ChannelWriter, StreamChannelRef

__all__ = ["Streams"]


async def messages(reader: Any) -> AsyncIterator[Any]:
    """Text arrives by callback while somebody iterates over the bytes."""
    arrived: asyncio.Queue[Any] = asyncio.Queue()
    reader.on_message(lambda text: arrived.put_nowait(json.loads(text)) if text.strip() else None)

    async def read() -> None:
        async for _ in reader:
            pass
        arrived.put_nowait(None)

    reading = asyncio.ensure_future(read())
    count = 0
    while isinstance(item := await arrived.get(), dict):
        count += 1
        yield item
    reading.cancel()
    if item != ["end", count]:
        raise RuntimeError(f"the stream was cut short after {count} items")


async def send(writer: Any, message: Any) -> None:
    await writer.send_message_async(json.dumps(message))


class Streams:
    """`theirs::drive` calls the functions watch::*; `theirs::serve` registers its own under these ids."""

    def __init__(self, worker: Any, url: str) -> None:
        self.worker = worker
        self.url = url
        worker.register_function("theirs::drive", self.drive)
        worker.register_function("theirs::serve", self.serve)

    def serve(self, data: Any) -> Any:
        self.worker.register_function("watch::watch", self.watch)
        self.worker.register_function("watch::upload", self.upload)
        self.worker.register_function("watch::chat", self.chat)
        return {}

    async def watch(self, data: dict[str, Any], metadata: Any = None) -> Any:
        responses = data["iii-bridge"]["responses"]
        for number in range(data["limit"]):
            await send(responses, {"orderId": data["orderId"], "total": str(number)})
        if data["orderId"] == "fail":
            raise ValueError("enough")
        if data["orderId"] == "wrong":
            await send(responses, {"orderId": 7})
        await responses.close_async()
        return {"items": data["limit"] + (data["orderId"] in ("short", "wrong"))}

    async def upload(self, data: dict[str, Any], metadata: Any = None) -> Any:
        total = 0
        async for request in messages(data["iii-bridge"]["requests"]):
            total += int(request["quantity"])
        return {"orderId": "all", "total": str(total)}

    async def chat(self, data: dict[str, Any], metadata: Any = None) -> Any:
        responses = data["iii-bridge"]["responses"]
        count = 0
        async for request in messages(data["iii-bridge"]["requests"]):
            await send(responses, {"orderId": request["sku"], "total": str(2 * int(request["quantity"]))})
            count += 1
        await responses.close_async()
        return {"items": count}

    async def drive(self, data: Any, metadata: Any = None) -> Any:
        reference, seen = await self.reading()
        payload = {"orderId": "p", "limit": 100, "iii-bridge": {"responses": reference}}
        result = await self.call("watch::watch", payload)
        watch = {"result": result, "totals": [item["total"] for item in await seen]}

        reference, writer = await self.writing()
        answer = asyncio.ensure_future(self.call("watch::upload", {"iii-bridge": {"requests": reference}}))
        await self.hundred(writer)
        upload = await answer
        await writer.close_async()

        asking, writer = await self.writing()
        telling, seen = await self.reading()
        payload = {"iii-bridge": {"requests": asking, "responses": telling}}
        answer = asyncio.ensure_future(self.call("watch::chat", payload))
        await self.hundred(writer)
        chat = {"result": await answer, "totals": [item["total"] for item in await seen]}
        await writer.close_async()
        return {"watch": watch, "upload": upload, "chat": chat}

    async def call(self, function_id: str, payload: Any) -> Any:
        return await self.worker.trigger_async({"function_id": function_id, "payload": payload})

    async def reading(self) -> tuple[Any, asyncio.Future[list[Any]]]:
        """The callee's reference, and what will have arrived at our end."""
        made = await self.call("engine::channels::create", {})
        reader = ChannelReader(self.url, StreamChannelRef(**made["reader"]))

        async def collect() -> list[Any]:
            return [item async for item in messages(reader)]

        return made["writer"], asyncio.ensure_future(collect())

    async def writing(self) -> tuple[Any, Any]:
        made = await self.call("engine::channels::create", {})
        return made["reader"], ChannelWriter(self.url, StreamChannelRef(**made["writer"]))

    async def hundred(self, writer: Any) -> None:
        for number in range(100):
            await send(writer, {"sku": f"s{number}", "quantity": str(number)})
        await send(writer, ["end", 100])
