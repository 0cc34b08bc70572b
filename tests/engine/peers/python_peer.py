"""A worker on the official Python SDK, told what to do line by line; `peers.py` says in which words."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import warnings
from typing import Any

import iii
from iii.channel import ChannelReader, ChannelWriter
from iii.helpers import create_channel
from iii.trigger import TriggerHandler
from iii_helpers.http import HttpInvocationConfig
from python_streams import Streams

warnings.simplefilter("ignore")  # how 0.25 binds triggers is deprecated, and is what is tried here
_lock = threading.Lock()


def say(**words: Any) -> None:
    with _lock:
        print(json.dumps(words), flush=True)


class Provider(TriggerHandler[Any]):
    """A trigger type whose bindings are told; a config with `refuse` is refused."""

    async def register_trigger(self, config: Any) -> None:
        say(bound=config.id, function_id=config.function_id, config=config.config)
        if config.config.get("refuse"):
            raise ValueError("no such hook")

    async def unregister_trigger(self, config: Any) -> None:
        say(unbound=config.id)


class Told(Exception):
    """A status: the last line of its traceback, which begins with the name of the class unless there is none."""

    def __init__(self, line: str) -> None:
        super().__init__(f"no\n{line}")


async def stream(data: Any) -> None:
    """Answers an http request over its channels: the whole body, twice."""
    reader: ChannelReader = data["request_body"]
    writer: ChannelWriter = data["response"]
    body = await reader.read_all()
    await writer.send_message_async(json.dumps({"type": "set_status", "status_code": 202}))
    await writer.send_message_async(json.dumps({"type": "set_headers", "headers": {"x-streamed": "yes"}}))
    for _ in range(2):
        await writer.write(body)
    await writer.close_async()


class Peer:
    def __init__(self, url: str, name: str) -> None:
        options = iii.InitOptions(worker_name=name, otel={"enabled": False}, enable_metrics_reporting=False)
        self.worker = iii.register_worker(url, options)
        self.triggers: dict[str, Any] = {}
        self.url = url
        self.functions: dict[str, Any] = {}

    def function(self, function_id: str, answer: str, result: Any = None) -> None:
        left = [2] if answer == "fail twice" else [10**9] if answer == "fail" else [0]

        def handle(data: Any, metadata: Any = None) -> Any:
            if isinstance(data, dict):
                for name in ("request_body", "response"):  # the SDK made objects of the references
                    data.pop(name, None)
            say(called=function_id, data=data, metadata=metadata)
            if answer == "status":
                raise Told(result)
            if left[0] > 0:
                left[0] -= 1
                raise ValueError("boom")
            return data if answer == "echo" else result

        handler = stream if answer == "stream" else handle
        self.functions[function_id] = self.worker.register_function(function_id, handler)

    def endpoint(self, function_id: str, url: str) -> None:
        self.functions[function_id] = self.worker.register_function(function_id, HttpInvocationConfig(url=url))

    def unfunction(self, function_id: str) -> None:
        self.functions.pop(function_id).unregister()

    def trigger(self, name: str, kind: str, function_id: str, config: Any, metadata: Any = None) -> None:
        asked = {"type": kind, "function_id": function_id, "config": config}
        more = {} if metadata is None else {"metadata": metadata}
        self.triggers[name] = self.worker.register_trigger({**asked, **more})

    def untrigger(self, name: str) -> None:
        self.triggers.pop(name).unregister()

    def type(self, kind: str) -> None:
        self.worker.register_trigger_type({"id": kind, "description": "tried"}, Provider())

    def streams(self) -> None:
        Streams(self.worker, self.url)

    def untype(self, kind: str) -> None:
        self.worker.unregister_trigger_type({"id": kind, "description": "tried"})

    def call(self, function_id: str, payload: Any, queue: str | None = None, void: bool = False, **more: Any) -> None:
        request: dict[str, Any] = {"function_id": function_id, "payload": payload, **more}
        if queue is not None:
            request["action"] = iii.TriggerAction.Enqueue(queue=queue)
        if void:
            request["action"] = iii.TriggerAction.Void()
        try:
            say(answer=self.worker.trigger(request))
        except iii.InvocationError as error:
            say(error={"code": error.code, "message": error.message})

    def channel(self, text: str, size: int) -> None:
        """Writes a text and some bytes into one end, and says what came out of the other."""
        channel = create_channel(self.worker)
        texts: list[str] = []
        channel.reader.on_message(texts.append)

        async def through() -> int:
            await channel.writer.send_message_async(text)
            await channel.writer.write(b"x" * size)
            await channel.writer.close_async()
            return len(await channel.reader.read_all())

        read = asyncio.run_coroutine_threadsafe(through(), self.worker._loop).result(20)
        say(answer={"bytes": read, "texts": texts})


def main() -> None:
    peer = Peer(sys.argv[1], sys.argv[2])
    say(ready=True)
    for line in sys.stdin:
        words = json.loads(line)
        verb = words.pop("do")
        if verb == "end":
            break
        getattr(peer, verb)(**words)
        if verb not in ("call", "channel"):
            say(done=verb)
    peer.worker.shutdown()


if __name__ == "__main__":
    main()
