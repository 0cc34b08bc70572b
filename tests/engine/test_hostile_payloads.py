"""Valid frames with absurd contents for every function and trigger type of the engine; absurd answers of handlers."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import Counter

import httpx
import pytest

from iii_bridge.engine import Engine
from tests.engine.support import WAIT, BareWorker, asynchronous

DEEP = "[" * 400 + "]" * 400
VALUES = [
    "null", "true", "0", "-1", "1.0", "1e400", "-1e400", "1" * 30, "-9223372036854775809", "18446744073709551616",
    '""', '" "', '"x"', '"\\u0000"', '"a::b"', '"default"', '"http"', '"é"', "[]", "{}", "[1]", "[[]]", '["a","b"]',
    '{"a":1}', DEEP, f'{{"a":{DEEP}}}', '"' + "y" * 5000 + '"', '{"type":"set","path":"a","value":1}',
]  # fmt: skip
OPS = [
    '{"type":"set","path":%s,"value":%s}', '{"type":"merge","path":%s,"value":%s}',
    '{"type":"append","path":%s,"value":%s}', '{"type":"increment","path":%s,"by":%s}',
    '{"type":"remove","path":%s,"more":%s}', '{"type":%s,"path":%s}',
]  # fmt: skip
USUAL = {
    "scope": '"s"', "key": '"k"', "topic": '"t"', "queue": '"q"', "stream_name": '"s"', "group_id": '"g"',
    "type": '"x"', "item_id": '"i"', "id": '"t1"', "function_id": '"a::b"', "trigger_type": '"state"', "name": '"w"',
    "message": '"m"', "messageReceiptId": '"r"', "value": "1", "data": "1",
}  # fmt: skip
ODD = (
    "message_id", "offset", "limit", "search", "prefix", "worker", "workers", "include_internal", "function_ids",
    "namespace", "config", "metadata", "buffer_size", "trace_id", "trigger_namespace", "runtime", "status",
    "traceparent", "baggage",
)  # fmt: skip
KINDS = (
    "http", "cron", "state", "stream", "stream:join", "subscribe", "durable:subscriber", "log",
    "engine::workers-available",
)  # fmt: skip
EXPRESSIONS = [*VALUES, '"* * * * * *"', '"*/0 * * * * *"', '"9999999999999999 * * * * *"', '"0-9999999999 * * * * *"']


class Junk:
    """Makes inputs that are nearly right, and some that are not at all."""

    def __init__(self, seed: int) -> None:
        self.choice = random.Random(seed)

    def value(self) -> str:
        return self.choice.choice(VALUES)

    def input(self) -> str:
        if self.choice.random() < 0.1:
            return self.value()
        members = {name: text for name, text in USUAL.items() if self.choice.random() < 0.9}
        for name in members:
            if self.choice.random() < 0.2:
                members[name] = self.value()
        members |= {name: self.value() for name in self.choice.sample(ODD, 2)}
        ops = (self.choice.choice(OPS) % (self.value(), self.value()) for _ in range(self.choice.randint(0, 3)))
        members["ops"] = f"[{','.join(ops)}]"
        listed = ",".join(f'"{name}":{text}' for name, text in members.items())
        return f"{{{listed}}}"

    def trigger(self) -> str:
        config = self.choice.choice(
            [
                self.input(),
                f'{{"api_path":{self.value()},"http_method":{self.value()}}}',
                f'{{"expression":{self.choice.choice(EXPRESSIONS)}}}',
            ]
        )
        kind, number = self.choice.choice(KINDS), self.choice.randint(0, 20)
        head = f'"type":"registertrigger","id":"r{number}","trigger_type":"{kind}","function_id":"a::b"'
        return f'{{{head},"config":{config},"metadata":{self.value()}}}'


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as an error, but for the words of workers themselves."""
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.getMessage() for record in errors if record.name != "iii_bridge.engine.worker"]


@pytest.mark.parametrize("seed", [1])
@asynchronous
async def test_every_function_and_trigger_type(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    junk, codes, waiting = Junk(seed), Counter[str](), 0
    async with Engine() as engine:
        worker = await BareWorker.join(engine, "w")
        await worker.function("a::b")
        rows = (await worker.call("engine::functions::list", {"include_internal": True}))["result"]["functions"]
        known = [row["function_id"] for row in rows if row["function_id"] not in ("a::b", "engine::workers::register")]
        for number in range(1500):
            head = f'"type":"invokefunction","invocation_id":"{number:08x}-0000-4000-8000-000000000000"'
            function_id = junk.choice.choice(known)
            await worker.socket.send(f'{{{head},"function_id":"{function_id}","data":{junk.input()}}}')
            waiting += 1
            if junk.choice.random() < 0.2:
                await worker.socket.send(junk.trigger())
            while waiting > 50 or (number == 1499 and waiting):
                frame = json.loads(await asyncio.wait_for(worker.socket.recv(), WAIT))
                if frame["type"] == "invocationresult":
                    waiting -= 1
                    codes[frame.get("error", {"code": "ok"})["code"]] += 1
                elif frame["type"] == "invokefunction":
                    answer = junk.choice.choice([None, False, {"unauthorized": True}])
                    await worker.send(
                        type="invocationresult", invocation_id=frame["invocation_id"], function_id="a::b", result=answer
                    )
        worker.socket.transport.abort()  # it has not read all that it was asked
        await worker.socket.wait_closed()
    assert faults(caplog) == []
    assert (codes["invocation_error"], codes["serialization_error"]) == (0, 0)
    assert codes["ok"] > 400


@pytest.mark.parametrize("seed", [1])
@asynchronous
async def test_every_answer_of_a_handler(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    junk, statuses = Junk(seed), Counter[int]()
    content_types = ['"text/plain"', '"application/json"', '"a\\r\\nb: c"', '"\\u00e9"']
    names = ['"x"', '"content-length"', '"a b"', '""', '"transfer-encoding"', '"\\u0000"']

    def answer() -> str:
        if junk.choice.random() < 0.2:
            return junk.value()
        status = junk.choice.choice([*VALUES, "204", "304", "201", "199", "600"])
        pairs = f'{{{junk.choice.choice(names)}:{junk.value()},"content-type":{junk.choice.choice(content_types)}}}'
        headers = junk.choice.choice([pairs, junk.value(), '["a: b","c","set-cookie: 1","set-cookie: 2",7,": x"]'])
        return f'{{"status_code":{status},"headers":{headers},"body":{junk.value()}}}'

    async with Engine() as engine:
        worker = await BareWorker.join(engine, "w")
        await worker.function("a::b")
        await worker.trigger("t", "http", "a::b", {"api_path": "/x/:y", "http_method": "POST"})
        async with httpx.AsyncClient(base_url=engine.http_url, trust_env=False) as client:
            for _ in range(300):
                body, kind = junk.value(), junk.choice.choice(["application/json", "text/plain", "application/json; x"])
                asked = asyncio.create_task(
                    client.post(
                        f"/x/{junk.choice.choice(['%00', '%ff', 'a%2Fb'])}",
                        content=body,
                        headers={"content-type": kind},
                    )
                )
                call = await worker.receive("invokefunction")
                result = answer()
                if result == "null":
                    result = "{}"  # nothing would wait for the response channel
                head = f'"type":"invocationresult","function_id":"a::b","invocation_id":"{call["invocation_id"]}"'
                await worker.socket.send(f'{{{head},"result":{result}}}')
                statuses[(await asked).status_code] += 1
        await worker.close()
    assert faults(caplog) == []
    assert statuses[200] > 50
    assert set(statuses) <= {200, 201, 204, 304, 500}
